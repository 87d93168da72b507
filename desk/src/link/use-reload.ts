import { useEffect, useState } from 'react';
import { type Readable, useView } from '../kit/store.js';
import { thisBuild } from './build.js';
import { mayReload, readMark, writeMark } from './reload-guard.js';

/**
 * Reloads the page when the server has another build and `quiet` is true: nobody would be disturbed. A reload always brings
 * the server's version, for the page is never cached.
 *
 * @returns `waiting` while it is not quiet, `stuck` when a reload did not help
 */
export function useReload(
  store: Readable<{ outdated: boolean; serverBuild: string | null }>,
  quiet: boolean,
): 'current' | 'waiting' | 'stuck' {
  const build = useView(store, (view) => (view.outdated ? view.serverBuild : null));
  const [stuck, setStuck] = useState(false);
  const development = thisBuild() === 'development';
  useEffect(() => {
    if (!build || !quiet || development) return;
    const now = Date.now();
    if (mayReload(readMark(), build, now) && writeMark({ build, at: now })) location.reload();
    else setStuck(true);
  }, [build, quiet, development]);
  if (!build || development) return 'current';
  return stuck ? 'stuck' : 'waiting';
}
