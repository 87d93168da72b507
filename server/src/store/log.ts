/** What the data side asks of a logger; pino fits. */
export interface Log {
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}

/** Called with a short sentence when a step begins that may take over a second. */
export type Progress = (step: string) => void;

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
