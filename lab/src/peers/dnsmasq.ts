/** Debian's dnsmasq as the DNS of a test: a zone of its own, asked by nobody else. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createNames, type Names } from '../../../telephony/src/net/dns.js';
import { freePorts } from './ports.js';
import { run, until, type Running } from './process.js';

export interface Dns {
  names: Names;
  /** The server ends; what was asked of it is not answered any more. */
  die(): Promise<void>;
  stop(): Promise<void>;
}

/** @param zone lines of its configuration: `srv-host=_sip._udp.a.test,b.test,5060,1,1`, `host-record=b.test,127.0.0.1` */
export async function startDns(folder: string, zone: readonly string[]): Promise<Dns> {
  const port = await freePorts('control');
  const file = join(folder, 'dnsmasq.conf');
  const basics = [
    'no-resolv',
    'no-hosts',
    'bind-interfaces',
    'listen-address=127.0.0.1',
    `port=${port}`,
    'local=/test/',
  ];
  writeFileSync(file, [...basics, ...zone, ''].join('\n'));
  const server: Running = run('dnsmasq', ['-k', '-C', file, '--pid-file=', '--user=', '--log-facility=-']);
  const names = createNames({
    ...{ servers: [`127.0.0.1:${port}`], transports: ['udp', 'tcp', 'tls'], families: [4, 6] },
    limits: { timeoutMs: 500, tries: 2, recordMs: 1_000, addressMsMin: 100, negativeMs: 200 },
  });
  try {
    await until('dnsmasq', async () => {
      if (server.child.exitCode !== null) throw new Error(`dnsmasq ended: ${server.log()}`);
      const { failed } = await names.find({ host: `ready${Math.random()}.test`, port: 1, transport: 'udp' });
      return failed.length === 0;
    });
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    names,
    die: () => server.stop(),
    async stop() {
      names.close();
      await server.stop();
    },
  };
}
