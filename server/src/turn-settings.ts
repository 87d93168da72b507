/** The settings of the TURN servers, which carry the audio of agents whose network lets no other way through (RFC 8656). */
import type { SettingName } from './setting-table.js';

export interface TurnSettings {
  /** `turn:` and `turns:` URLs (RFC 7065), in the order written. */
  urls: string[];
  /** How a browser proves itself: with a name that runs out, made from a shared secret, or with one user for all. */
  access: { secret: string; seconds: number } | { user: string; password: string };
  /** `relay`: the browser may use nothing else. For trying the server out. */
  policy: 'all' | 'relay';
}

type TurnName = Extract<SettingName, `DENWABAN_TURN_${string}`>;
const url = /^turns?:(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?(\?transport=(udp|tcp))?$/i;
const secondsMin = 5;
const secondsMax = 86_400;

/**
 * @param written the value of a setting; undefined when unset or blank
 * @param wrong takes each problem; secrets and passwords are never in one
 * @returns null without TURN, and when something is wrong with it
 */
export function readTurn(
  written: (name: TurnName) => string | undefined,
  wrong: (name: TurnName, what: string) => void,
): TurnSettings | null {
  const urls = (written('DENWABAN_TURN_URLS') ?? '').split(/[\s,]+/).filter((one) => one !== '');
  const secret = written('DENWABAN_TURN_SECRET');
  const user = written('DENWABAN_TURN_USER');
  const password = written('DENWABAN_TURN_PASSWORD');
  const policy = written('DENWABAN_TURN_POLICY') ?? 'all';
  const seconds = Number(written('DENWABAN_TURN_SECONDS') ?? '3600');
  let sound = true;
  const problem = (name: TurnName, what: string): void => {
    sound = false;
    wrong(name, what);
  };

  // A browser refuses the whole connection for one URL that it cannot read.
  const odd = urls.find((one) => !url.test(one) || Number(/:(\d+)(\?|$)/.exec(one)?.[1] ?? 1) > 65_535);
  if (odd !== undefined) {
    problem(
      'DENWABAN_TURN_URLS',
      `"${odd}" is not the address of a TURN server. Write turn:turn.example.com:3478 or turns:turn.example.com:443?transport=tcp, several separated by commas.`,
    );
  }
  if (policy !== 'all' && policy !== 'relay') {
    problem('DENWABAN_TURN_POLICY', `"${policy}" is neither all nor relay. Give one of the two.`);
  }
  if (!Number.isInteger(seconds) || seconds < secondsMin || seconds > secondsMax) {
    problem('DENWABAN_TURN_SECONDS', `is not a number from ${secondsMin} to ${secondsMax}.`);
  }
  if ((user === undefined) !== (password === undefined)) {
    const [given, missing] =
      user === undefined
        ? (['DENWABAN_TURN_PASSWORD', 'DENWABAN_TURN_USER'] as const)
        : (['DENWABAN_TURN_USER', 'DENWABAN_TURN_PASSWORD'] as const);
    problem(missing, `is missing beside ${given}. Give both, or neither with DENWABAN_TURN_SECRET.`);
  } else if (secret !== undefined && user !== undefined) {
    problem(
      'DENWABAN_TURN_SECRET',
      'and DENWABAN_TURN_USER exclude each other. Keep the one that your server is set up for.',
    );
  } else if (urls.length > 0 && secret === undefined && user === undefined) {
    problem(
      'DENWABAN_TURN_SECRET',
      'is needed with DENWABAN_TURN_URLS: the static-auth-secret of your coturn. Or give DENWABAN_TURN_USER and DENWABAN_TURN_PASSWORD.',
    );
  } else if (urls.length === 0 && (secret !== undefined || user !== undefined || policy === 'relay')) {
    problem('DENWABAN_TURN_URLS', 'is needed by the other TURN settings. Write turn:turn.example.com:3478.');
  }
  if (!sound || urls.length === 0 || (policy !== 'all' && policy !== 'relay')) return null;
  if (secret !== undefined) return { urls, access: { secret, seconds }, policy };
  return user === undefined || password === undefined ? null : { urls, access: { user, password }, policy };
}
