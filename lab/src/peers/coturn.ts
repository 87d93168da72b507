/** A TURN server that nobody here wrote: Debian's coturn, with names that run out (`use-auth-secret`). */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './ports.js';
import { run, sleep, until, type Running } from './process.js';

/** What one user's relaying came to, by coturn's own count. */
export interface Relayed {
  user: string;
  received: number;
  sent: number;
}

export class Coturn {
  readonly port: number;
  readonly secret: string;
  readonly #folder: string;
  readonly #process: Running;

  private constructor(port: number, secret: string, folder: string, process: Running) {
    this.port = port;
    this.secret = secret;
    this.#folder = folder;
    this.#process = process;
  }

  /**
   * @param only the one transport that clients may come by
   * @param lifetimeS what an allocation lives without being refreshed; nonces live half as long. Without it 600
   */
  static async start(options: { port?: number; secret: string; only?: 'tcp'; lifetimeS?: number }): Promise<Coturn> {
    const { lifetimeS } = options;
    const port = options.port ?? (await freePorts('turn'));
    const relay = await freePorts('relay', 20);
    const folder = mkdtempSync(join(tmpdir(), 'denwaban-coturn-'));
    const settings = [
      ['-n', '--no-cli', '--no-tls', '--no-dtls', '--no-multicast-peers', '--verbose', '--relay-threads=1'],
      ['--listening-ip=127.0.0.1', `--listening-port=${port}`, '--relay-ip=127.0.0.1'],
      [`--min-port=${relay}`, `--max-port=${relay + 19}`, '--realm=denwaban.test'],
      ['--fingerprint', '--use-auth-secret', `--static-auth-secret=${options.secret}`],
      // As the guide says to run it; loopback, which is where everything lives here, must be allowed besides.
      ['--denied-peer-ip=0.0.0.0-255.255.255.255', '--denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
      [
        '--allowed-peer-ip=127.0.0.1',
        '--no-tcp-relay',
        '--total-quota=2000',
        '--user-quota=12',
        '--allow-loopback-peers',
      ],
      [`--userdb=${join(folder, 'turndb')}`, `--pidfile=${join(folder, 'pid')}`, '--log-file=stdout'],
      options.only === 'tcp' ? ['--no-udp'] : [],
      lifetimeS === undefined
        ? []
        : [`--max-allocate-lifetime=${lifetimeS}`, `--stale-nonce=${Math.ceil(lifetimeS / 2)}`],
    ];
    const process = run('turnserver', settings.flat(), { cwd: folder });
    await until('coturn listens', () => answers(port), { withinMs: 8_000 }).catch(async (error: unknown) => {
      await process.stop();
      throw new Error(`coturn did not start:\n${process.log().slice(-2000)}`, { cause: error });
    });
    return new Coturn(port, options.secret, folder, process);
  }

  log(): string {
    return this.#process.log();
  }

  /** Whose allocations were refreshed, once for each time. */
  refreshed(): string[] {
    const all = this.log().matchAll(/refreshed, realm=<[^>]*>, username=<([^>]+)>, lifetime=(\d+)/g);
    return [...all].flatMap(([, user = '', lifetime]) => (Number(lifetime) > 0 ? [user] : []));
  }

  /** By user, over the sessions that have ended. Those that stand are not in it. */
  relayed(): Relayed[] {
    const sums = new Map<string, Relayed>();
    for (const [, user = '', received, sent] of this.log().matchAll(
      /usage: realm=<[^>]*>, username=<([^>]+)>, rp=(\d+), rb=\d+, sp=(\d+)/g,
    )) {
      const sum = sums.get(user) ?? { user, received: 0, sent: 0 };
      sum.received += Number(received);
      sum.sent += Number(sent);
      sums.set(user, sum);
    }
    return [...sums.values()];
  }

  async stop(): Promise<void> {
    await this.#process.stop(1_000);
    await sleep(50);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
