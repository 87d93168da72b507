import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Conversation, Offer } from '../conversation/conversation.js';
import { type AgentId, type ConversationId, epochMs, type TeamId } from '../ids.js';
import { type FloorAgent, indexFloor } from './floor.js';
import { route, routingDeadline } from './route.js';
import { defaultRule, type RoutingRule } from './rule.js';

const sales = 'tm_sales' as TeamId;
const support = 'tm_support' as TeamId;
const id = (name: string) => `ag_${name}` as AgentId;
const skipped = [{ what: 'skipped' }] as Conversation['trace'];
const entered = [{ what: 'entered' }] as Conversation['trace'];

function agent(name: string, team: TeamId, whyNot: FloorAgent['whyNot'] = null, since = 0): FloorAgent {
  return { id: id(name), team, whyNot, since: epochMs(since) };
}
function caller(name: string, facts: Partial<Conversation> = {}): Conversation {
  return {
    id: `cv_${name}` as ConversationId,
    status: 'waiting',
    owner: null,
    team: null,
    answeredAt: null,
    step: -1,
    stepStartedAt: null,
    waitingSince: epochMs(0),
    offers: [],
    trace: [],
    ...facts,
  } as Conversation;
}
const offered = (name: string, outcome: Offer['outcome'], closedAt: number) =>
  ({ agent: id(name), outcome, closedAt: epochMs(closedAt), offeredAt: epochMs(0) }) as Offer;
const at = (now: number, waiting: Conversation[], agents: FloorAgent[], rule: RoutingRule = defaultRule) =>
  route(rule, epochMs(now), waiting, indexFloor(agents));
const offersOf = (routed: ReturnType<typeof route>) =>
  routed.flatMap((one) =>
    one.decisions.flatMap((it) =>
      it.type === 'offer' ? [[one.conversation.slice(3), it.agent.slice(3), it.because] as const] : [],
    ),
  );
const kinds = (routed: ReturnType<typeof route>) => routed[0]?.decisions.map((one) => `${one.type} ${one.target}`);

describe('steps', () => {
  test('[RTG1] a free owner is asked, and nobody else', () => {
    const routed = at(
      0,
      [caller('1', { owner: id('anna'), team: sales })],
      [agent('ken', sales), agent('anna', sales)],
    );
    expect(kinds(routed)).toEqual(['enter owner', 'offer owner']);
    expect(offersOf(routed)).toEqual([['1', 'anna', 'owner']]);
  });
  test('[RTG2] [RTG3] an owner who is away costs the caller no time; the trace says why', () => {
    const one = caller('1', { owner: id('anna'), team: sales });
    const routed = at(0, [one], [agent('anna', sales, 'away'), agent('ken', sales)]);
    expect(kinds(routed)).toEqual(['skip owner', 'enter team', 'offer team']);
    const anna = [{ agent: 'ag_anna', because: 'away' }];
    expect(routed[0]?.decisions[0]).toMatchObject({ because: 'nobody-could-answer', passedOver: anna });
    expect(routed[0]?.decisions[2]).toMatchObject({ agent: 'ag_ken', passedOver: anna });
  });
  test('[RTG2] nobody known: the first two steps are skipped by their reasons', () => {
    const routed = at(0, [caller('1')], [agent('ken', sales)]);
    expect(routed[0]?.decisions.map((one) => ('because' in one ? one.because : one.type))).toEqual([
      'no-owner',
      'no-team',
      'enter',
      'longest-idle',
    ]);
  });
  test('[RTG3] nobody at all: three skips, told once; then whoever frees is asked', () => {
    const facts = { owner: id('anna'), team: sales };
    const agents = [agent('anna', sales, 'talking'), agent('ken', sales, 'wrap-up'), agent('eva', support, 'offline')];
    expect(kinds(at(0, [caller('1', facts)], agents))).toEqual(['skip owner', 'skip team', 'skip anyone']);
    const after = caller('1', { ...facts, answeredAt: epochMs(0), step: 2, stepStartedAt: epochMs(0), trace: skipped });
    expect(at(1_000, [after], agents)).toEqual([]);
    const freed = [agent('eva', support, null, 2_000), ...agents.slice(0, 2)];
    expect(offersOf(at(2_000, [after], freed))).toEqual([['1', 'eva', 'freed']]);
  });
  test('[RTG1] a step whose time is over gives way to the next, though somebody in it is free', () => {
    const one = caller('1', {
      team: sales,
      step: 1,
      stepStartedAt: epochMs(0),
      trace: entered,
      offers: [offered('ken', 'timed-out', 44_000)],
    });
    const agents = [agent('ken', sales, 'away'), agent('mio', sales), agent('eva', support)];
    expect(kinds(at(45_000, [one], agents))).toEqual(['end-step team', 'enter anyone', 'offer anyone']);
  });
  test('[RTG10] with a hold, a caller waits for a talking owner; without, never', () => {
    const holding: RoutingRule = {
      ...defaultRule,
      steps: defaultRule.steps.map((one) => (one.target === 'owner' ? { ...one, holdMs: 10_000 } : one)),
    };
    const facts = { owner: id('anna'), team: sales };
    const agents = [agent('anna', sales, 'talking'), agent('ken', sales)];
    expect(offersOf(at(0, [caller('1', facts)], agents))).toEqual([['1', 'ken', 'longest-idle']]);
    expect(kinds(at(0, [caller('1', facts)], agents, holding))).toEqual(['enter owner']);
    const held = caller('1', { ...facts, step: 0, stepStartedAt: epochMs(0), trace: entered });
    expect(routingDeadline(holding, held, epochMs(0))).toBe(10_000);
    expect(offersOf(at(10_000, [held], agents, holding))).toEqual([['1', 'ken', 'longest-idle']]);
  });
});

