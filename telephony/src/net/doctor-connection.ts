/** Whether a far end takes a connection over TCP or TLS, and what it says of ours. */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Hop } from '../sip/ports.js';
import type { Finding } from './doctor.js';
import { checkName, versions } from './tls-names.js';

const connectMs = 4_000;
/** In TLS 1.3 the far end judges our certificate after we have finished: its refusal comes a round trip later (RFC 8446 §4.4.2.4). */
const judgedMs = 700;

/** Alerts about the certificate that we showed, or did not. `HANDSHAKE_FAILURE` is what TLS 1.2 has for a missing one. */
const aboutOurs =
  /ALERT_(?:NO_CERTIFICATE|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_|UNKNOWN_CA|ACCESS_DENIED)/;
const orMissing = /ALERT_HANDSHAKE_FAILURE/;

export function tryConnection(hop: Hop): Promise<Finding> {
  const { address, port, transport } = hop;
  const facts = { place: `${address}:${port}`, transport };
  return new Promise((resolve) => {
    const isTls = transport === 'tls';
    const own = hop.tls?.own ?? null;
    const socket = isTls ? dialTls(hop) : connectTcp({ host: address, port });
    const done = (code: Finding['code'], problem?: string) => {
      clearTimeout(timer);
      socket.destroy();
      const grade = code === 'connected' ? 'good' : 'bad';
      resolve({ code, grade, facts: problem === undefined ? facts : { ...facts, problem } });
    };
    const refused = (problem: string) => done(own === null ? 'certificate-wanted' : 'certificate-refused', problem);
    let reached = false;
    let secure = false;
    socket.once('connect', () => (reached = true));
    // A telephone that speaks plain SIP there waits for its first line, as we do for a handshake.
    const silent = () => (reached ? done('tls-failed', 'silence') : done('connection-silent'));
    let timer = setTimeout(silent, connectMs);
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      if (!isTls) return done('connected');
      secure = true;
      clearTimeout(timer);
      timer = setTimeout(() => done('connected'), judgedMs);
    });
    // Some say nothing, and only close.
    socket.once('close', () => {
      if (secure) refused('closed after the handshake');
      else if (isTls) done('tls-failed', 'closed');
    });
    socket.once('error', ({ code = '', message }: NodeJS.ErrnoException) => {
      const problem = code || message;
      if (code === 'ECONNREFUSED') done('connection-refused');
      else if (!isTls) done('connection-silent');
      else if (secure || aboutOurs.test(code) || (own === null && orMissing.test(code))) refused(problem);
      else if (/CERT|SIGNATURE|ISSUER|SELF_SIGNED/.test(code)) done('certificate-bad', problem);
      else done('tls-failed', problem);
    });
  });
}

function dialTls({ address, port, tls }: Hop): Socket {
  const name = tls?.name ?? address;
  const socket = connectTls({
    ...{ host: address, port, servername: /^[\d.]+$|:/.test(name) ? '' : name, ...versions },
    ...(tls?.ca ? { ca: tls.ca } : {}),
    ...(tls?.own ? { cert: tls.own.cert, key: tls.own.key } : {}),
    rejectUnauthorized: tls?.verify ?? true,
    checkServerIdentity: (_, cert) => (tls?.verify === false ? undefined : checkName(name, cert)),
  });
  // An alert after the handshake shows only to who reads.
  socket.on('data', () => {});
  return socket;
}
