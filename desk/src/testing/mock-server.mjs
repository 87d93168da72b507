/**
 * A server made of cardboard: serves desk/dist and speaks the messages of core/wire with scripted states, so that every screen
 * can be looked at in a real browser. `node desk/src/testing/mock-server.mjs [port] [agents]`. Scenes: POST /mock/<scene>.
 * Every message it sends is checked against the schema first. Not part of the product.
 */
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import * as wire from '@denwaban/core/wire';
import { detailOf, makeAgents, makeConversations, makeCustomers, voice } from './mock-data.mjs';
import { callsOut } from './mock-call-out.mjs';
import { serveFile, wav } from './mock-files.mjs';
import { answerLine, onPhone } from './mock-line.mjs';

const port = Number(process.argv[2] ?? 5301);
const agentCount = Number(process.argv[3] ?? 12);
const now = () => Date.now();
const agents = makeAgents(agentCount, now());
const customers = makeCustomers(agents);
const conversations = makeConversations(agents, customers, now());
const password = 'denwaban-demo';
const emailOf = (agent) => `${agent.id.replace('_', '')}@demo.example`;

const self = { agent: agents[3], signedIn: false, desk: null, sockets: new Set(), line: null, seq: 0 };
self.agent.presence = { says: 'away', reason: 'lunch', state: 'away', since: now() - 754_000 };
const fresh = () => ({ presence: self.agent.presence, line: 'none', offer: null, call: null, wrapUp: null });
self.desk = fresh();

const meView = () => ({
  id: self.agent.id,
  email: emailOf(self.agent),
  name: self.agent.name,
  role: self.agent.role,
  team: self.agent.team,
  presence: self.desk.presence,
});

function tell(message) {
  const text = JSON.stringify(wire.serverMessage.parse(message));
  for (const socket of self.sockets) if (socket.readyState === 1 && socket.page === 'desk') socket.send(text);
}
function change(part) {
  self.desk = { ...self.desk, ...part };
  self.agent.presence = self.desk.presence;
  tell({ type: 'desk', seq: ++self.seq, now: now(), state: self.desk });
}
const presence = (state, says = self.desk.presence.says, reason = self.desk.presence.reason) => ({
  says,
  reason: says === 'available' ? null : reason,
  state,
  since: now(),
});
const rest = () =>
  presence(self.desk.presence.says === 'away' ? 'away' : self.desk.line === 'proven' ? 'available' : 'connecting');

const callerOf = (customer) => ({
  conversation: `cv_live${now()}`,
  customer: customer && { id: customer.id, name: customer.name, kana: customer.kana },
  number: customer ? customer.phones[0] : '+81520008891',
  numberRaw: null,
  to: '+81312345678',
  toName: 'サポート',
  owner: customer?.owner ?? null,
  waitingSince: now() - 48_000,
});

const talkOf = (caller) => ({
  ...{
    caller,
    direction: 'inbound',
    state: 'talking',
    startedAt: now(),
    heldSince: null,
    recording: true,
    fax: false,
    line: 'good',
  },
});

const scenes = {
  reset: () => {
    self.line?.close();
    self.line = null;
    self.desk = fresh();
    self.desk.presence = { says: 'away', reason: 'lunch', state: 'away', since: now() - 754_000 };
    change({});
  },
  offer: (query) => {
    const customer = query.get('unknown') ? null : customers[Number(query.get('customer') ?? 10)];
    const because = query.get('because') ?? 'owner';
    const target = because === 'owner' ? 'owner' : 'team';
    const forMs = Number(query.get('ms') ?? 20_000);
    change({
      presence: presence('offered'),
      offer: {
        reservation: `rs_${now()}`,
        caller: callerOf(customer),
        target,
        because,
        offeredAt: now(),
        expiresAt: now() + forMs,
      },
    });
  },
  withdraw: () => change({ presence: rest(), offer: null }),
  'caller-hangs-up': () => hangUp(),
  'no-answer': () => change({ presence: presence('away', 'away', 'no-answer'), offer: null }),
  replaced: () => tell({ type: 'line.lost', because: 'replaced' }),
  'line-lost': () => tell({ type: 'line.lost', because: 'heartbeat' }),
  refuse: () => tell({ type: 'error', code: 'offer-over', detail: 'mock', re: 'offer.accept' }),
  outdated: () => tell({ type: 'outdated', build: 'next' }),
  drop: () => self.sockets.forEach((socket) => socket.terminate()),
};

