/** Why an installation cannot start, as one line that names the mend. The command prints `line` and nothing else. */
export type StartErrorCode =
  | 'disk-full'
  | 'data-newer' // written by a newer Denwaban or PostgreSQL
  | 'data-older' // written by an older PostgreSQL than the one we bring
  | 'data-in-use' // another Denwaban runs on this folder
  | 'data-not-writable'
  | 'no-binary' // no embedded PostgreSQL for this platform
  | 'no-user-entry' // PostgreSQL needs its user in /etc/passwd
  | 'postgres-failed' // the embedded PostgreSQL would not start; its own words are in the line
  | 'database-unreachable'
  | 'database-refused' // wrong password, or not allowed
  | 'database-missing'
  | 'database-too-old'
  | 'database-encoding'
  | 'already-running' // this very installation
  | 'port-in-use'
  | 'address-not-here' // a host setting names no address of this machine
  | 'bad-trunks' // trunks.json cannot be used
  | 'bad-certificate' // of the TLS listener
  | 'role-failed'; // a process of ours ended before it was ready; its log says why

export class StartError extends Error {
  override readonly name = 'StartError';
  readonly code: StartErrorCode;
  /** One sentence for the person at the terminal: what is wrong and what mends it. Never holds a password. */
  readonly line: string;
  constructor(code: StartErrorCode, line: string, options?: ErrorOptions) {
    super(`${code}: ${line}`, options);
    this.code = code;
    this.line = line;
  }
}
