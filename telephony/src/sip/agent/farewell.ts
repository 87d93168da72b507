/**
 * The last word of a process that dies while a telephone still rings: a final answer to who called, a CANCEL to whom we called, ready
 * to be sent by whoever comes next. Nobody there knows the transaction any more, so it goes out as it is, a few times over UDP.
 *
 * Who was picking up in that very moment has answered the INVITE of nobody, and would hear silence until it gives up (64·T1, RFC 3261
 * §13.3.1.4). For so long an answer to the INVITE of a CANCEL is taken up: 2xx by ACK and BYE, a refusal by its ACK.
 */
import type { Credentials } from '../digest/authorizer.js';
import { dialogAsClient, dialogWithoutContact } from '../dialog.js';
import type { SipMessage, SipRequest, SipResponse } from '../message.js';
import { tagOf } from '../name-address.js';
import { parseMessage, type Essentials } from '../parse.js';
import type { Hop, Wire } from '../ports.js';
import { acknowledgeRefusal } from '../requests.js';
import { serializeMessage } from '../serialize.js';
import { patience } from '../transaction/timers.js';
import { branchOf } from '../via.js';
import type { AgentCore } from './core.js';
import { DialogLink } from './dialog-link.js';

/** A lost datagram must not leave a telephone ringing. */
const againMs = [0, 500, 1_500];
/** CANCELs whose INVITE may still be answered, and places at which one INVITE may ring: what comes is another process's memory. */
const takenMax = 1_000;
const placesMax = 20;

/** @param trunk by which we called: its password is asked for at a BYE, too */
export function writeFarewell({ transport, address, port }: Hop, message: SipMessage, trunk?: string): string {
  return JSON.stringify({ transport, address, port, message: serializeMessage(message), trunk });
}

type Core = Pick<
  AgentCore,
  | 'timers'
  | 'times'
  | 'log'
  | 'chance'
  | 'expect'
  | 'isAt'
  | 'laterCseq'
  | 'locate'
  | 'sendRequest'
  | 'sendAck'
  | 'credentialsOf'
>;

/** An INVITE of a process that died. */
interface Taken {
  cancel: SipRequest;
  read: Essentials;
  hop: Hop;
  trunk: string;
  credentials: Credentials | null;
  /** What sends the ACK of a 2xx again, by the tag of its place. */
  acknowledge: Map<string, () => void>;
}

export class Farewells {
  readonly #core: Core;
  readonly #wire: Wire;
  /** By the branch of the INVITE and its CANCEL, which nobody can guess. */
  readonly #taken = new Map<string, Taken>();
  readonly #waiting = new Set<() => void>();

  constructor(core: Core, wire: Wire) {
    this.#core = core;
    this.#wire = wire;
  }

  /** @param farewell as `writeFarewell` wrote it; anything else is nothing */
  say(farewell: string): void {
    const read = readFarewell(farewell);
    if (read === null) return;
    const { hop, message, trunk } = read;
    this.#takeUp(hop, message, trunk);
    for (const ms of hop.transport === 'udp' ? againMs : [0]) {
      this.#after(ms, () => void this.#wire.send(hop, message, () => {}));
    }
  }

  /** @returns false when it answers nothing that was taken up */
  hear(response: SipResponse, read: Essentials): boolean {
    const taken = this.#taken.get(branchOf(read.via) ?? '');
    if (taken === undefined || !isAnswerTo(taken, read)) return false;
    if (response.status >= 300) {
      this.#wire.send(taken.hop, serializeMessage(acknowledgeRefusal(taken.cancel, response)), () => {});
    } else if (response.status >= 200) this.#end(taken, response, read);
    return true;
  }

  /** Nothing more is sent, and nothing taken up. */
  stop(): void {
    for (const cancel of this.#waiting) cancel();
    this.#waiting.clear();
    this.#taken.clear();
  }

  #takeUp(hop: Hop, message: string, trunk: string | null): void {
    const parsed = parseMessage(message);
    if (!parsed.ok || parsed.message.kind !== 'request' || parsed.message.method !== 'CANCEL') return;
    const { message: cancel, essentials: read } = parsed;
    const branch = branchOf(read.via);
    if (branch === null || this.#taken.has(branch) || this.#taken.size >= takenMax) return;
    const credentials = trunk === null ? null : this.#core.credentialsOf(trunk);
    this.#taken.set(branch, { cancel, read, hop, trunk: trunk ?? '', credentials, acknowledge: new Map() });
    const unexpect = this.#core.expect(hop.address);
    this.#after(patience(this.#core.times), () => {
      unexpect();
      this.#taken.delete(branch);
    });
  }

  #end(taken: Taken, response: SipResponse, read: Essentials): void {
    const { cancel, hop, trunk, credentials, acknowledge } = taken;
    const tag = tagOf(read.to) ?? '';
    const again = acknowledge.get(tag);
    if (again !== undefined) return again();
    if (acknowledge.size >= placesMax) return;
    const invite: SipRequest = { ...cancel, method: 'INVITE' };
    const dialog = dialogAsClient(invite, response, read) ?? dialogWithoutContact(invite, read);
    // The process that died may have numbered requests of its own there (PRACK).
    const localCseq = Math.max(dialog.localCseq, this.#core.laterCseq());
    const link = new DialogLink(this.#core, { ...dialog, localCseq }, hop, trunk, credentials);
    acknowledge.set(tag, link.acknowledge({ cseq: read.cseq.number, credentials: [] }));
    link.bye('nobody waits any more');
  }

  #after(ms: number, call: () => void): void {
    const cancel = this.#core.timers.after(ms, () => {
      this.#waiting.delete(cancel);
      call();
    });
    this.#waiting.add(cancel);
  }
}

function isAnswerTo({ read: sent }: Taken, read: Essentials): boolean {
  const { cseq, callId, from } = read;
  const sameCseq = cseq.method === 'INVITE' && cseq.number === sent.cseq.number;
  return sameCseq && callId === sent.callId && tagOf(from) === tagOf(sent.from);
}

function readFarewell(text: string): { hop: Hop; message: string; trunk: string | null } | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { transport, address, port, message, trunk } = value as Record<string, unknown>;
  if (transport !== 'udp' && transport !== 'tcp' && transport !== 'tls') return null;
  if (typeof address !== 'string' || typeof port !== 'number' || typeof message !== 'string') return null;
  const hop = { transport, address, port, connection: null } as const;
  return { hop, message, trunk: typeof trunk === 'string' ? trunk : null };
}
