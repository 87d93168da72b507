/** The session cookie (RFC 6265). Its value is the secret that `Sessions` gave; nothing else is ever put into it. */
const name = 'denwaban_session';

/** The secret in a Cookie header, or null. Secrets are base64url or hex; anything else is no secret of ours. */
export function readSessionCookie(header: string | undefined): string | null {
  for (const part of header?.split(';') ?? []) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) {
      const value = part.slice(at + 1).trim();
      return /^[A-Za-z0-9._~-]{1,200}$/.test(value) ? value : null;
    }
  }
  return null;
}

/**
 * A Set-Cookie value. Without Max-Age: the browser drops it when it is closed, and the server ends the session by its own
 * clock in any case.
 */
export function sessionCookie(secret: string, secure: boolean): string {
  return `${name}=${secret}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}

export function clearedSessionCookie(secure: boolean): string {
  return `${name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0${secure ? '; Secure' : ''}`;
}