describe('who', () => {
  test('[RTG4] who has been free the longest is asked first; a second free one is named', () => {
    const agents = [agent('ken', sales, null, 50), agent('mio', sales, null, 10)];
    const routed = at(100, [caller('1', { team: sales })], agents);
    expect(offersOf(routed)).toEqual([['1', 'mio', 'longest-idle']]);
    expect(routed[0]?.decisions.at(-1)).toMatchObject({ passedOver: [{ agent: 'ag_ken', because: 'idle-shorter' }] });
  });
  test('[RTG4] [RSV1] ring-all asks everybody of the step who is free', () => {
    const steps = defaultRule.steps.map((one) => ({ ...one, strategy: 'ring-all' as const }));
    const agents = [agent('ken', sales), agent('mio', sales), agent('eva', support)];
    expect(offersOf(at(0, [caller('1', { team: sales })], agents, { ...defaultRule, steps }))).toEqual([
      ['1', 'ken', 'ring-all'],
      ['1', 'mio', 'ring-all'],
    ]);
  });
  test('[RTG5] who declined is passed over for 30 s, and asked again when they say available anew', () => {
    const one = caller('1', { step: 2, offers: [offered('ken', 'declined', 1_000)], trace: entered });
    expect(offersOf(at(2_000, [one], [agent('ken', sales)]))).toEqual([]);
    expect(routingDeadline(defaultRule, one, epochMs(2_000))).toBe(31_000);
    expect(offersOf(at(31_000, [one], [agent('ken', sales)]))).toHaveLength(1);
    expect(offersOf(at(2_000, [one], [agent('ken', sales, null, 1_500)]))).toHaveLength(1);
  });
  test('[RTG6] a freed agent takes their own customer before older ones, then their team’s', () => {
    const last = { step: 2, trace: skipped };
    const waiting = [
      caller('stranger', { ...last, waitingSince: epochMs(0) }),
      caller('team', { ...last, team: sales, waitingSince: epochMs(10) }),
      caller('own', { ...last, owner: id('ken'), team: sales, waitingSince: epochMs(20) }),
    ];
    const order: string[] = [];
    for (let rest = waiting; rest.length > 0; rest = rest.slice()) {
      const [first] = offersOf(at(1_000, rest, [agent('ken', sales)]));
      if (first === undefined) break;
      order.push(first[0]);
      rest = rest.filter((one) => one.id !== `cv_${first[0]}`);
    }
    expect(order).toEqual(['own', 'team', 'stranger']);
  });
  test('[RTG7] a caller who has waited three minutes goes before a younger own customer', () => {
    const last = { step: 2, trace: skipped };
    const waiting = [
      caller('own', { ...last, owner: id('ken'), waitingSince: epochMs(20_000) }),
      caller('old', { ...last, waitingSince: epochMs(0) }),
    ];
    expect(offersOf(at(179_999, waiting, [agent('ken', sales)]))[0]?.[0]).toBe('own');
    expect(offersOf(at(180_000, waiting, [agent('ken', sales)]))[0]?.[0]).toBe('old');
  });
});

const names = ['anna', 'ken', 'mio', 'eva', 'tom', 'rin'];
const anyAgents = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom(...names),
    team: fc.constantFrom(sales, support),
    whyNot: fc.constantFrom(null, null, 'away' as const, 'talking' as const, 'offline' as const),
    since: fc.nat(1_000),
  }),
  { selector: (one) => one.name },
);
const anyCallers = fc.uniqueArray(
  fc.record({
    name: fc.nat(99),
    owner: fc.option(fc.constantFrom(...names)),
    team: fc.option(fc.constantFrom(sales, support)),
    step: fc.integer({ min: -1, max: 2 }),
    waitingSince: fc.nat(1_000),
  }),
  { selector: (one) => one.name },
);
const floor = fc.tuple(anyAgents, anyCallers).map(([agents, callers]) => ({
  agents: agents.map((one) => agent(one.name, one.team, one.whyNot, one.since)),
  callers: callers.map((one) =>
    caller(String(one.name), {
      owner: one.owner === null ? null : id(one.owner),
      team: one.team,
      step: one.step,
      stepStartedAt: epochMs(1_000),
      waitingSince: epochMs(one.waitingSince),
      trace: one.step < 0 ? [] : skipped,
    }),
  ),
}));

describe('on any floor', () => {
  test('[RSV2] nobody is offered two conversations, and nobody who cannot answer is offered one', () => {
    fc.assert(
      fc.property(floor, ({ agents, callers }) => {
        const asked = offersOf(at(1_000, callers, agents)).map((one) => one[1]);
        expect(new Set(asked).size).toBe(asked.length);
        for (const name of asked) expect(agents.find((one) => one.id === `ag_${name}`)?.whyNot).toBeNull();
      }),
    );
  });
  test('[RTG8] nobody stays free while somebody waits', () => {
    fc.assert(
      fc.property(floor, ({ agents, callers }) => {
        const served = offersOf(at(1_000, callers, agents)).length;
        expect(served).toBe(Math.min(callers.length, agents.filter((one) => one.whyNot === null).length));
      }),
    );
  });
  test('[RTG3] whoever is not asked in the step that offers is named with a reason', () => {
    fc.assert(
      fc.property(floor, ({ agents, callers }) => {
        for (const { decisions } of at(1_000, callers, agents)) {
          for (const one of decisions) {
            if (one.type === 'offer' && one.target === 'anyone') expect(one.passedOver).toHaveLength(agents.length - 1);
          }
        }
      }),
    );
  });
});
