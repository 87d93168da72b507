/** `--role media`: the media process under the supervisor. What it does is telephony's; here are only its beginning and its end. */
import type { RoleRetire } from './messages.js';
import { enterRole } from './role.js';

/** Recordings are finished within this, or cut off (they stay playable up to the last second). */
const lastWordsMs = 5000;

export async function runMedia(): Promise<void> {
  const role = await enterRole('media', () => {
    // Nobody is left to answer for the calls. SIGTERM is how the media process finishes its recordings and ends.
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.exit(1), lastWordsMs).unref();
  });
  process.argv[2] = JSON.stringify(role.start.settings);
  const { ready, retire } = await import('@denwaban/telephony/media-process');
  await ready;
  process.on('message', (message: RoleRetire) => message.type === 'retire' && retire());
  role.tell({ type: 'ready', facts: null });
}
