import { createRequire } from 'node:module';
import type Koffi from 'koffi';

type Foreign = typeof Koffi;
/** An address in OpenSSL's memory; 0 for none. */
export type Pointer = bigint;

/** The calls of OpenSSL 3 that DTLS needs, as they are there. */
export interface OpenSsl {
  DTLS_server_method(): Pointer;
  DTLS_client_method(): Pointer;
  SSL_CTX_new(method: Pointer): Pointer;
  SSL_CTX_free(context: Pointer): void;
  SSL_CTX_ctrl(context: Pointer, command: number, value: number, more: Pointer): number;
  SSL_CTX_set_options(context: Pointer, options: number): number;
  SSL_CTX_set_cipher_list(context: Pointer, ciphers: string): number;
  SSL_CTX_use_certificate_ASN1(context: Pointer, length: number, certificate: Buffer): number;
  SSL_CTX_use_PrivateKey_ASN1(type: number, context: Pointer, key: Buffer, length: number): number;
  /** @returns 0 when it went well, unlike all others */
  SSL_CTX_set_tlsext_use_srtp(context: Pointer, profiles: string): number;
  SSL_CTX_set_verify(context: Pointer, mode: number, callback: Pointer): void;
  SSL_new(context: Pointer): Pointer;
  SSL_free(ssl: Pointer): void;
  /** The two are the SSL's from here on, and freed with it. */
  SSL_set_bio(ssl: Pointer, read: Pointer, write: Pointer): void;
  SSL_set_accept_state(ssl: Pointer): void;
  SSL_set_connect_state(ssl: Pointer): void;
  SSL_do_handshake(ssl: Pointer): number;
  SSL_read(ssl: Pointer, into: Buffer, bytes: number): number;
  SSL_write(ssl: Pointer, from: Uint8Array, bytes: number): number;
  SSL_get_error(ssl: Pointer, returned: number): number;
  SSL_ctrl(ssl: Pointer, command: number, value: number, more: Buffer | null): number;
  SSL_shutdown(ssl: Pointer): number;
  SSL_get1_peer_certificate(ssl: Pointer): Pointer;
  SSL_get_selected_srtp_profile(ssl: Pointer): Pointer;
  SSL_export_keying_material(
    ssl: Pointer,
    into: Buffer,
    bytes: number,
    label: string,
    labelBytes: number,
    context: null,
    contextBytes: number,
    useContext: number,
  ): number;
  BIO_s_mem(): Pointer;
  BIO_new(method: Pointer): Pointer;
  BIO_ctrl(bio: Pointer, command: number, value: number, more: Pointer): number;
  BIO_read(bio: Pointer, into: Buffer, bytes: number): number;
  BIO_write(bio: Pointer, from: Uint8Array, bytes: number): number;
  /** @param into a buffer whose first 8 bytes are the address to write to, or null to be told the length alone */
  i2d_X509(certificate: Pointer, into: BigUint64Array | null): number;
  X509_free(certificate: Pointer): void;
  ERR_clear_error(): void;
  ERR_get_error(): number;
  addressOf(buffer: Buffer): bigint;
  /** Of a function that takes any certificate: whose it is is asked afterwards. Lives as long as the process. */
  readonly takeAny: Pointer;
}

let loaded: OpenSsl | null = null;

/**
 * The OpenSSL that this very process has inside: Node's binary shows it, as addons need it.
 *
 * @throws Error whose message says why there is none: koffi is not installed, or this Node was built with another library
 */
export const loadOpenSsl = (): OpenSsl => (loaded ??= load());

function load(): OpenSsl {
  const koffi = createRequire(import.meta.url)('koffi') as Foreign;
  const process_ = koffi.load(null);
  const call = (declaration: string) => process_.func(declaration);
  const verify = koffi.proto('int denwaban_verify(int, void*)');
  return {
    DTLS_server_method: call('void* DTLS_server_method()'),
    DTLS_client_method: call('void* DTLS_client_method()'),
    SSL_CTX_new: call('void* SSL_CTX_new(void*)'),
    SSL_CTX_free: call('void SSL_CTX_free(void*)'),
    SSL_CTX_ctrl: call('long SSL_CTX_ctrl(void*, int, long, void*)'),
    SSL_CTX_set_options: call('uint64_t SSL_CTX_set_options(void*, uint64_t)'),
    SSL_CTX_set_cipher_list: call('int SSL_CTX_set_cipher_list(void*, const char*)'),
    SSL_CTX_use_certificate_ASN1: call('int SSL_CTX_use_certificate_ASN1(void*, int, void*)'),
    SSL_CTX_use_PrivateKey_ASN1: call('int SSL_CTX_use_PrivateKey_ASN1(int, void*, void*, long)'),
    SSL_CTX_set_tlsext_use_srtp: call('int SSL_CTX_set_tlsext_use_srtp(void*, const char*)'),
    SSL_CTX_set_verify: call('void SSL_CTX_set_verify(void*, int, void*)'),
    SSL_new: call('void* SSL_new(void*)'),
    SSL_free: call('void SSL_free(void*)'),
    SSL_set_bio: call('void SSL_set_bio(void*, void*, void*)'),
    SSL_set_accept_state: call('void SSL_set_accept_state(void*)'),
    SSL_set_connect_state: call('void SSL_set_connect_state(void*)'),
    SSL_do_handshake: call('int SSL_do_handshake(void*)'),
    SSL_read: call('int SSL_read(void*, void*, int)'),
    SSL_write: call('int SSL_write(void*, const void*, int)'),
    SSL_get_error: call('int SSL_get_error(void*, int)'),
    SSL_ctrl: call('long SSL_ctrl(void*, int, long, void*)'),
    SSL_shutdown: call('int SSL_shutdown(void*)'),
    SSL_get1_peer_certificate: call('void* SSL_get1_peer_certificate(void*)'),
    SSL_get_selected_srtp_profile: call('void* SSL_get_selected_srtp_profile(void*)'),
    SSL_export_keying_material: call(
      'int SSL_export_keying_material(void*, void*, size_t, const char*, size_t, void*, size_t, int)',
    ),
    BIO_s_mem: call('void* BIO_s_mem()'),
    BIO_new: call('void* BIO_new(void*)'),
    BIO_ctrl: call('long BIO_ctrl(void*, int, long, void*)'),
    BIO_read: call('int BIO_read(void*, void*, int)'),
    BIO_write: call('int BIO_write(void*, const void*, int)'),
    i2d_X509: call('int i2d_X509(void*, void*)'),
    X509_free: call('void X509_free(void*)'),
    ERR_clear_error: call('void ERR_clear_error()'),
    ERR_get_error: call('unsigned long ERR_get_error()'),
    addressOf: (buffer) => koffi.address(buffer),
    takeAny: koffi.register(() => 1, koffi.pointer(verify)),
  };
}
