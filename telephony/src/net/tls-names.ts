/** What TLS of SIP asks of a certificate, whoever shows it (RFC 5922). */
import { checkServerIdentity, type PeerCertificate } from 'node:tls';

/** TLS 1.2 with forward secrecy and 1.3; what is older is broken (RFC 8996). */
export const versions = { minVersion: 'TLSv1.2' } as const;

/**
 * The name by DNS, an address by IP, or `sip:` and the name as RFC 5922 §7.1 has it. Wildcards are let through, against §7.2: what
 * carriers really show is often `*.carrier.example`.
 */
export function checkName(name: string, cert: PeerCertificate): Error | undefined {
  const asUri = `URI:sip:${name.toLowerCase()}`;
  const alternatives = (cert.subjectaltname ?? '').split(', ').map((one) => one.toLowerCase());
  return alternatives.includes(asUri.toLowerCase()) ? undefined : checkServerIdentity(name, cert);
}
