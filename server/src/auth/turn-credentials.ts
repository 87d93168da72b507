/** What an agent's browser needs to use the TURN servers, and for how long. Never logged. */
import { createHmac } from 'node:crypto';
import type { AgentId, EpochMs } from '@denwaban/core';
import type { IceServers } from '@denwaban/core/wire';
import type { TurnSettings } from '../turn-settings.js';

/**
 * With a secret: the name is `<epoch seconds at which it ends>:<agent>` and the password base64 of its HMAC-SHA1
 * (draft-uberti-behave-turn-rest-00 §2.2; coturn's use-auth-secret). The server knows nothing of our people and need not: the
 * name tells its log who relayed, and the password is worth nothing when its time is over.
 */
export function iceServersOf(turn: TurnSettings | null, agent: AgentId, now: EpochMs): IceServers {
  if (turn === null) return { iceServers: [], policy: 'all', validMs: null };
  const { urls, access, policy } = turn;
  if ('user' in access) {
    return { iceServers: [{ urls, username: access.user, credential: access.password }], policy, validMs: null };
  }
  const username = `${Math.floor(now / 1000) + access.seconds}:${agent}`;
  const credential = createHmac('sha1', access.secret).update(username).digest('base64');
  return { iceServers: [{ urls, username, credential }], policy, validMs: access.seconds * 1000 };
}