function hangUp() {
  const { call } = self.desk;
  if (!call) return;
  change({
    presence: presence('wrap-up'),
    call: null,
    wrapUp: { caller: call.caller, startedAt: now(), endsAt: now() + 90_000 },
  });
}

const refuse = (code, { type, nonce }) => tell({ type: 'error', code, detail: 'mock', re: type, nonce });
const out = callsOut({
  ...{ desk: () => self.desk, agent: () => self.agent, change, refuse, talkOf, presence, rest },
  ...{ customers, conversations, now },
});

const commands = {
  'presence.set': (message) => {
    const says = message.presence;
    const busy = self.desk.call || self.desk.wrapUp || self.desk.offer;
    const state = busy
      ? self.desk.presence.state
      : says === 'away'
        ? 'away'
        : self.desk.line === 'proven'
          ? 'available'
          : 'connecting';
    change({ presence: { says, reason: message.reason, state, since: busy ? self.desk.presence.since : now() } });
  },
  'line.open': async (message, socket) => {
    self.line?.close();
    change({ line: 'opening' });
    self.line = await answerLine(message.offer, () => {
      change({ line: 'proven' });
      if (self.desk.presence.state === 'connecting') change({ presence: presence('available') });
    });
    socket.send(JSON.stringify({ type: 'line.answer', nonce: message.nonce, answer: self.line.answer }));
  },
  'line.close': () => {
    self.line?.close();
    self.line = null;
    change({ line: 'none' });
  },
  'offer.accept': () => {
    const { offer } = self.desk;
    if (!offer) return scenes.refuse();
    change({
      presence: presence('talking'),
      offer: null,
      call: talkOf(offer.caller),
    });
  },
  'offer.decline': () => change({ presence: rest(), offer: null }),
  'call.place': (message) => out.place(message),
  'call.hang-up': () => out.cancel() || hangUp(),
  'call.hold': () => self.desk.call && change({ call: { ...self.desk.call, state: 'held', heldSince: now() } }),
  'call.resume': () => self.desk.call && change({ call: { ...self.desk.call, state: 'talking', heldSince: null } }),
  'wrap-up.save': () => {
    change({ wrapUp: null, presence: rest() });
  },
};

const said = [];
function onLive(socket) {
  self.sockets.add(socket);
  socket.on('close', () => self.sockets.delete(socket));
  socket.on('message', async (data) => {
    const message = wire.deskMessage.parse(JSON.parse(String(data)));
    if (message.type !== 'ping') said.push({ at: now(), ...message, offer: undefined });
    if (message.type === 'hello') {
      socket.page = message.page;
      const welcome = { type: 'welcome', v: 1, build: message.build, now: now(), me: meView() };
      socket.send(JSON.stringify(wire.serverMessage.parse(welcome)));
      if (message.page === 'board') sendBoard(socket, true);
      else {
        socket.send(JSON.stringify({ type: 'desk', seq: ++self.seq, now: now(), state: self.desk }));
        sendColleagues(socket, null);
      }
    } else if (message.type === 'ping') socket.send(JSON.stringify({ type: 'pong', n: message.n, now: now() }));
    else await commands[message.type]?.(message, socket);
  });
}

let colleaguesVersion = 0;
function sendColleagues(socket, since, some = agents) {
  const version = `mock.${colleaguesVersion}`;
  socket.send(JSON.stringify(wire.serverMessage.parse({ type: 'colleagues', version, since, agents: some })));
}

