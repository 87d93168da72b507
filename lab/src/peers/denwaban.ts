/** The system under test, started as a newcomer starts it: one command, a fresh folder, ports of its own. Nothing is mocked. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  conversationDetail,
  conversationList,
  demoInfo,
  type ConversationDetail,
  type ConversationSummary,
  type DemoInfo,
  type Health,
} from '@denwaban/core/wire';
import { freePorts } from './ports.js';
import { run, sleep, until, type Running } from './process.js';

export type Role = 'media' | 'control' | 'postgres';

/** Another built checkout can be put to the same proofs: an older commit, or one with a bug planted. */
const checkout = process.env['DENWABAN_LAB_CHECKOUT'] ?? fileURLToPath(new URL('../../..', import.meta.url));

export class Denwaban {
  readonly folder: string;
  readonly httpPort: number;
  readonly sipPort: number;
  readonly origin: string;
  readonly mediaProcesses: number;
  demo!: DemoInfo;
  #process!: Running;
  /** Settings beyond those of every run; what is changed here counts from the next start on. */
  settings: Record<string, string> = {};
  #environment: NodeJS.ProcessEnv = {};
  readonly #rtpPorts: string;
  readonly #logs: string[] = [];

  private constructor(folder: string, httpPort: number, sipPort: number, rtp: number, mediaProcesses: number) {
    this.mediaProcesses = mediaProcesses;
    this.folder = folder;
    this.httpPort = httpPort;
    this.sipPort = sipPort;
    this.origin = `http://127.0.0.1:${httpPort}`;
    this.#rtpPorts = `${rtp}-${rtp + 59}`;
  }

  /** Starts it on an empty folder and waits until it is healthy and tells about its demo company. */
  static async start({
    mediaProcesses = 1,
    settings = {},
    trunks = [],
  }: {
    mediaProcesses?: number;
    settings?: Record<string, string>;
    trunks?: readonly object[];
  } = {}): Promise<Denwaban> {
    const folder = mkdtempSync(join(tmpdir(), 'denwaban-lab-'));
    const system = new Denwaban(
      folder,
      await freePorts('http'),
      await freePorts('sip'),
      await freePorts('system-rtp', 60),
      mediaProcesses,
    );
    system.settings = settings;
    if (trunks.length > 0) writeFileSync(join(folder, 'trunks.json'), JSON.stringify(trunks));
    await system.start();
    return system;
  }

