/**
 * SIP over TLS (RFC 3261 §26.2, RFC 5922). As server it shows the installation's certificate; as client it believes only a
 * certificate of the name that was configured, however the address was found: DNS is not proof of anybody.
 */
import { isIP } from 'node:net';
import { connect, createSecureContext, TLSSocket, type PeerCertificate, type SecureContext } from 'node:tls';
import type { Hop, TlsDemand, TlsIdentity, TlsPeer } from '../sip/ports.js';
import { createStreamTransport, type StreamOptions, type StreamTransport } from './stream.js';
import { checkName, versions } from './tls-names.js';
import { createProver } from './tls-proof.js';

export interface TlsOptions extends Omit<StreamOptions, 'port'> {
  /** Null: nobody can call in over TLS; connections are only made. */
  server: TlsServer | null;
  /** Whom to expect at an address that a hop names without more. */
  peerOf(address: string): TlsPeer | null;
  /** What who connects from there has to show; null: nothing. */
  demandOf?(address: string): TlsDemand | null;
}

/** A listener's port and what it shows, in PEM. Looked at for each connection: a new pair is shown from the next one on. */
export interface TlsServer extends Readonly<TlsIdentity> {
  readonly port: number;
}

/** @throws Error when certificate and key are not PEM, or do not belong together */
export function createTlsTransport(options: TlsOptions): StreamTransport {
  const { server } = options;
  const shown = server === null ? null : contextsOf(server, options.log);
  const prove = shown === null ? null : createProver(() => shown().identity, options.log);
  const peerAt = (hop: Hop): TlsPeer =>
    hop.tls ?? options.peerOf(hop.address) ?? { name: hop.address, ca: null, verify: true };
  return createStreamTransport(
    {
      transport: 'tls',
      accept(raw, ready) {
        // Without a certificate there is no listener.
        if (shown === null) return raw.destroy();
        const secureContext = shown().context;
        raw.on('error', () => {}); // told by the socket on top of it
        const socket = new TLSSocket(raw, { isServer: true, secureContext });
        socket.once('secure', ready);
        return socket;
      },
      prove(raw, address, taken) {
        const demand = options.demandOf?.(address) ?? null;
        if (demand === null || prove === null) return false;
        prove(raw, demand, address, taken);
        return true;
      },
      dial(hop, ready) {
        const { name, ca, verify, own } = peerAt(hop);
        const socket = connect({
          host: hop.address,
          port: hop.port,
          ...versions,
          // An address in figures is no name for SNI (RFC 6066 §3), but is looked for in the certificate all the same.
          ...(isIP(name) === 0 ? { servername: name } : { servername: '' }),
          ...(ca === null ? {} : { ca }),
          // Goes out to who asks for it, and after their own was looked at.
          ...(own ? { cert: own.cert, key: own.key } : {}),
          rejectUnauthorized: verify,
          ...(verify ? { checkServerIdentity: (_: string, cert: PeerCertificate) => checkName(name, cert) } : {}),
        });
        socket.once('secureConnect', ready);
        return socket;
      },
      // A connection that was opened towards one name is not proof of another, nor one in the name of one trunk another's.
      keyOf(hop) {
        const { name, verify, own } = peerAt(hop);
        return `${hop.address}\n${hop.port}\n${name}\n${verify}\n${own?.cert.slice(-100) ?? ''}`;
      },
    },
    { ...options, port: server?.port ?? null },
  );
}

/** What is no pair is no reason to show nothing: the one before goes on to be shown. */
function contextsOf(
  server: TlsServer,
  log: TlsOptions['log'],
): () => { identity: TlsIdentity; context: SecureContext } {
  const pair = (): TlsIdentity => ({ cert: server.cert, key: server.key });
  let judged = pair();
  let shown = { identity: judged, context: serverContext(server) };
  return () => {
    if (server.cert === judged.cert && server.key === judged.key) return shown;
    judged = pair();
    try {
      shown = { identity: judged, context: serverContext(server) };
    } catch (error) {
      log.error({ problem: String(error) }, 'sip: a new certificate cannot be shown');
    }
    return shown;
  };
}

export function serverContext({ cert, key }: TlsIdentity): SecureContext {
  return createSecureContext({ cert, key, ...versions });
}
