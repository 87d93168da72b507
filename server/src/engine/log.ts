/** The part of pino that the engine uses. Ids and numbers; never a secret, a caller's words or a note. */
export interface EngineLog {
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}
