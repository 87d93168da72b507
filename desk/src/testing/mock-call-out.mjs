/** Calls out, as the cardboard server plays them. What becomes of one, the last digit of its number says. */
const becomes = { 1: 'busy', 2: 'no-answer', 3: 'declined', 4: 'unknown-number', 5: 'unreachable' };

/** @returns what answers `call.place` and `call.hang-up` of a call that nobody has answered */
export function callsOut({ desk, change, refuse, talkOf, presence, rest, customers, conversations, agent, now }) {
  let timers = [];
  const later = (ms, what) => timers.push(setTimeout(() => what(), ms));

  function over(call, endCause, endedBy) {
    timers.forEach(clearTimeout);
    timers = [];
    const { caller, startedAt } = call;
    const ref = { id: agent().id, name: agent().name };
    conversations.unshift({
      ...conversations.find((one) => one.direction === 'outbound'),
      ...{ id: caller.conversation, customerNumber: caller.number, to: caller.number, customer: caller.customer },
      ...{ by: ref, agents: [], end: 'unanswered', endCause, endedBy, hasRecording: false, disposition: null },
      ...{ startedAt, endedAt: now(), ringMs: now() - startedAt, talkMs: 0, wrapUpMs: 0 },
    });
    change({ call: null, presence: rest() });
  }

  return {
    place(message) {
      const digits = message.number.normalize('NFKC').replace(/[^+\d]/g, '');
      const no = (code) => refuse(code, message);
      if (/^(110|118|119|911|112)$/.test(digits)) return no('emergency-number');
      if (digits.length < 8) return no('no-number');
      if (digits.startsWith('+') && !digits.startsWith('+81')) return no('number-not-allowed');
      if (desk().line !== 'proven') return no('no-line');
      if (desk().call || desk().offer || desk().wrapUp) return no('busy');
      const number = digits.startsWith('+') ? digits : `+81${digits.slice(1)}`;
      const customer = customers.find((one) => one.phones.includes(number));
      const caller = {
        conversation: `cv_out${now()}`,
        customer: customer ? { id: customer.id, name: customer.name, kana: customer.kana } : null,
        ...{ number, numberRaw: null, to: '+81312345678', toName: 'サポート', owner: customer?.owner ?? null },
        waitingSince: now(),
      };
      const call = { ...talkOf(caller), direction: 'outbound', recording: false };
      change({ presence: presence('talking'), call: { ...call, state: 'calling' } });
      const cause = becomes[number.at(-1)];
      later(900, () => change({ call: { ...desk().call, state: 'ringing' } }));
      if (cause) later(2_200, () => over(desk().call, cause, 'customer'));
      // A number that ends in 9 rings until one cancels.
      else if (!number.endsWith('9')) {
        later(3_000, () => change({ call: { ...desk().call, state: 'talking', startedAt: now(), recording: true } }));
      }
    },
    /** @returns false for a call that was answered */
    cancel() {
      const { call } = desk();
      if (call?.state !== 'calling' && call?.state !== 'ringing') return false;
      over(call, 'normal', 'agent');
      return true;
    },
  };
}
