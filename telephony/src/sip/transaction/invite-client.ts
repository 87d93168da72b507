/**
 * The INVITE client transaction (RFC 3261 §17.1.1, figure 5, with the Accepted state of RFC 6026 §7.2, figure 3).
 *
 *                 send INVITE, A and B run
 *     calling ──1xx──▶ proceeding          A: send again, A doubles      B: failed, ended
 *        │ └────2xx────────┐ │2xx
 *        │300-699          ▼ ▼
 *        │             accepted ──M──▶ ended       (every 2xx is passed up: forks, retransmissions)
 *        └──▶ completed ──D──▶ ended               (every further 300-699 is acknowledged again)
 */
import { lingerMs, patience, type Action, type Setting, type Timer } from './timers.js';

export type InviteClient<Message> =
  | { status: 'calling'; setting: Setting; request: Message; resendMs: number }
  | { status: 'proceeding'; setting: Setting }
  | { status: 'accepted' }
  | { status: 'completed' }
  | { status: 'ended' };

export type InviteClientInput =
  | { type: 'response'; status: number }
  | { type: 'timer'; timer: Timer }
  /** Its CANCEL was sent, and no final answer came in 64·T1 (§9.1). */
  | { type: 'given-up' }
  | { type: 'transport-error' };

type Step<Message> = [InviteClient<Message>, Action<Message>[]];

export function startInviteClient<Message>(request: Message, setting: Setting): Step<Message> {
  const { reliable, times } = setting;
  const actions: Action<Message>[] = [{ type: 'send', message: request }];
  if (!reliable) actions.push({ type: 'schedule', timer: 'A', ms: times.t1 });
  actions.push({ type: 'schedule', timer: 'B', ms: patience(times) });
  return [{ status: 'calling', setting, request, resendMs: times.t1 }, actions];
}

export function stepInviteClient<Message>(now: InviteClient<Message>, input: InviteClientInput): Step<Message> {
  switch (now.status) {
    case 'calling':
      if (input.type === 'timer' && input.timer === 'A') {
        const resendMs = now.resendMs * 2; // no T2 cap here: an INVITE may ring for long (§17.1.1.2)
        return [
          { ...now, resendMs },
          [
            { type: 'send', message: now.request },
            { type: 'schedule', timer: 'A', ms: resendMs },
          ],
        ];
      }
      if (input.type === 'timer' && input.timer === 'B') return failed('timeout', [{ type: 'cancel', timer: 'A' }]);
      if (input.type === 'transport-error') return failed('transport', stopCalling);
      return input.type === 'response' ? answered(now.setting, input.status, stopCalling) : [now, []];
    case 'proceeding':
      if (input.type === 'given-up') return failed('timeout', []);
      // Timer B is stopped by the first answer: how long a phone may ring is the user's business (§17.1.1.2).
      return input.type === 'response' ? answered(now.setting, input.status, []) : [now, []];
    case 'accepted':
      if (input.type === 'timer' && input.timer === 'M') return [{ status: 'ended' }, [{ type: 'ended' }]];
      if (input.type === 'response' && input.status >= 200 && input.status < 300) return [now, [{ type: 'pass' }]];
      return [now, []];
    case 'completed':
      if (input.type === 'timer' && input.timer === 'D') return [{ status: 'ended' }, [{ type: 'ended' }]];
      if (input.type === 'response' && input.status >= 300) return [now, [{ type: 'acknowledge' }]];
      if (input.type === 'transport-error') return failed('transport', [{ type: 'cancel', timer: 'D' }]);
      return [now, []];
    case 'ended':
      return [now, []];
  }
}

const stopCalling: Action<never>[] = [
  { type: 'cancel', timer: 'A' },
  { type: 'cancel', timer: 'B' },
];

function answered<Message>(setting: Setting, status: number, before: Action<never>[]): Step<Message> {
  if (status < 200) return [{ status: 'proceeding', setting }, [...before, { type: 'pass' }]];
  if (status < 300) {
    const linger: Action<Message> = { type: 'schedule', timer: 'M', ms: patience(setting.times) };
    return [{ status: 'accepted' }, [...before, { type: 'pass' }, linger]];
  }
  const actions: Action<Message>[] = [...before, { type: 'acknowledge' }, { type: 'pass' }];
  if (setting.reliable) return [{ status: 'ended' }, [...actions, { type: 'ended' }]];
  return [{ status: 'completed' }, [...actions, { type: 'schedule', timer: 'D', ms: lingerMs }]];
}

function failed<Message>(because: 'timeout' | 'transport', before: Action<never>[]): Step<Message> {
  return [{ status: 'ended' }, [...before, { type: 'failed', because }, { type: 'ended' }]];
}
