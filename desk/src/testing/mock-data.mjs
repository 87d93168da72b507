/** A made-up company for looking at the screens without a server: deterministic, in the shapes of core/wire. */
const surnames = [
  ['佐藤', 'サトウ'],
  ['鈴木', 'スズキ'],
  ['高橋', 'タカハシ'],
  ['田中', 'タナカ'],
  ['伊藤', 'イトウ'],
  ['渡辺', 'ワタナベ'],
  ['山本', 'ヤマモト'],
  ['中村', 'ナカムラ'],
  ['小林', 'コバヤシ'],
  ['加藤', 'カトウ'],
  ['吉田', 'ヨシダ'],
  ['佐々木', 'ササキ'],
];
const given = [
  ['陽菜', 'ハルナ'],
  ['翔太', 'ショウタ'],
  ['美咲', 'ミサキ'],
  ['健', 'ケン'],
  ['結衣', 'ユイ'],
  ['大輔', 'ダイスケ'],
  ['葵', 'アオイ'],
  ['直樹', 'ナオキ'],
];
const companies = [
  '株式会社ヤマダ製作所',
  '株式会社ミナト',
  '北野商店',
  null,
  '青木運輸株式会社',
  'Harbour Coffee Ltd',
  null,
  '東京第一印刷株式会社',
];
const english = ['James Walker', 'Emily Carter', 'Christopher Montgomery', 'Sophie Bennett'];

export const teams = [
  { id: 'tm_support', name: 'サポート' },
  { id: 'tm_sales', name: '営業' },
  { id: 'tm_renewal', name: '契約・更新' },
];

const nameOf = (n) => {
  if (n % 9 === 8) return { name: english[Math.floor(n / 9) % english.length], kana: null };
  const [s, sk] = surnames[n % surnames.length];
  const [g, gk] = given[Math.floor(n / surnames.length + n) % given.length];
  return { name: `${s} ${g}`, kana: `${sk} ${gk}` };
};

const states = [
  'available',
  'talking',
  'available',
  'wrap-up',
  'away',
  'talking',
  'available',
  'away',
  'offered',
  'offline',
  'connecting',
  'talking',
];
const reasons = ['break', 'lunch', 'meeting', 'training', 'no-answer', 'other'];

export function makeAgents(count, now) {
  return Array.from({ length: count }, (_, n) => {
    const state = states[n % states.length];
    return {
      id: `ag_${n}`,
      ...nameOf(n),
      role: n === 0 ? 'admin' : n % 4 === 1 && n < 12 ? 'supervisor' : 'agent',
      team: n === 0 ? teams[0] : teams[n % teams.length],
      presence: {
        says: state === 'away' || state === 'offline' ? 'away' : 'available',
        reason: state === 'away' ? reasons[n % reasons.length] : null,
        state,
        since: now - ((n * 97) % 1500) * 1000,
      },
    };
  });
}

export function makeCustomers(agents) {
  return Array.from({ length: 300 }, (_, n) => {
    const owner = n % 7 === 6 ? null : agents[n % 12];
    return {
      id: `cu_${n}`,
      ...nameOf(n + 5),
      company: companies[n % companies.length],
      phones: [`+813${String(55550100 + n)}`, ...(n % 3 === 0 ? [`+8190${String(12340000 + n)}`] : [])],
      owner: owner && { id: owner.id, name: owner.name },
      team: owner ? owner.team : null,
    };
  });
}

const dispositions = ['resolved', 'callback', 'information', null, 'complaint', 'escalated'];

