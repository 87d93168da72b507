/**
 * Looks at one trunk from outside, step by step, and says what it found. Changes nothing at the carrier: a registrar is asked
 * without an address of ours. The words for people are server/src/trunks/doctor-words.ts.
 */
import { createSocket } from 'node:dgram';
import { offerSdp } from '../sdp/index.js';
import type { Answer, FarServer, OutgoingEnd, SipEndpoint } from '../sip/contract.js';
import type { Credentials } from '../sip/digest/authorizer.js';
import { tryConnection } from './doctor-connection.js';

export interface Patient {
  outbound: {
    server: FarServer;
    credentials: Credentials | null;
    callerId: string | null;
    codecs: readonly ('PCMU' | 'PCMA')[];
  } | null;
  register: { servers: readonly FarServer[]; user: string; domain: string; credentials: Credentials } | null;
  /** The name that it knows us by. */
  contactHost?: string;
}

export type FindingCode =
  | 'inbound-only'
  | 'name-found'
  | 'name-not-found'
  | 'connected'
  | 'connection-refused'
  | 'connection-silent'
  | 'certificate-bad'
  | 'certificate-wanted'
  | 'certificate-refused'
  | 'tls-failed'
  | 'options-answered'
  | 'options-refused'
  | 'options-silent'
  | 'register-ok'
  | 'register-password'
  | 'register-forbidden'
  | 'register-unknown'
  | 'register-silent'
  | 'register-other'
  | 'call-not-possible'
  | 'call-audio'
  | 'call-no-audio'
  | 'call-codec'
  | 'call-password'
  | 'call-forbidden'
  | 'call-unreachable'
  | 'call-not-answered'
  | 'call-other';

export interface Finding {
  code: FindingCode;
  /** good: goes on as it should; bad: to be mended; note: neither. */
  grade: 'good' | 'bad' | 'note';
  /** For the words: names, addresses, statuses. Never a secret. */
  facts: Readonly<Record<string, string | number>>;
}

export interface CallWish {
  number: string;
  /** Where our audio is reached. */
  address: string;
}

const listenMs = 4_000;
const ringMsMax = 30_000;

