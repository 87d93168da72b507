/**
 * SIP over TLS (RFC 3261 §26.2, RFC 5922). As server it shows the installation's certificate; as client it believes only a
 * certificate of the name that was configured, however the address was found: DNS is not proof of anybody.
 */
import { isIP } from 'node:net';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  TLSSocket,
  type PeerCertificate,
  type SecureContext,
} from 'node:tls';
import type { Hop, TlsPeer } from '../sip/ports.js';
import { createStreamTransport, type StreamOptions, type StreamTransport } from './stream.js';

export interface TlsOptions extends Omit<StreamOptions, 'port'> {
  /** Null: nobody can call in over TLS; connections are only made. */
  server: TlsServer | null;
  /** Whom to expect at an address that a hop names without more. */
  peerOf(address: string): TlsPeer | null;
}

/** A listener's port and what it shows, in PEM. Looked at for each connection: a new pair is shown from the next one on. */
export interface TlsServer {
  readonly port: number;
  readonly cert: string;
  readonly key: string;
}

/** TLS 1.2 with forward secrecy and 1.3; what is older is broken (RFC 8996). */
const versions = { minVersion: 'TLSv1.2' } as const;

/** @throws Error when certificate and key are not PEM, or do not belong together */
export function createTlsTransport(options: TlsOptions): StreamTransport {
  const { server } = options;
  const contextNow = server === null ? () => null : contextsOf(server, options.log);
  const peerAt = (hop: Hop): TlsPeer =>
    hop.tls ?? options.peerOf(hop.address) ?? { name: hop.address, ca: null, verify: true };
  return createStreamTransport(
    {
      transport: 'tls',
      accept(raw, ready) {
        const secureContext = contextNow();
        // Without a context there is no listener.
        if (secureContext === null) return raw.destroy();
        raw.on('error', () => {}); // told by the socket on top of it
        const socket = new TLSSocket(raw, { isServer: true, secureContext });
        socket.once('secure', ready);
        return socket;
      },
      dial(hop, ready) {
        const { name, ca, verify } = peerAt(hop);
        const socket = connect({
          host: hop.address,
          port: hop.port,
          ...versions,
          // An address in figures is no name for SNI (RFC 6066 §3), but is looked for in the certificate all the same.
          ...(isIP(name) === 0 ? { servername: name } : { servername: '' }),
          ...(ca === null ? {} : { ca }),
          rejectUnauthorized: verify,
          ...(verify ? { checkServerIdentity: (_: string, cert: PeerCertificate) => checkName(name, cert) } : {}),
        });
        socket.once('secureConnect', ready);
        return socket;
      },
      // A connection that was opened towards one name is not proof of another.
      keyOf(hop) {
        const { name, verify } = peerAt(hop);
        return `${hop.address}\n${hop.port}\n${name}\n${verify}`;
      },
    },
    { ...options, port: server?.port ?? null },
  );
}

/** What is no pair is no reason to show nothing: the one before goes on to be shown. */
function contextsOf(server: TlsServer, log: TlsOptions['log']): () => SecureContext {
  let { cert, key } = server;
  let context = serverContext(server);
  return () => {
    if (server.cert === cert && server.key === key) return context;
    ({ cert, key } = server);
    try {
      context = serverContext(server);
    } catch (error) {
      log.error({ problem: String(error) }, 'sip: a new certificate cannot be shown');
    }
    return context;
  };
}

export function serverContext({ cert, key }: Pick<TlsServer, 'cert' | 'key'>): SecureContext {
  return createSecureContext({ cert, key, ...versions });
}

/**
 * The name by DNS, an address by IP, or `sip:` and the name as RFC 5922 §7.1 has it. Wildcards are let through, against §7.2: what
 * carriers really show is often `*.carrier.example`.
 */
export function checkName(name: string, cert: PeerCertificate): Error | undefined {
  const asUri = `URI:sip:${name.toLowerCase()}`;
  const alternatives = (cert.subjectaltname ?? '').split(', ').map((one) => one.toLowerCase());
  return alternatives.includes(asUri.toLowerCase()) ? undefined : checkServerIdentity(name, cert);
}
