/** Debian's Kamailio as a stateful proxy (tm, rr) with one worker, on the tested core. GPL-2, a process of its own: a peer. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missing, sleep } from '../../src/peers/process.js';
import { pinned, testedCore } from '../pinned.js';

export interface SignallingPeer {
  name: string;
  port: number;
  /** The process whose tree is measured. */
  pid: number;
  trouble(): string;
  stop(): Promise<void>;
}

export const kamailioMissing = () => missing('kamailio', 'sipp');

const config = (port: number, agentPort: number) => `
debug=1
log_stderror=yes
fork=yes
children=1
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
listen=udp:127.0.0.1:${port}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (has_totag()) {
    if (!loose_route()) { $du = "sip:127.0.0.1:${agentPort}"; }
    t_relay();
    exit;
  }
  if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
  t_check_trans();
  if (is_method("INVITE")) { record_route(); }
  $du = "sip:127.0.0.1:${agentPort}";
  t_relay();
}
`;

export async function startKamailio(port: number, agentPort: number): Promise<SignallingPeer> {
  const folder = mkdtempSync(join(tmpdir(), 'denwaban-bench-'));
  const file = join(folder, 'kamailio.cfg');
  writeFileSync(file, config(port, agentPort));
  // The default of 64 MB shared memory is used up at 500 calls/s.
  const running = pinned(testedCore, 'kamailio', ['-f', file, '-DD', '-m', '1024', '-M', '64', '-Y', folder]);
  await sleep(1_500);
  if (running.child.exitCode !== null) throw new Error(`kamailio ended:\n${running.log()}`);
  return {
    name: 'kamailio',
    port,
    pid: running.pid,
    trouble: running.log,
    async stop() {
      await running.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