export function makeConversations(agents, customers, now) {
  return Array.from({ length: 240 }, (_, n) => {
    const customer = n % 8 === 5 ? null : customers[(n * n + 3 * n) % 47];
    const abandoned = (n * 11 + Math.floor(n / 7)) % 6 === 4;
    const startedAt = now - n * 41 * 60_000 - 600_000;
    const waitMs = 4_000 + ((n * 7919) % 50_000);
    const ringMs = Math.min(waitMs, 3_000 + ((n * 331) % 9_000));
    const talkMs = abandoned ? 0 : 30_000 + ((n * 104_729) % 600_000);
    const holdMs = abandoned || n % 4 ? 0 : 22_000;
    const agent = agents[(n * 5) % 12];
    const ref = { id: agent.id, name: agent.name };
    const leftAt = startedAt + waitMs + talkMs + holdMs;
    if (n % 5 === 3 && customer) return calledOut(n, { customer, startedAt, ref });
    return {
      id: `cv_${String(9999 - n).padStart(6, '0')}`,
      status: 'closed',
      channel: 'voice',
      startedAt,
      endedAt: leftAt,
      direction: 'inbound',
      by: null,
      customerNumber: customer ? customer.phones[0] : n % 16 === 5 ? null : `+8152000${8000 + n}`,
      from: customer ? customer.phones[0] : n % 16 === 5 ? null : `+8152000${8000 + n}`,
      fromRaw: null,
      to: '+81312345678',
      toName: ['サポート', '営業', '契約・更新'][n % 3],
      customer: customer && { id: customer.id, name: customer.name, kana: customer.kana },
      owner: customer?.owner ?? null,
      team: customer?.team ?? null,
      agents: abandoned ? [] : [ref],
      end: abandoned ? 'abandoned' : 'completed',
      endedBy: abandoned || n % 3 ? 'customer' : 'agent',
      endCause: 'hung-up',
      waitMs,
      ringMs,
      talkMs,
      holdMs,
      wrapUpMs: abandoned ? 0 : 18_000,
      disposition: abandoned ? null : dispositions[n % dispositions.length],
      hasRecording: !abandoned,
    };
  });
}

const unanswered = ['busy', 'no-answer', 'declined', 'unknown-number', 'unreachable'];

/** One that an agent placed; every third was not answered. */
function calledOut(n, { customer, startedAt, ref }) {
  const cause = n % 3 === 0 ? unanswered[Math.floor(n / 15) % unanswered.length] : null;
  const ringMs = 6_000 + ((n * 331) % 15_000);
  const talked = cause ? 0 : 30_000 + ((n * 104_729) % 600_000);
  return {
    id: `cv_${String(9999 - n).padStart(6, '0')}`,
    status: 'closed',
    channel: 'voice',
    startedAt,
    endedAt: startedAt + ringMs + talked,
    direction: 'outbound',
    by: ref,
    customerNumber: customer.phones[0],
    from: '+81312345678',
    fromRaw: null,
    to: customer.phones[0],
    toName: 'サポート',
    customer: { id: customer.id, name: customer.name, kana: customer.kana },
    owner: customer.owner,
    team: customer.team,
    agents: cause ? [] : [ref],
    end: cause ? 'unanswered' : 'completed',
    endedBy: cause === 'busy' || cause === 'declined' ? 'customer' : cause ? 'system' : 'agent',
    endCause: cause ?? 'normal',
    waitMs: 0,
    ringMs,
    talkMs: talked,
    holdMs: 0,
    wrapUpMs: cause ? 0 : 18_000,
    disposition: cause ? null : dispositions[n % dispositions.length],
    hasRecording: !cause,
  };
}

