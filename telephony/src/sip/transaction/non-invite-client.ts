/**
 * The client transaction of every other request (RFC 3261 §17.1.2, figure 6).
 *
 *                 send request, E and F run
 *     trying ──1xx──▶ proceeding           E: send again, E = min(2·E, T2); T2 once proceeding     F: failed, ended
 *        │ 200-699        │ 200-699
 *        └──────▶ completed ──K──▶ ended   (strays are absorbed)
 */
import { patience, type Action, type Setting, type Timer } from './timers.js';

export type NonInviteClient<Message> =
  | { status: 'trying' | 'proceeding'; setting: Setting; request: Message; resendMs: number }
  | { status: 'completed' }
  | { status: 'ended' };

export type NonInviteClientInput =
  | { type: 'response'; status: number }
  | { type: 'timer'; timer: Timer }
  | { type: 'transport-error' };

type Step<Message> = [NonInviteClient<Message>, Action<Message>[]];

export function startNonInviteClient<Message>(request: Message, setting: Setting): Step<Message> {
  const { reliable, times } = setting;
  const actions: Action<Message>[] = [{ type: 'send', message: request }];
  if (!reliable) actions.push({ type: 'schedule', timer: 'E', ms: times.t1 });
  actions.push({ type: 'schedule', timer: 'F', ms: patience(times) });
  return [{ status: 'trying', setting, request, resendMs: times.t1 }, actions];
}

export function stepNonInviteClient<Message>(
  now: NonInviteClient<Message>,
  input: NonInviteClientInput,
): Step<Message> {
  switch (now.status) {
    case 'trying':
    case 'proceeding': {
      const { times, reliable } = now.setting;
      if (input.type === 'timer' && input.timer === 'E') {
        const resendMs = now.status === 'proceeding' ? times.t2 : Math.min(now.resendMs * 2, times.t2);
        return [
          { ...now, resendMs },
          [
            { type: 'send', message: now.request },
            { type: 'schedule', timer: 'E', ms: resendMs },
          ],
        ];
      }
      if (input.type === 'timer' && input.timer === 'F') return failed('timeout');
      if (input.type === 'transport-error') return failed('transport');
      if (input.type !== 'response') return [now, []];
      if (input.status < 200) return [{ ...now, status: 'proceeding' }, [{ type: 'pass' }]];
      const actions: Action<Message>[] = [...stopTrying, { type: 'pass' }];
      if (reliable) return [{ status: 'ended' }, [...actions, { type: 'ended' }]];
      return [{ status: 'completed' }, [...actions, { type: 'schedule', timer: 'K', ms: times.t4 }]];
    }
    case 'completed':
      if (input.type === 'timer' && input.timer === 'K') return [{ status: 'ended' }, [{ type: 'ended' }]];
      return [now, []];
    case 'ended':
      return [now, []];
  }
}

const stopTrying: Action<never>[] = [
  { type: 'cancel', timer: 'E' },
  { type: 'cancel', timer: 'F' },
];

function failed<Message>(because: 'timeout' | 'transport'): Step<Message> {
  return [{ status: 'ended' }, [...stopTrying, { type: 'failed', because }, { type: 'ended' }]];
}
