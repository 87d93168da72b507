import { fingerprintOf } from './certificate.js';
import type { DtlsContext } from './context.js';
import type { OpenSsl, Pointer } from './openssl.js';
import { isRecords, recordEnd } from './record.js';

/** SRTP master keys, 16 bytes and a salt of 14 each. */
export interface SrtpMasters {
  ours: Buffer;
  theirs: Buffer;
}

export interface DtlsEvents {
  /** @param packet a datagram's payload; may be kept */
  send(packet: Uint8Array): void;
  /** The far end is who its fingerprint says. */
  connected(keys: SrtpMasters): void;
  /** @param data of the application; the listener's until it returns */
  data(data: Buffer): void;
  /** Told once. `closed`: by the far end's word. Nothing is told of our own `close`. */
  ended(because: 'closed' | 'failed', detail: string): void;
}

/** Below what any path carries, also with a relay's header (RFC 8261 §5, RFC 8831 §5). */
export const mtuBytes = 1_200;
const SSL_ERROR_WANT_READ = 2;
const SSL_ERROR_WANT_WRITE = 3;
const SSL_ERROR_ZERO_RETURN = 6;
const SSL_CTRL_SET_MTU = 17;
const DTLS_CTRL_GET_TIMEOUT = 73;
const DTLS_CTRL_HANDLE_TIMEOUT = 74;
const BIO_C_SET_BUF_MEM_EOF_RETURN = 130;
/** Of 10 s at least: whoever does not answer so often is not there. */
const timeoutsMax = 6;
const exported = 'EXTRACTOR-dtls_srtp';
const [keyBytes, saltBytes] = [16, 14];

const isPassing = (error: number): boolean => error === SSL_ERROR_WANT_READ || error === SSL_ERROR_WANT_WRITE;

const outgoing = Buffer.allocUnsafeSlow(65_536);
const incoming = Buffer.allocUnsafeSlow(65_536);

/** One DTLS 1.2 connection (RFC 6347) with keys for SRTP (RFC 5764). Bytes in, bytes out; only the retransmission clock is OpenSSL's own. */
export class DtlsConnection {
  private readonly openssl: OpenSsl;
  private readonly events: DtlsEvents;
  private readonly role: 'server' | 'client';
  private readonly isTheirs: (fingerprint: string) => boolean;
  private ssl: Pointer;
  private readonly read: Pointer;
  private readonly write: Pointer;
  private established = false;
  private timeouts = 0;

  /** @param isTheirs does the far end's certificate have a fingerprint of its SDP? */
  constructor(
    { openssl, pointer }: DtlsContext,
    role: 'server' | 'client',
    isTheirs: (fingerprint: string) => boolean,
    events: DtlsEvents,
  ) {
    this.openssl = openssl;
    this.events = events;
    this.role = role;
    this.isTheirs = isTheirs;
    this.ssl = openssl.SSL_new(pointer);
    const memory = openssl.BIO_s_mem();
    this.read = openssl.BIO_new(memory);
    this.write = openssl.BIO_new(memory);
    if (this.ssl === 0n || this.read === 0n || this.write === 0n) throw new Error('OpenSSL has no memory left');
    // Nothing to read means later, and not the end.
    for (const bio of [this.read, this.write]) openssl.BIO_ctrl(bio, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, 0n);
    openssl.SSL_set_bio(this.ssl, this.read, this.write);
    openssl.SSL_ctrl(this.ssl, SSL_CTRL_SET_MTU, mtuBytes, null);
    if (role === 'server') openssl.SSL_set_accept_state(this.ssl);
    else openssl.SSL_set_connect_state(this.ssl);
  }

  get connected(): boolean {
    return this.established && this.ssl !== 0n;
  }

  /** As a client, begins. */
  begin(): void {
    if (this.ssl !== 0n) this.shakeHands();
  }

  /** Takes a datagram. Anything may be in it. */
  receive(packet: Uint8Array): void {
    if (!isRecords(packet)) return;
    // One by one: behind a message that it has already, OpenSSL throws away what else came with it.
    for (let at = 0; at < packet.length && this.ssl !== 0n;) {
      const end = recordEnd(packet, at);
      this.openssl.BIO_write(this.read, packet.subarray(at, end), end - at);
      if (this.established || this.shakeHands()) this.readAll();
      at = end;
    }
  }

  /** @returns whether it went out */
  send(data: Uint8Array): boolean {
    if (!this.connected) return false;
    this.openssl.ERR_clear_error();
    const written = this.openssl.SSL_write(this.ssl, data, data.length);
    this.flush();
    return written === data.length;
  }

  /** When `timeout` is to be called next: ms from now; null while nothing is waited for. */
  get timeoutMs(): number | null {
    if (this.ssl === 0n || this.established) return null;
    const time = Buffer.alloc(16);
    if (this.openssl.SSL_ctrl(this.ssl, DTLS_CTRL_GET_TIMEOUT, 0, time) !== 1) return null;
    return Number(time.readBigInt64LE(0)) * 1000 + Math.ceil(Number(time.readBigInt64LE(8)) / 1000);
  }

