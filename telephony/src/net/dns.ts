/**
 * Names to places, by the machine's DNS. What was answered is kept for as long as it may be; when DNS itself fails, what was last
 * known is used on: a carrier has not moved because our resolver is down (RFC 8767).
 */
import { lookup, Resolver } from 'node:dns/promises';
import {
  resolve,
  type Abilities,
  type Answers,
  type Naptr,
  type Place,
  type Question,
  type Srv,
  type Target,
} from '../sip/resolve.js';

export interface NamesOptions extends Abilities {
  /** `address` or `address:port`; the machine's own when missing. */
  servers?: readonly string[];
  now?: () => number;
  random?: () => number;
  limits?: Partial<DnsLimits>;
}

export interface DnsLimits {
  /** One question to one server; each is asked `tries` times. */
  timeoutMs: number;
  tries: number;
  /** Node tells no time to live of SRV and NAPTR. */
  recordMs: number;
  addressMsMin: number;
  addressMsMax: number;
  negativeMs: number;
  /** How long a failure of DNS itself is believed. */
  failureMs: number;
  /** How long past its end an answer is used when DNS fails. */
  staleMs: number;
  entries: number;
}

export const defaultDnsLimits: DnsLimits = {
  timeoutMs: 1_500,
  tries: 2,
  recordMs: 60_000,
  addressMsMin: 5_000,
  addressMsMax: 3_600_000,
  negativeMs: 30_000,
  failureMs: 5_000,
  staleMs: 86_400_000,
  entries: 1_000,
};

export interface Found {
  places: Place[];
  /** What DNS gave no answer to, not even a no: the places may be fewer than there are. */
  failed: Question[];
}

export interface Names {
  /** Never rejects. Figures are found without asking anybody. */
  find(target: Target): Promise<Found>;
  /** Gives up what is being asked. */
  close(): void;
}

interface Entry {
  records: readonly unknown[];
  until: number;
  failed: boolean;
  /** When the records were really answered. */
  answeredAt: number;
}

export function createNames(options: NamesOptions): Names {
  const limits = { ...defaultDnsLimits, ...options.limits };
  const now = options.now ?? (() => performance.now());
  const random = options.random ?? Math.random;
  const resolver = new Resolver({ timeout: limits.timeoutMs, tries: limits.tries });
  if (options.servers !== undefined) resolver.setServers(options.servers);
  const kept = new Map<string, Entry>();
  const asking = new Map<string, Promise<void>>();

  const recordsOf = (key: string): readonly unknown[] | undefined => {
    const entry = kept.get(key);
    return entry !== undefined && entry.until > now() ? entry.records : undefined;
  };
  const answers: Answers = {
    naptr: (name) => recordsOf(`NAPTR ${name}`) as readonly Naptr[] | undefined,
    srv: (name) => recordsOf(`SRV ${name}`) as readonly Srv[] | undefined,
    addresses: (type, name) => recordsOf(`${type} ${name}`) as readonly string[] | undefined,
  };

  /** Many calls in one moment ask once. */
  function ask(question: Question): Promise<void> {
    const key = `${question.type} ${question.name}`;
    const running = asking.get(key);
    if (running !== undefined) return running;
    const asked = query(question).then((answer) => {
      asking.delete(key);
      const before = kept.get(key);
      kept.delete(key);
      if (kept.size >= limits.entries) for (const oldest of [...kept.keys()].slice(0, 100)) kept.delete(oldest);
      const at = now();
      if (answer !== null) {
        kept.set(key, { records: answer.records, until: at + answer.ms, failed: false, answeredAt: at });
        return;
      }
      const usable = before !== undefined && before.records.length > 0 && at - before.answeredAt < limits.staleMs;
      const records = usable ? before.records : [];
      kept.set(key, {
        records,
        until: at + limits.failureMs,
        failed: true,
        answeredAt: usable ? before.answeredAt : at,
      });
    });
    asking.set(key, asked);
    return asked;
  }

  /** Null: DNS failed. An empty list: it said that there is nothing. */
  async function query({ type, name }: Question): Promise<{ records: readonly unknown[]; ms: number } | null> {
    try {
      if (type === 'SRV') return { records: await resolver.resolveSrv(name), ms: limits.recordMs };
      if (type === 'NAPTR') return { records: await resolver.resolveNaptr(name), ms: limits.recordMs };
      const found = await (type === 'A'
        ? resolver.resolve4(name, { ttl: true })
        : resolver.resolve6(name, { ttl: true }));
      const ttlMs = Math.min(...found.map(({ ttl }) => ttl)) * 1_000;
      const ms = Math.min(limits.addressMsMax, Math.max(limits.addressMsMin, ttlMs));
      return { records: found.map(({ address }) => address), ms };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const isNo = ['ENOTFOUND', 'ENODATA', 'ENONAME', 'EBADNAME'].includes(code ?? '');
      // /etc/hosts is no DNS, and yet where many a small house writes its neighbours.
      if (type === 'A' || type === 'AAAA') {
        const records = await fromHostsFile(name, type === 'A' ? 4 : 6);
        if (records.length > 0) return { records, ms: limits.negativeMs };
      }
      return isNo ? { records: [], ms: limits.negativeMs } : null;
    }
  }

  /** The system's look-up asks DNS too and may take its time: it gets as long as one question. */
  async function fromHostsFile(name: string, family: 4 | 6): Promise<string[]> {
    if (options.servers !== undefined) return [];
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string[]>((done) => (timer = setTimeout(() => done([]), limits.timeoutMs)));
    const found = lookup(name, { all: true, family }).then(
      (all) => all.map(({ address }) => address),
      () => [],
    );
    return Promise.race([found, late]).finally(() => clearTimeout(timer));
  }

  return {
    async find(target) {
      const failed: Question[] = [];
      // NAPTR, SRV, addresses: three rounds; a record that ends in between costs one more.
      for (let round = 0; round < 8; round++) {
        const resolution = resolve(target, answers, options, random);
        if (resolution.done) return { places: resolution.places, failed };
        await Promise.all(resolution.ask.map(ask));
        for (const question of resolution.ask) {
          if (kept.get(`${question.type} ${question.name}`)?.failed === true) failed.push(question);
        }
      }
      return { places: [], failed };
    },
    close: () => resolver.cancel(),
  };
}
