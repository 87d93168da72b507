/**
 * The INVITE server transaction (RFC 3261 §17.2.1, figure 7, with the Accepted state of RFC 6026 §7.1, figure 2).
 *
 *     proceeding      INVITE again: send the last 1xx again
 *        │ │ 2xx
 *        │ └────▶ accepted ──L──▶ ended            INVITE again: absorbed. ACK: passed up. 2xx again from the user: sent
 *        │ 300-699
 *        └──▶ completed ──ACK──▶ confirmed ──I──▶ ended
 *                 G: send again, G = min(2·G, T2)     H: failed (no ACK), ended
 *
 * The 2xx is repeated until its ACK by the user of the transaction, not by this machine (§13.3.1.4, `dialog` side).
 */
import { patience, type Action, type Setting, type Timer } from './timers.js';

export type InviteServer<Message> =
  | { status: 'proceeding'; setting: Setting; last: Message | null }
  | { status: 'accepted' }
  | { status: 'completed'; setting: Setting; last: Message; resendMs: number }
  | { status: 'confirmed' }
  | { status: 'ended' };

export type InviteServerInput<Message> =
  | { type: 'request-again' }
  | { type: 'respond'; status: number; response: Message }
  | { type: 'ack' }
  | { type: 'timer'; timer: Timer }
  | { type: 'transport-error' };

type Step<Message> = [InviteServer<Message>, Action<Message>[]];

/** An INVITE has come. The user answers 100 at once when it does not answer otherwise: we never know how long a floor rings. */
export function startInviteServer<Message>(setting: Setting): Step<Message> {
  return [{ status: 'proceeding', setting, last: null }, []];
}

export function stepInviteServer<Message>(
  now: InviteServer<Message>,
  input: InviteServerInput<Message>,
): Step<Message> {
  switch (now.status) {
    case 'proceeding':
      if (input.type === 'request-again') return [now, now.last === null ? [] : [{ type: 'send', message: now.last }]];
      if (input.type === 'respond') return respond(now.setting, now, input.status, input.response);
      if (input.type === 'transport-error') return failed('transport', []);
      return [now, []];
    case 'accepted':
      if (input.type === 'respond' && input.status >= 200 && input.status < 300) {
        return [now, [{ type: 'send', message: input.response }]];
      }
      if (input.type === 'ack') return [now, [{ type: 'pass' }]];
      if (input.type === 'timer' && input.timer === 'L') return [{ status: 'ended' }, [{ type: 'ended' }]];
      return [now, []];
    case 'completed':
      if (input.type === 'request-again') return [now, [{ type: 'send', message: now.last }]];
      if (input.type === 'ack') {
        const stop: Action<Message>[] = [
          { type: 'cancel', timer: 'G' },
          { type: 'cancel', timer: 'H' },
        ];
        if (now.setting.reliable) return [{ status: 'ended' }, [...stop, { type: 'ended' }]];
        return [{ status: 'confirmed' }, [...stop, { type: 'schedule', timer: 'I', ms: now.setting.times.t4 }]];
      }
      if (input.type === 'timer' && input.timer === 'G') {
        const resendMs = Math.min(now.resendMs * 2, now.setting.times.t2);
        return [
          { ...now, resendMs },
          [
            { type: 'send', message: now.last },
            { type: 'schedule', timer: 'G', ms: resendMs },
          ],
        ];
      }
      if (input.type === 'timer' && input.timer === 'H') return failed('timeout', [{ type: 'cancel', timer: 'G' }]);
      if (input.type === 'transport-error') {
        return failed('transport', [
          { type: 'cancel', timer: 'G' },
          { type: 'cancel', timer: 'H' },
        ]);
      }
      return [now, []];
    case 'confirmed':
      if (input.type === 'timer' && input.timer === 'I') return [{ status: 'ended' }, [{ type: 'ended' }]];
      return [now, []];
    case 'ended':
      return [now, []];
  }
}

function respond<Message>(
  setting: Setting,
  now: InviteServer<Message>,
  status: number,
  response: Message,
): Step<Message> {
  const send: Action<Message> = { type: 'send', message: response };
  if (status < 200) return now.status === 'proceeding' ? [{ ...now, last: response }, [send]] : [now, []];
  if (status < 300) {
    return [{ status: 'accepted' }, [send, { type: 'schedule', timer: 'L', ms: patience(setting.times) }]];
  }
  const actions: Action<Message>[] = [send];
  // Over TCP nothing is repeated, yet a missing ACK is still waited for (H runs on every transport).
  if (!setting.reliable) actions.push({ type: 'schedule', timer: 'G', ms: setting.times.t1 });
  actions.push({ type: 'schedule', timer: 'H', ms: patience(setting.times) });
  return [{ status: 'completed', setting, last: response, resendMs: setting.times.t1 }, actions];
}

function failed<Message>(because: 'timeout' | 'transport', before: Action<never>[]): Step<Message> {
  return [{ status: 'ended' }, [...before, { type: 'failed', because }, { type: 'ended' }]];
}
