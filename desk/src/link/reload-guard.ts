/** May this page reload for the server's build? Once per build and minute: a server that keeps sending the old page must not make a loop. */
export interface ReloadMark {
  build: string;
  at: number;
}

const pauseMs = 60_000;

export const mayReload = (last: ReloadMark | null, build: string, now: number): boolean =>
  !last || last.build !== build || now - last.at >= pauseMs;

const storedUnder = 'denwaban.reload';

export function readMark(): ReloadMark | null {
  try {
    const read = JSON.parse(sessionStorage.getItem(storedUnder) ?? 'null') as Partial<ReloadMark> | null;
    return typeof read?.build === 'string' && typeof read.at === 'number' ? { build: read.build, at: read.at } : null;
  } catch {
    return null;
  }
}

/** @returns false when the mark could not be kept: then a reload might loop */
export function writeMark(mark: ReloadMark): boolean {
  try {
    sessionStorage.setItem(storedUnder, JSON.stringify(mark));
    return true;
  } catch {
    return false;
  }
}