  /** Starts it again on the same folder and ports. @returns how long it took until healthy, ms */
  async start(withinMs = 60_000): Promise<number> {
    const begun = Date.now();
    this.#environment = this.#environmentFrom({
      DENWABAN_DATA_DIR: this.folder,
      DENWABAN_HTTP_PORT: String(this.httpPort),
      DENWABAN_SIP_PORT: String(this.sipPort),
      DENWABAN_RTP_PORTS: this.#rtpPorts,
      DENWABAN_MEDIA_PROCESSES: String(this.mediaProcesses),
      DENWABAN_LOG_LEVEL: process.env['DENWABAN_LAB_LOG_LEVEL'] ?? 'info',
      ...this.settings,
    });
    this.#process = run(process.execPath, ['server/dist/main.js'], {
      cwd: checkout,
      env: this.#environment,
    });
    try {
      await this.ready(withinMs);
      this.demo = demoInfo.parse(await (await fetch(`${this.origin}/api/v1/demo`)).json());
    } catch (error) {
      const log = this.log();
      await this.stop();
      throw new Error(`the system did not start:\n${log.slice(-3000)}`, { cause: error });
    }
    return Date.now() - begun;
  }

  #environmentFrom(settings: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    // Neither the settings of whoever runs the tests nor the lab's own are the system's.
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith('DENWABAN_') && name !== 'DATABASE_URL'),
    );
    // Conditions of the test runner must not leak into the system: it runs what was built.
    return { ...inherited, NODE_OPTIONS: '', ...settings };
  }

  /** `npm run restart` without its build. @returns what it printed */
  async restart(): Promise<string> {
    const command = run(process.execPath, ['server/dist/main.js', 'restart'], {
      cwd: checkout,
      env: this.#environment,
    });
    await command.exited;
    return command.log();
  }

  /** First and last. */
  get rtpPorts(): [number, number] {
    const [first = 0, last = 0] = this.#rtpPorts.split('-').map(Number);
    return [first, last];
  }

  async health(): Promise<Health | null> {
    const answer = await fetch(`${this.origin}/api/v1/health`, { signal: AbortSignal.timeout(2000) }).catch(() => null);
    return answer === null ? null : ((await answer.json().catch(() => null)) as Health | null);
  }

  /** Waits until every part of it is well. @throws when the process ends or `withinMs` is over */
  async ready(withinMs = 30_000): Promise<Health> {
    return until(
      'health ok',
      async () => {
        const { exitCode, signalCode } = this.#process.child;
        if (exitCode !== null || signalCode !== null) throw new Error(`it ended with ${exitCode ?? signalCode}`);
        const health = await this.health();
        return health?.status === 'ok' ? health : null;
      },
      { withinMs, everyMs: 50 },
    );
  }

  /** The process of this role in the tree below our child, as the kernel shows it. */
  pidOf(role: Role): number | null {
    return this.tree().find((entry) => entry.role === role)?.pid ?? null;
  }

  tree(): { pid: number; role: Role | 'supervisor' | 'other'; command: string }[] {
    const all = processes();
    const below: typeof all = all.filter((entry) => entry.pid === this.#process.pid);
    for (const found of below) below.push(...all.filter((entry) => entry.parent === found.pid));
    return below.map(({ pid, command, name, parent }) => ({ pid, command, role: roleOf(pid, parent, name, command) }));

    function roleOf(pid: number, parent: number, name: string, command: string) {
      if (pid === below[0]?.pid) return 'supervisor';
      if (name === 'postgres') return below.find((entry) => entry.pid === parent)?.name === name ? 'other' : 'postgres';
      if (/\bmedia\b/.test(command)) return 'media';
      if (/\bcontrol\b/.test(command)) return 'control';
      return 'other';
    }
  }

  /** kill -9 of one part, or what else is asked for. @returns its process id */
  kill(role: Role, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): number {
    const pid = this.pidOf(role);
    if (pid === null) throw new Error(`no ${role} in ${JSON.stringify(this.tree())}`);
    process.kill(pid, signal);
    return pid;
  }

  /** kill -9 of everything at once, as when the power goes. */
  async killAll(): Promise<void> {
    const pids = this.tree().map(({ pid }) => pid);
    for (const pid of pids) tryKill(pid);
    await this.#process.exited;
    this.#logs.push(this.#process.log());
  }

  /** SIGTERM to the supervisor, as Ctrl-C does. @returns processes of the tree that were still there afterwards */
  async stop(graceMs = 15_000): Promise<number[]> {
    const pids = this.tree().map(({ pid }) => pid);
    await this.#process.stop(graceMs);
    this.#logs.push(this.#process.log());
    await sleep(50);
    const left = pids.filter(isAlive);
    for (const pid of left) tryKill(pid);
    return left;
  }

  /** Stops it and takes its folder away. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  log(): string {
    return [...this.#logs, this.#process.log()].join('\n--- started again ---\n');
  }

  /** The last lines at level warn and above and what is no log line, cut short: for the report of a failure. */
  trouble(lines = 30): string {
    const calm = /^\{"level":("info"|"debug"|[123]0),/;
    const left = this.log()
      .split('\n')
      .filter((line) => line.trim() !== '' && !calm.test(line));
    return left
      .slice(-lines)
      .map((line) => line.slice(0, 300))
      .join('\n');
  }

  async signIn(email: string, password = this.demo.password): Promise<Session> {
    const answer = await fetch(`${this.origin}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: this.origin },
      body: JSON.stringify({ email, password }),
    });
    if (!answer.ok) throw new Error(`sign-in of ${email}: ${answer.status} ${await answer.text()}`);
    const cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
    return new Session(this.origin, cookie);
  }

  /** The whole record is seen by an administrator. */
  async admin(): Promise<Session> {
    const admin = this.demo.people.find((person) => person.role === 'admin');
    if (!admin) throw new Error('the demo company has no administrator');
    return this.signIn(admin.email);
  }
}

/** Somebody who is signed in at the API. */
export class Session {
  readonly origin: string;
  readonly cookie: string;
  constructor(origin: string, cookie: string) {
    this.origin = origin;
    this.cookie = cookie;
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = {
      cookie: this.cookie,
      origin: this.origin,
      ...(init.headers as Record<string, string> | undefined),
    };
    return fetch(`${this.origin}/api/v1${path}`, { ...init, headers });
  }

  async get(path: string): Promise<unknown> {
    const answer = await this.fetch(path);
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  async conversations(since = 0): Promise<ConversationSummary[]> {
    return conversationList.parse(await this.get(`/conversations?limit=200&from=${Math.floor(since)}`)).items;
  }

  async conversation(id: string): Promise<ConversationDetail> {
    return conversationDetail.parse(await this.get(`/conversations/${id}`));
  }

  async recording(id: string): Promise<Buffer> {
    const answer = await this.fetch(`/conversations/${id}/recording`);
    if (!answer.ok) throw new Error(`recording of ${id}: ${answer.status} ${await answer.text()}`);
    return Buffer.from(await answer.arrayBuffer());
  }
}

interface ProcessEntry {
  pid: number;
  parent: number;
  name: string;
  command: string;
}

/** Every process that the kernel lists; zombies left out. */
function processes(): ProcessEntry[] {
  const found: ProcessEntry[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      if (state !== 'Z') found.push({ pid: Number(entry), parent: Number(parent), name, command });
    } catch {
      continue; // it ended while we read
    }
  }
  return found;
}

export function isAlive(pid: number): boolean {
  return processes().some((entry) => entry.pid === pid);
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone already
  }
}