  /** Says again what was not answered. */
  timeout(): void {
    if (this.ssl === 0n || this.established) return;
    this.openssl.ERR_clear_error();
    const done = this.openssl.SSL_ctrl(this.ssl, DTLS_CTRL_HANDLE_TIMEOUT, 0, null);
    this.timeouts += done === 1 ? 1 : 0;
    this.flush();
    if (done < 0 || this.timeouts > timeoutsMax) this.end('failed', 'no answer in the handshake');
  }

  /** Says so to the far end, once; it may be lost. */
  close(): void {
    if (this.ssl === 0n) return;
    if (this.established) {
      this.openssl.ERR_clear_error();
      this.openssl.SSL_shutdown(this.ssl);
      this.flush();
    }
    this.free();
  }

  /** @returns whether to read on */
  private shakeHands(): boolean {
    const { openssl, ssl } = this;
    openssl.ERR_clear_error();
    const returned = openssl.SSL_do_handshake(ssl);
    const error = returned === 1 ? 0 : openssl.SSL_get_error(ssl, returned);
    const fatal = error !== 0 && !isPassing(error);
    // An alert too, before all is freed.
    this.flush();
    if (fatal) this.end('failed', `the handshake failed (${error}: ${openssl.ERR_get_error().toString(16)})`);
    if (returned !== 1 || this.ssl === 0n) return false;
    const keys = this.agreed();
    if (typeof keys === 'string') {
      openssl.SSL_shutdown(ssl);
      this.flush();
      this.end('failed', keys);
      return false;
    }
    this.established = true;
    this.events.connected(keys);
    return this.ssl !== 0n;
  }

  /** @returns the keys, or why there are none */
  private agreed(): SrtpMasters | string {
    const { openssl, ssl } = this;
    const theirs = this.peerFingerprint();
    if (theirs === null || !this.isTheirs(theirs)) return 'the certificate is not the one of the SDP';
    if (openssl.SSL_get_selected_srtp_profile(ssl) === 0n) return 'no SRTP profile in common';
    const bytes = Buffer.alloc(2 * (keyBytes + saltBytes));
    const done = openssl.SSL_export_keying_material(ssl, bytes, bytes.length, exported, exported.length, null, 0, 0);
    if (done !== 1) return 'no keys to export';
    // RFC 5764 §4.2: client's key, server's key, client's salt, server's salt.
    const of = (n: number): Buffer =>
      Buffer.concat([
        bytes.subarray(n * keyBytes, (n + 1) * keyBytes),
        bytes.subarray(2 * keyBytes + n * saltBytes, 2 * keyBytes + (n + 1) * saltBytes),
      ]);
    return this.role === 'server' ? { ours: of(1), theirs: of(0) } : { ours: of(0), theirs: of(1) };
  }

  private peerFingerprint(): string | null {
    const { openssl } = this;
    const certificate = openssl.SSL_get1_peer_certificate(this.ssl);
    if (certificate === 0n) return null;
    try {
      const length = openssl.i2d_X509(certificate, null);
      if (length <= 0 || length > incoming.length) return null;
      // i2d writes to where the pointer points, and moves it on.
      openssl.i2d_X509(certificate, BigUint64Array.of(openssl.addressOf(incoming)));
      return fingerprintOf(incoming.subarray(0, length));
    } finally {
      openssl.X509_free(certificate);
    }
  }

  private readAll(): void {
    const { openssl } = this;
    while (this.ssl !== 0n) {
      openssl.ERR_clear_error();
      const length = openssl.SSL_read(this.ssl, incoming, incoming.length);
      if (length <= 0) {
        const error = openssl.SSL_get_error(this.ssl, length);
        this.flush();
        if (error === SSL_ERROR_ZERO_RETURN) this.end('closed', 'by the far end');
        else if (!isPassing(error)) this.end('failed', `an alert, or a failure (${error})`);
        return;
      }
      this.events.data(incoming.subarray(0, length));
    }
  }

  /** What OpenSSL wrote, as datagrams: whole records, as many as go into one. */
  private flush(): void {
    for (;;) {
      const length = this.openssl.BIO_read(this.write, outgoing, outgoing.length);
      if (length <= 0) return;
      const written = Buffer.from(outgoing.subarray(0, length));
      let begin = 0;
      for (let at = 0; at < length;) {
        const end = recordEnd(written, at);
        if (end - begin > mtuBytes && at > begin) {
          this.events.send(written.subarray(begin, at));
          begin = at;
        }
        at = end;
      }
      this.events.send(written.subarray(begin));
    }
  }

  private end(because: 'closed' | 'failed', detail: string): void {
    if (this.ssl === 0n) return;
    this.free();
    this.events.ended(because, detail);
  }

  private free(): void {
    this.openssl.SSL_free(this.ssl);
    // The list of errors is the thread's: Node's own TLS reads it too.
    this.openssl.ERR_clear_error();
    this.ssl = 0n;
  }
}
