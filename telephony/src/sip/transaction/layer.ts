/** The transactions under way (RFC 3261 §17): finds the one of a message, and begins new ones. Knows nothing of calls. */
import type { Arrival, Hop, Wire } from '../ports.js';
import type { SipRequest, SipResponse } from '../message.js';
import { tagOf } from '../name-address.js';
import type { Essentials } from '../parse.js';
import { cancelOf } from '../requests.js';
import { branchOf, formatVia, type Via } from '../via.js';
import type { Alarms } from './alarms.js';
import { Client, type ClientHome, type ClientTransaction, type ClientUser, type Run } from './client.js';
import { Server, type InviteMark, type ServerHome, type ServerTransaction } from './server.js';
import { rfcTimers, type TimerValues } from './timers.js';

export interface LayerPorts {
  wire: Wire;
  alarms: Alarms;
  times?: TimerValues;
}

export class TransactionLayer {
  /** Over UDP, and over what loses nothing. */
  readonly #unreliable: Run;
  readonly #reliable: Run;
  readonly #serverHome: ServerHome;
  readonly #clientHome: ClientHome;
  readonly #servers = new Map<string, Server>();
  readonly #clients = new Map<string, Client>();
  /** How many requests of ours are open at an address. */
  readonly #asked = new Map<string, number>();
  #onSettled: (() => void) | null = null;
  #closed = false;

  constructor(ports: LayerPorts) {
    const { wire, alarms, times = rfcTimers } = ports;
    this.#unreliable = { wire, alarms, setting: { reliable: false, times } };
    this.#reliable = { wire, alarms, setting: { reliable: true, times } };
    this.#serverHome = {
      ended: ({ key }) => {
        this.#servers.delete(key);
        this.#noticeSettled();
      },
    };
    this.#clientHome = {
      ended: (client) => this.#ended(client),
      // It goes the INVITE's way and bears its branch; what is said to it tells nothing that the INVITE's answer does not.
      sendCancel: ({ request, branch, hop }) =>
        void this.#begin(cancelOf(request), branch, hop, { onResponse() {}, onFailed() {} }),
    };
  }

  get count(): number {
    return this.#servers.size + this.#clients.size;
  }

  /** Feeds a request. Null: it was a copy, or the ACK of a refusal, and has been dealt with. */
  receive(request: SipRequest, read: Essentials, arrival: Arrival): ServerTransaction | null {
    const key = serverKey(request, read, request.method);
    const known = this.#servers.get(key);
    if (known !== undefined) {
      known.requestAgain();
      return null;
    }
    const server = new Server(this.#run(arrival.transport), key, request, read, arrival, this.#serverHome);
    this.#servers.set(key, server);
    return server.user;
  }

  /** Is this a copy of a request that we already have? */
  knows(request: SipRequest, read: Essentials): boolean {
    return this.#servers.has(serverKey(request, read, request.method));
  }

  /** @returns true when an INVITE transaction took the ACK; an ACK of a 2xx is for the dialog */
  receiveAck(request: SipRequest, read: Essentials): boolean {
    const taken = this.#servers.get(serverKey(request, read, 'INVITE'))?.ack() ?? false;
    if (taken) this.#noticeSettled();
    return taken;
  }

  /** The INVITE that a CANCEL means (§9.2). */
  cancelled(request: SipRequest, read: Essentials): InviteMark | null {
    return this.#servers.get(serverKey(request, read, 'INVITE'))?.mark ?? null;
  }

  /** @returns false when it answers nothing of ours */
  receiveResponse(response: SipResponse, read: Essentials): boolean {
    const client = this.#clients.get(`${branchOf(read.via) ?? ''}\n${read.cseq.method}`);
    if (client === undefined || !client.isAnsweredBy(read)) return false;
    client.receive(response, read);
    this.#noticeSettled();
    return true;
  }

  /** Sends a request whose topmost Via is `via`, and sees it through. */
  send(request: SipRequest, via: Via, hop: Hop, user: ClientUser): ClientTransaction {
    const { kind, method, uri, body } = request;
    const headers = [{ name: 'via', value: formatVia(via) }].concat(request.headers);
    return this.#begin({ kind, method, uri, headers, body }, branchOf(via) ?? '', hop, user);
  }

  /** Is something of ours at this address still without its final answer? */
  awaits(address: string): boolean {
    return (this.#asked.get(address) ?? 0) > 0;
  }

  #begin(whole: SipRequest, branch: string, hop: Hop, user: ClientUser): Client {
    const client = new Client(this.#run(hop.transport), whole, branch, hop, user, this.#clientHome);
    // Whoever waited for a place to send to comes too late.
    if (this.#closed) return client;
    this.#clients.set(`${branch}\n${whole.method}`, client);
    this.#asked.set(hop.address, (this.#asked.get(hop.address) ?? 0) + 1);
    client.start();
    return client;
  }

  #ended({ branch, request, hop }: Client): void {
    this.#clients.delete(`${branch}\n${request.method}`);
    const left = (this.#asked.get(hop.address) ?? 1) - 1;
    if (left > 0) this.#asked.set(hop.address, left);
    else this.#asked.delete(hop.address);
    this.#noticeSettled();
  }

  /**
   * Calls back once every request of ours has its final answer, and every refusal of ours its ACK, or was given up; at once
   * when nothing is open. Transactions that only linger to absorb copies do not count: they would make a quiet stop take half
   * a minute.
   */
  whenSettled(call: () => void): void {
    this.#onSettled = call;
    this.#noticeSettled();
  }

  /** A TCP connection is gone: what was sent on it and has no answer yet goes out once more, on a new one. */
  connectionClosed(connection: number): void {
    for (const client of this.#clients.values()) client.connectionClosed(connection);
  }

  /** Forgets everything and stops every timer. */
  close(): void {
    this.#closed = true;
    for (const server of this.#servers.values()) server.stop();
    for (const client of this.#clients.values()) client.stop();
    this.#servers.clear();
    this.#clients.clear();
    this.#asked.clear();
    this.#noticeSettled();
  }

  #run(transport: Arrival['transport']): Run {
    return transport === 'udp' ? this.#unreliable : this.#reliable;
  }

  #noticeSettled(): void {
    if (this.#onSettled === null) return;
    for (const client of this.#clients.values()) if (!client.settled) return;
    for (const server of this.#servers.values()) if (!server.settled) return;
    const call = this.#onSettled;
    this.#onSettled = null;
    call();
  }
}

/** §17.2.3: by branch and sender; peers of RFC 2543 by everything that their copies have in common. */
function serverKey(request: SipRequest, read: Essentials, method: string): string {
  const { via } = read;
  const branch = branchOf(via);
  if (branch !== null && branch.length > 7 && branch.startsWith('z9hG4bK')) {
    return `${branch}\n${via.host}:${via.port ?? 5060}\n${method}`;
  }
  return `${read.callId}\n${read.cseq.number} ${method}\n${tagOf(read.from) ?? ''}\n${request.uri}\n${formatVia(via)}`;
}