let boardSeq = 0;
function sendBoard(socket, full, some = agents) {
  const waiting = customers.slice(0, 3).map((one, n) => ({
    conversation: `cv_w${n}`,
    name: n === 2 ? null : one.name,
    number: one.phones[0],
    toName: ['サポート', '営業', '契約・更新'][n],
    since: started - [161_000, 38_000, 9_000][n],
  }));
  socket.send(
    JSON.stringify(
      wire.serverMessage.parse({ type: 'board', seq: ++boardSeq, now: now(), full, agents: some, waiting }),
    ),
  );
}
const started = now();
setInterval(() => {
  // A living floor: a few people change every quarter of a second.
  const some = Array.from(
    { length: Math.max(1, Math.floor(agents.length / 80)) },
    () => agents[1 + Math.floor(Math.random() * (agents.length - 1))],
  ).filter((one) => one !== self.agent);
  for (const one of some) {
    const next = { available: 'offered', offered: 'talking', talking: 'wrap-up', 'wrap-up': 'available' }[
      one.presence.state
    ];
    if (next && agentCount > 12) one.presence = { ...one.presence, state: next, since: now() };
  }
  const since = `mock.${colleaguesVersion++}`;
  for (const socket of self.sockets) {
    if (socket.readyState !== 1) continue;
    if (socket.page === 'board') sendBoard(socket, false, some);
    else if (socket.page === 'desk') sendColleagues(socket, since, some);
  }
}, 250).unref();

const health = () => ({
  status: 'ok',
  version: '0.1.0',
  build: 'mock',
  startedAt: started,
  database: 'ok',
  media: 'ok',
  mediaProcesses: [{ name: 'media-1', state: 'ok' }],
  overloaded: false,
  sip: 'ok',
});
const trunk = (id, status, registration, reachable, because, resting = null) => {
  return { id: `tk_${id}`, name: `Carrier ${id}`, status, registration, reachable, because, resting };
};

const restingFor = (status, ms) => ({ since: Date.now() - 20_000, until: Date.now() - 20_000 + ms, status });

const routes = {
  'GET /health': health,
  'GET /system': () => ({
    ...health(),
    trunks: [
      trunk('main', 'up', 'registered', 'up', null),
      trunk('spare', 'down', 'failed', null, '403 at REGISTER'),
      trunk('busy', 'up', null, 'up', null, restingFor(503, 600_000)),
      trunk('old', 'unknown', null, null, null, restingFor(null, 60_000)),
    ],
    callers: 7,
    lines: 9,
    linesProven: 8,
    recordings: 5,
  }),
  'GET /me': () => (self.signedIn ? meView() : null),
  'DELETE /session': () => ((self.signedIn = false), {}),
  'GET /agents': () => ({ items: agents }),
  'GET /demo': () => ({
    password,
    people: agents
      .slice(0, 12)
      .map((one) => ({ email: emailOf(one), name: one.name, team: one.team.name, role: one.role })),
    customers: customers.slice(0, 24).map((one) => ({
      name: one.name,
      phone: one.phones[0],
      ownerEmail: one.owner && emailOf(agents.find((agent) => agent.id === one.owner.id)),
    })),
    numbers: ['+81312345678', '+81312345679', '+815012345678'],
    sip: { host: '127.0.0.1', port: 5060 },
  }),
  'GET /customers': (query) => {
    const q = (query.get('q') ?? '').normalize('NFKC').toLowerCase();
    const digits = q.replace(/\D/g, '').replace(/^0/, '');
    const found = customers.filter(
      (one) =>
        !q ||
        [one.name, one.kana, one.company].some((text) => text?.toLowerCase().includes(q)) ||
        (digits && one.phones.some((phone) => phone.includes(digits))),
    );
    return page(found, query);
  },
  'GET /conversations': (query) =>
    page(
      conversations.filter(
        (one) =>
          (!query.get('customer') || one.customer?.id === query.get('customer')) &&
          (!query.get('agent') ||
            one.agents.some((agent) => agent.id === query.get('agent')) ||
            (query.get('agent') === self.agent.id && conversations.indexOf(one) % 9 === 0)) &&
          (!query.get('from') || one.startedAt >= Number(query.get('from'))) &&
          (!query.get('direction') || one.direction === query.get('direction')) &&
          (!query.get('end') || one.end === query.get('end')) &&
          (!query.get('status') || one.status === query.get('status')) &&
          (!query.get('q') || one.customer?.name.includes(query.get('q'))),
      ),
      query,
    ),
};
function page(items, query) {
  const from = Number(query.get('cursor') ?? 0);
  const limit = Number(query.get('limit') ?? 50);
  return { items: items.slice(from, from + limit), next: from + limit < items.length ? String(from + limit) : null };
}