/** @param told of each finding as it comes: some take seconds */
export async function examine(
  sip: SipEndpoint,
  patient: Patient,
  told: (finding: Finding) => void,
  call: CallWish | null = null,
): Promise<void> {
  const { outbound, register } = patient;
  if (outbound === null && register === null) told({ code: 'inbound-only', grade: 'note', facts: {} });
  const seen = new Set<string>();
  for (const server of [...(outbound === null ? [] : [outbound.server]), ...(register?.servers ?? [])]) {
    const key = `${server.host} ${server.port} ${server.transport}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (!(await examineWay(sip, server, told))) continue;
    const uri = `sip:${bracketed(server.host)}`;
    judgeOptions(
      server,
      await sip.ask({
        server,
        method: 'OPTIONS',
        uri,
        about: null,
        credentials: null,
        contactHost: patient.contactHost ?? null,
      }),
      told,
    );
  }
  if (register !== null) {
    const { user, domain, credentials } = register;
    for (const server of register.servers) {
      const about = `sip:${user}@${bracketed(domain)}`;
      const uri = `sip:${bracketed(domain)}`;
      judgeRegister(server, await sip.ask({ server, method: 'REGISTER', uri, about, credentials }), told);
    }
  }
  if (call !== null) await examineCall(sip, patient, call, told);
}

/** @returns whether there is any use in going on */
async function examineWay(sip: SipEndpoint, server: FarServer, told: (finding: Finding) => void): Promise<boolean> {
  const hops = await sip.hopsOf(server);
  const { host } = server;
  if (hops.length === 0) {
    told({ code: 'name-not-found', grade: 'bad', facts: { host } });
    return false;
  }
  const places = hops.map(({ transport, address, port }) => `${transport} ${address}:${port}`).join(', ');
  told({ code: 'name-found', grade: 'good', facts: { host, places } });
  let any = false;
  for (const hop of hops.slice(0, 4)) {
    if (hop.transport === 'udp') any = true;
    else {
      const finding = await tryConnection(hop);
      any ||= finding.grade === 'good';
      told(finding);
    }
  }
  return any;
}

function judgeOptions({ host }: FarServer, answer: Answer, told: (finding: Finding) => void): void {
  if (!answer.answered) return told({ code: 'options-silent', grade: 'bad', facts: { host } });
  const { status, reason } = answer;
  const fine = status < 300;
  told({
    code: fine ? 'options-answered' : 'options-refused',
    grade: fine ? 'good' : 'note',
    facts: { host, status, reason },
  });
}

function judgeRegister({ host }: FarServer, answer: Answer, told: (finding: Finding) => void): void {
  if (!answer.answered) return told({ code: 'register-silent', grade: 'bad', facts: { host } });
  const { status, reason, contacts } = answer;
  const facts = { host, status, reason, contacts };
  const code: FindingCode =
    status < 300
      ? 'register-ok'
      : status === 401 || status === 407
        ? 'register-password'
        : status === 403
          ? 'register-forbidden'
          : status === 404
            ? 'register-unknown'
            : 'register-other';
  told({ code, grade: status < 300 ? 'good' : 'bad', facts });
}

/** Rings a number, sends silence, and counts what comes back. */
async function examineCall(
  sip: SipEndpoint,
  { outbound, contactHost }: Patient,
  { number, address }: CallWish,
  told: (finding: Finding) => void,
): Promise<void> {
  if (outbound === null) return told({ code: 'call-not-possible', grade: 'bad', facts: { number } });
  const { server, credentials, callerId, codecs } = outbound;
  const audio = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  let heard = 0;
  audio.on('message', () => void heard++);
  audio.on('error', () => {});
  await new Promise<void>((resolve) => audio.bind(0, address, resolve));
  const host = bracketed(server.host);
  const { end, status, answered } = await new Promise<{ end: OutgoingEnd; status: number | null; answered: boolean }>(
    (resolve) => {
      void sip.hopsOf(server).then((hops) => {
        let pace: NodeJS.Timeout | undefined;
        let was = false;
        const placed = sip.call(
          {
            ...{ trunk: 'doctor', hops, credentials, displayName: null, identity: null, withheld: false, ringMsMax },
            to: `sip:${number}@${host}`,
            from: `sip:${callerId ?? credentials?.username ?? 'denwaban'}@${contactHost ?? host}`,
            offer: offerSdp({ address, port: audio.address().port, sessionId: '1', version: 1 }, { codecs }),
          },
          {
            onProgress() {},
            onAnswered(theirs) {
              was = true;
              const packet = Buffer.alloc(172, theirs.codecs[0] === 'PCMA' ? 0xd5 : 0xff);
              packet.set([0x80, theirs.codecs[0] === 'PCMA' ? 8 : 0]);
              packet.writeUInt32BE(1, 8);
              let sent = 0;
              pace = setInterval(() => {
                packet.writeUInt16BE(sent & 0xffff, 2);
                packet.writeUInt32BE(sent * 160, 4);
                sent += 1;
                audio.send(packet, theirs.port, theirs.address, () => {});
              }, 20);
              setTimeout(() => placed.hangUp('test over'), listenMs);
            },
            onReoffer: () => null,
            onDigit() {},
            onEnded(cause, code) {
              clearInterval(pace);
              resolve({ end: cause, status: code, answered: was });
            },
          },
        );
      });
    },
  );
  await new Promise<void>((resolve) => audio.close(() => resolve()));
  told(judgeCall({ number, end, status: status ?? 0, heard }, answered));
}

function judgeCall(
  facts: { number: string; end: OutgoingEnd; status: number; heard: number },
  answered: boolean,
): Finding {
  const { end, status, heard } = facts;
  if (answered)
    return heard > 0 ? { code: 'call-audio', grade: 'good', facts } : { code: 'call-no-audio', grade: 'bad', facts };
  const bad = (code: FindingCode): Finding => ({ code, grade: 'bad', facts });
  if (end === 'unreachable') return bad('call-unreachable');
  if (end === 'no-answer') return { code: 'call-not-answered', grade: 'note', facts };
  if (status === 488 || status === 415 || status === 606) return bad('call-codec');
  if (status === 401 || status === 407) return bad('call-password');
  if (status === 403) return bad('call-forbidden');
  return bad('call-other');
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);
