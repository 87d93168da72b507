import type { Certificate } from './certificate.js';
import type { OpenSsl, Pointer } from './openssl.js';

const SSL_CTRL_SET_SESS_CACHE_MODE = 44;
const SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
const SSL_SESS_CACHE_OFF = 0;
const DTLS1_2_VERSION = 0xfefd;
const SSL_OP_NO_QUERY_MTU = 2 ** 12;
const SSL_OP_NO_TICKET = 2 ** 14;
const SSL_OP_NO_RENEGOTIATION = 2 ** 30;
const SSL_VERIFY_PEER = 1;
const SSL_VERIFY_FAIL_IF_NO_PEER_CERT = 2;
const EVP_PKEY_EC = 408;

/** What browsers have in common: forward secrecy and an authenticated cipher, for either kind of certificate (RFC 8827 §6.5). */
const ciphers = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
].join(':');
/** What our SRTP speaks of those that browsers must (RFC 8827 §6.5). */
const srtpProfile = 'SRTP_AES128_CM_SHA1_80';

/** What all our DTLS connections have in common: the certificate, and what is agreed to. One for a process. */
export class DtlsContext {
  readonly openssl: OpenSsl;
  readonly fingerprint: string;
  pointer: Pointer;

  /** @throws Error when this OpenSSL does not do as it should */
  constructor(openssl: OpenSsl, of: Certificate, role: 'server' | 'client' = 'server') {
    this.openssl = openssl;
    this.fingerprint = of.fingerprint;
    const method = role === 'server' ? openssl.DTLS_server_method() : openssl.DTLS_client_method();
    const context = openssl.SSL_CTX_new(method);
    this.pointer = context;
    const { certificate, privateKey } = of;
    const done =
      openssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, DTLS1_2_VERSION, 0n) === 1 &&
      openssl.SSL_CTX_set_cipher_list(context, ciphers) === 1 &&
      openssl.SSL_CTX_use_certificate_ASN1(context, certificate.length, certificate) === 1 &&
      openssl.SSL_CTX_use_PrivateKey_ASN1(EVP_PKEY_EC, context, privateKey, privateKey.length) === 1 &&
      openssl.SSL_CTX_set_tlsext_use_srtp(context, srtpProfile) === 0;
    if (!done) {
      this.free();
      throw new Error('OpenSSL does not take what DTLS needs');
    }
    openssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, 0n);
    openssl.SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU + SSL_OP_NO_TICKET + SSL_OP_NO_RENEGOTIATION);
    openssl.SSL_CTX_set_verify(context, SSL_VERIFY_PEER + SSL_VERIFY_FAIL_IF_NO_PEER_CERT, openssl.takeAny);
  }

  free(): void {
    if (this.pointer !== 0n) this.openssl.SSL_CTX_free(this.pointer);
    this.pointer = 0n;
  }
}
