/**
 * The server transaction of every other request (RFC 3261 §17.2.2, figure 8).
 *
 *     trying ──1xx──▶ proceeding           request again: nothing while trying, the last answer afterwards
 *        │ 200-699        │ 200-699
 *        └──────▶ completed ──J──▶ ended   (the answer is repeated for each copy of the request)
 */
import { patience, type Action, type Setting, type Timer } from './timers.js';

export type NonInviteServer<Message> =
  | { status: 'trying'; setting: Setting }
  | { status: 'proceeding'; setting: Setting; last: Message }
  | { status: 'completed'; last: Message }
  | { status: 'ended' };

export type NonInviteServerInput<Message> =
  | { type: 'request-again' }
  | { type: 'respond'; status: number; response: Message }
  | { type: 'timer'; timer: Timer }
  | { type: 'transport-error' };

type Step<Message> = [NonInviteServer<Message>, Action<Message>[]];

export function startNonInviteServer<Message>(setting: Setting): Step<Message> {
  return [{ status: 'trying', setting }, []];
}

export function stepNonInviteServer<Message>(
  now: NonInviteServer<Message>,
  input: NonInviteServerInput<Message>,
): Step<Message> {
  switch (now.status) {
    case 'trying':
    case 'proceeding': {
      if (input.type === 'transport-error') {
        return [{ status: 'ended' }, [{ type: 'failed', because: 'transport' }, { type: 'ended' }]];
      }
      if (input.type === 'request-again') {
        return [now, now.status === 'proceeding' ? [{ type: 'send', message: now.last }] : []];
      }
      if (input.type !== 'respond') return [now, []];
      const send: Action<Message> = { type: 'send', message: input.response };
      const { setting } = now;
      if (input.status < 200) return [{ status: 'proceeding', setting, last: input.response }, [send]];
      if (setting.reliable) return [{ status: 'ended' }, [send, { type: 'ended' }]];
      return [
        { status: 'completed', last: input.response },
        [send, { type: 'schedule', timer: 'J', ms: patience(setting.times) }],
      ];
    }
    case 'completed':
      if (input.type === 'request-again') return [now, [{ type: 'send', message: now.last }]];
      if (input.type === 'timer') return [{ status: 'ended' }, [{ type: 'ended' }]];
      if (input.type === 'transport-error') {
        return [
          { status: 'ended' },
          [{ type: 'cancel', timer: 'J' }, { type: 'failed', because: 'transport' }, { type: 'ended' }],
        ];
      }
      return [now, []];
    case 'ended':
      return [now, []];
  }
}
