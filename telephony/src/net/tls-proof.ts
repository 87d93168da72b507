/**
 * Trunks that have to show a certificate when they call in by TLS (RFC 5246 §7.4.6): nothing that they write is read before it was
 * looked at. Others are not asked for one: many telephones have none, and some give up when they are asked.
 */
import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { SipLog, TlsDemand, TlsIdentity } from '../sip/ports.js';
import { checkName, versions } from './tls-names.js';

/** @returns what is wrong with the certificate, for the log; null when it is as demanded */
export function problemOf(socket: TLSSocket, { names }: TlsDemand): string | null {
  const cert = socket.getPeerCertificate();
  if (Object.keys(cert).length === 0) return 'it shows no certificate';
  // Node's own word for why: UNABLE_TO_VERIFY_LEAF_SIGNATURE, CERT_HAS_EXPIRED.
  if (!socket.authorized) return `its certificate is not to be believed (${String(socket.authorizationError)})`;
  if (names.some((name) => checkName(name, cert) === undefined)) return null;
  return `its certificate is of somebody else (${cert.subjectaltname ?? `CN ${String(cert.subject?.CN)}`})`.slice(
    0,
    300,
  );
}

/**
 * @param shown our own certificate
 * @returns takes a connection through its handshake, and gives it on when it has proven itself; closes it otherwise
 */
export function createProver(shown: () => TlsIdentity, log: SipLog) {
  /** Who was refused is told of once, until they get in. */
  const refused = new Set<string>();

  return (raw: Socket, demand: TlsDemand, address: string, taken: (socket: Socket) => void): void => {
    const options = { ...versions, ...shown(), ...(demand.ca === null ? {} : { ca: demand.ca }) };
    // Not refused by the library, which would not say why. A server for each connection knows whom it belongs to.
    const server = createServer({ ...options, requestCert: true, rejectUnauthorized: false });
    server.once('tlsClientError', () => raw.destroy());
    server.once('secureConnection', (socket) => {
      const problem = problemOf(socket, demand);
      if (problem === null) {
        refused.delete(address);
        return taken(socket);
      }
      socket.on('error', () => {});
      socket.destroy();
      if (refused.has(address)) return;
      if (refused.size >= 1_000) refused.clear();
      refused.add(address);
      log.warn({ address, problem }, 'sip: a trunk that is to show a certificate was refused');
    });
    server.emit('connection', raw);
  };
}