export function detailOf(summary, agents) {
  if (summary.direction === 'outbound') return calledOutDetail(summary);
  const agent = summary.agents[0] ?? null;
  const first = agents[3];
  const other = { id: first.id, name: first.name };
  const t0 = summary.startedAt;
  const answered = t0 + summary.waitMs;
  const ringFrom = answered - summary.ringMs;
  const half = Math.floor(summary.talkMs / 2);
  const segments = [
    { kind: 'wait', agent: null, startedAt: t0, endedAt: answered },
    { kind: 'ring', agent: other, startedAt: t0 + 300, endedAt: Math.max(t0 + 900, ringFrom - 200) },
  ];
  if (agent) {
    segments.push({ kind: 'ring', agent, startedAt: ringFrom, endedAt: answered });
    if (summary.holdMs > 0) {
      const held = answered + half;
      segments.push(
        { kind: 'talk', agent, startedAt: answered, endedAt: held },
        { kind: 'hold', agent, startedAt: held, endedAt: held + summary.holdMs },
        { kind: 'talk', agent, startedAt: held + summary.holdMs, endedAt: summary.endedAt },
      );
    } else segments.push({ kind: 'talk', agent, startedAt: answered, endedAt: summary.endedAt });
    segments.push({ kind: 'wrap-up', agent, startedAt: summary.endedAt, endedAt: summary.endedAt + summary.wrapUpMs });
  }
  const passed = agents.slice(4, 8).map((one, n) => ({
    agent: { id: one.id, name: one.name },
    because: ['talking', 'away', 'wrap-up', 'idle-shorter'][n],
  }));
  const quality = (mos) => {
    const way = { packets: 4_000, lostPercent: mos > 4 ? 0.1 : 2.4, jitterMs: 3.2, mos };
    return { mos, from: way, to: way, rttMs: 18 };
  };
  const line = (who, mos, worst) => ({
    ...{ agent: who, since: answered, spanMs: summary.talkMs },
    ...{ grade: 'good', worstGrade: worst < 3.6 ? 'poor' : 'good', mean: quality(mos), worst: quality(worst) },
  });
  return {
    ...summary,
    fax: false,
    lines: agent ? [line(null, 4.35, 4.1), line(agent, 4.3, 3.4)] : [],
    segments,
    offers: [
      {
        agent: other,
        target: 'owner',
        offeredAt: t0 + 300,
        ringingAt: t0 + 420,
        closedAt: ringFrom - 200,
        outcome: 'timed-out',
      },
      ...(agent
        ? [
            {
              agent,
              target: 'team',
              offeredAt: ringFrom,
              ringingAt: ringFrom + 110,
              closedAt: answered,
              outcome: 'accepted',
            },
          ]
        : [
            {
              agent: other,
              target: 'team',
              offeredAt: ringFrom,
              ringingAt: null,
              closedAt: answered,
              outcome: 'abandoned',
            },
          ]),
    ],
    trace: [
      { at: t0 + 290, step: 0, target: 'owner', what: 'entered', agent: null, because: null, passedOver: [] },
      { at: t0 + 300, step: 0, target: 'owner', what: 'offered', agent: other, because: 'owner', passedOver: [] },
      {
        at: ringFrom - 200,
        step: 0,
        target: 'owner',
        what: 'ended',
        agent: null,
        because: 'ring-time-over',
        passedOver: [],
      },
      {
        at: ringFrom - 190,
        step: 1,
        target: 'team',
        what: 'skipped',
        agent: null,
        because: 'nobody-could-answer',
        passedOver: passed.slice(0, 2),
      },
      { at: ringFrom - 180, step: 2, target: 'anyone', what: 'entered', agent: null, because: null, passedOver: [] },
      {
        at: ringFrom,
        step: 2,
        target: 'anyone',
        what: 'offered',
        agent: agent ?? other,
        because: 'longest-idle',
        passedOver: passed,
      },
    ],
    wrapUps: agent
      ? [
          {
            agent,
            startedAt: summary.endedAt,
            endedAt: summary.endedAt + summary.wrapUpMs,
            because: 'saved',
            disposition: summary.disposition,
            note: '契約の更新日について問い合わせ。\n来月 5 日までに見積書をメールで送る。',
          },
        ]
      : [],
    recording: summary.hasRecording
      ? { id: 'rc_1', startedAt: answered, durationMs: summary.talkMs + summary.holdMs, finished: true }
      : null,
  };
}

function calledOutDetail(summary) {
  const { by: agent, startedAt: t0 } = summary;
  const answered = t0 + summary.ringMs;
  const segments = [{ kind: 'ring', agent: null, startedAt: t0, endedAt: answered }];
  const after = { startedAt: summary.endedAt, endedAt: summary.endedAt + summary.wrapUpMs };
  if (summary.end === 'completed') {
    segments.push({ kind: 'talk', agent, startedAt: answered, endedAt: summary.endedAt });
    segments.push({ kind: 'wrap-up', agent, ...after });
  }
  const wrapUp = {
    agent,
    ...after,
    because: 'saved',
    disposition: summary.disposition,
    note: '見積書を送ると伝えた。',
  };
  return {
    ...summary,
    ...{ fax: false, lines: [], segments, offers: [], trace: [] },
    wrapUps: summary.end === 'completed' ? [wrapUp] : [],
    recording: summary.hasRecording
      ? { id: 'rc_1', startedAt: answered, durationMs: summary.talkMs, finished: true }
      : null,
  };
}

/** Two voices taking turns, for the waveform: left the customer, right the agent. */
export const voice = (channel, seconds) => {
  const turn = Math.floor(seconds / 3.7 + Math.sin(seconds / 5)) % 2;
  const speaks = turn === channel ? 1 : 0.02;
  return speaks * (0.35 + 0.45 * Math.abs(Math.sin(seconds * 2.3 + channel)) * Math.abs(Math.sin(seconds * 7.1)));
};