const importProblems = [
  'bad-phone',
  'unknown-owner',
  'missing-name',
  'duplicate-phone-in-file',
  'phone-belongs-to-another',
];
async function body(request) {
  let text = '';
  for await (const part of request) text += part;
  return text && JSON.parse(text);
}

async function answer(request, response) {
  const url = new URL(request.url, 'http://mock');
  const send = (status, value, type = 'application/json') => {
    response.writeHead(status, { 'content-type': type });
    response.end(type === 'application/json' ? JSON.stringify(value) : value);
  };
  const refuse = (code) => send(wire.errorCatalogue[code].http, { code, detail: 'mock', requestId: 'r1' });
  if (url.pathname === '/mock/said') return send(200, said);
  if (url.pathname.startsWith('/mock/')) {
    scenes[url.pathname.slice(6)]?.(url.searchParams);
    return send(200, self.desk);
  }
  if (url.pathname.startsWith('/api/v1/')) {
    const path = url.pathname.slice(7);
    if (path === '/session' && request.method === 'POST') {
      const who = await body(request);
      const agent = agents.find((one) => emailOf(one) === who.email);
      if (!agent || who.password !== password) return refuse('sign-in-refused');
      self.agent = agent;
      agent.presence = { says: 'away', reason: 'lunch', state: 'away', since: now() - 754_000 };
      self.desk = fresh();
      self.signedIn = true;
      return send(200, meView());
    }
    if (path === '/customers/import') {
      const { csv, dryRun } = await body(request);
      const rows = csv.trim().split('\n').length - 1;
      const bad = csv.includes('bad');
      const problems = bad
        ? importProblems.map((code, n) => ({
            row: n * 7 + 2,
            column: n % 2 ? 'owner_email' : 'phones',
            code,
            value: n === 2 ? null : '03-12x4',
          }))
        : [];
      return send(200, { dryRun, rows, created: rows - problems.length, updated: 2, unchanged: 1, problems });
    }
    const customer = customers.find((each) => path === `/customers/${each.id}`);
    if (customer) return send(200, customer);
    const one = /^\/conversations\/([^/]+)(\/peaks|\/recording)?$/.exec(path);
    if (one) {
      const summary = conversations.find((item) => item.id === one[1]);
      if (!summary) return refuse('not-found');
      if (one[2] === '/peaks') {
        const points = Number(url.searchParams.get('points'));
        const seconds = summary.talkMs / 1000;
        const channel = (n) =>
          Array.from({ length: points }, (_, at) => Math.min(1, voice(n, (at / points) * seconds)));
        return send(200, { durationMs: summary.talkMs, channels: [channel(0), channel(1)] });
      }
      if (one[2] === '/recording') return send(200, wav(Math.min(60, summary.talkMs / 1000)), 'audio/wav');
      return send(200, wire.conversationDetail.parse(detailOf(summary, agents)));
    }
    const found = routes[`${request.method} ${path}`]?.(url.searchParams);
    if (found === undefined) return refuse('not-found');
    if (!self.signedIn && path !== '/health' && path !== '/demo') return refuse('not-signed-in');
    return found === null ? refuse('not-signed-in') : send(200, found);
  }
  return serveFile(request, response, url.pathname);
}

createServer((request, response) => void answer(request, response))
  .on('upgrade', (request, socket, head) => {
    const sockets = new WebSocketServer({ noServer: true });
    const open = request.url.startsWith('/api/v1/phone') ? onPhone : self.signedIn ? onLive : null;
    if (open) sockets.handleUpgrade(request, socket, head, open);
    else socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
  })
  .listen(port, '127.0.0.1', () => process.stdout.write(`mock: http://127.0.0.1:${port}\n`));
