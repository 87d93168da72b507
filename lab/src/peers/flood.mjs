/**
 * A bounded flood, as a process of its own: `node flood.mjs <kind> <JSON>`. Prints one line of JSON at the end: how many went out,
 * what came back by status, and the bytes both ways. Started at the lowest priority, so that what suffers suffers from the work
 * that the flood makes, not from the making of it.
 */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { request } from 'node:http';
import { connect } from 'node:net';

const [kind = '', json = '{}'] = process.argv.slice(2);
/** @type {{host: string, port: number, bind: string, number: string, method: string, perSecond: number, seconds: number, ports: number[]}} */
const of = JSON.parse(json);
/** @type {{sent: number, bytesOut: number, bytesIn: number, answers: Record<string, number>}} */
const tally = { sent: 0, bytesOut: 0, bytesIn: 0, answers: {} };
const count = (/** @type {string} */ what) => (tally.answers[what] = (tally.answers[what] ?? 0) + 1);
const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Calls `one` so many times a second, a few at a time: never more than is due.
 * @param {() => void} one
 */
async function paced(one) {
  const began = performance.now();
  for (let done = 0; ;) {
    const passed = (performance.now() - began) / 1_000;
    if (passed >= of.seconds) return;
    const due = Math.min(Math.floor(passed * of.perSecond), done + 50);
    for (; done < due; done++) one();
    await sleep(5);
  }
}

const kinds = {
  /** Requests of one method, each from another user; a refusal of an INVITE is acknowledged, as a caller would. */
  async sip() {
    const socket = createSocket('udp4');
    await new Promise((resolve) => socket.bind(0, of.bind, () => resolve(null)));
    socket.setRecvBufferSize(4 * 1024 * 1024);
    const { port } = socket.address();
    /** @type {Set<string>} */
    const ringing = new Set();
    const sdp = `v=0\r\no=- 1 1 IN IP4 ${of.bind}\r\ns=-\r\nc=IN IP4 ${of.bind}\r\nt=0 0\r\nm=audio 21300 RTP/AVP 0\r\n`;
    const say = (/** @type {string} */ text) => {
      const bytes = Buffer.from(text);
      tally.bytesOut += bytes.length;
      socket.send(bytes, of.port, of.host);
    };
    const head = (/** @type {string} */ method, /** @type {string} */ id, to = '') =>
      [
        `${method} sip:${of.number}@${of.host}:${of.port} SIP/2.0`,
        `Via: SIP/2.0/UDP ${of.bind}:${port};branch=z9hG4bK${id}`,
        'Max-Forwards: 70',
        `From: <sip:+8190${Number.parseInt(id.slice(0, 6), 16)}@${of.bind}>;tag=${id}`,
        `To: <sip:${of.number}@${of.host}>${to}`,
        `Call-ID: ${id}@flood`,
        `CSeq: 1 ${method}`,
        `Contact: <sip:flood@${of.bind}:${port}>`,
      ].join('\r\n');
    socket.on('message', (bytes) => {
      tally.bytesIn += bytes.length;
      const text = bytes.toString('latin1');
      const [, status = '', id = '', method = ''] =
        /^SIP\/2\.0 (\d{3})[^]*?\r\nCall-ID: ?(\w+)@flood[^]*?\r\nCSeq: ?1 (\w+)/i.exec(text) ?? [];
      count(/\r\nRetry-After:/i.test(text) ? `${status} Retry-After` : status);
      if (method !== 'INVITE') return;
      if (Number(status) < 200) ringing.add(id);
      else {
        ringing.delete(id);
        const tag = /\r\nTo:[^\r]*(;tag=[^;\r]+)/i.exec(text)?.[1] ?? '';
        say(`${head('ACK', id, tag)}\r\nContent-Length: 0\r\n\r\n`);
      }
    });
    await paced(() => {
      tally.sent++;
      const body = of.method === 'INVITE' ? sdp : '';
      const type = body === '' ? '' : 'Content-Type: application/sdp\r\n';
      say(`${head(of.method, randomBytes(8).toString('hex'))}\r\n${type}Content-Length: ${body.length}\r\n\r\n${body}`);
    });
    await sleep(500);
    for (const id of ringing) say(`${head('CANCEL', id)}\r\nContent-Length: 0\r\n\r\n`);
    await sleep(700);
    socket.close();
  },

  /** RTP of nobody, RTCP, STUN and noise, from several sources to every port given. */
  async rtp() {
    const sockets = Array.from({ length: 4 }, () => createSocket('udp4'));
    await Promise.all(sockets.map((one) => new Promise((resolve) => one.bind(0, of.bind, () => resolve(null)))));
    for (const one of sockets) one.on('message', (bytes) => (tally.bytesIn += bytes.length));
    let n = 0;
    await paced(() => {
      const packet = randomBytes(n % 7 === 0 ? 40 : 172);
      if (n % 5 !== 0) packet.set([0x80, n % 11 === 0 ? 200 : 0, (n >> 8) & 0xff, n & 0xff]);
      if (n % 13 === 0) packet.set([0, 1, 0, 20, 0x21, 0x12, 0xa4, 0x42]);
      tally.sent++;
      tally.bytesOut += packet.length;
      sockets[n % 4]?.send(packet, of.ports[n % of.ports.length] ?? 0, of.host);
      n++;
    });
    for (const one of sockets) one.close();
  },

  /** Pages, wrong passwords, sockets from a foreign page, and a hundred requests that never end. */
  async http() {
    const slow = Array.from({ length: 100 }, () => {
      const socket = connect(of.port, of.host, () => socket.write('POST /api/v1/session HTTP/1.1\r\nHost: x\r\nA: '));
      socket.on('error', () => undefined);
      return socket;
    });
    const trickle = setInterval(() => slow.forEach((socket) => socket.write('a')), 500);
    let n = 0;
    const ask = (
      /** @type {string} */ method,
      /** @type {string} */ path,
      /** @type {Record<string, string>} */ headers,
      body = '',
    ) => {
      const asked = request({ host: of.host, port: of.port, method, path, headers }, (response) => {
        count(`${method} ${path} ${response.statusCode}`);
        response.resume();
      });
      asked.on('upgrade', (_response, socket) => {
        count(`${method} ${path} 101`);
        socket.destroy();
      });
      asked.on('error', () => count('no answer'));
      asked.end(body);
    };
    await paced(() => {
      tally.sent++;
      const login = JSON.stringify({ email: `nobody${n}@example.com`, password: 'x' });
      const own = { 'content-type': 'application/json', origin: `http://${of.host}:${of.port}` };
      const foreign = {
        ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
        ...{ 'sec-websocket-key': randomBytes(16).toString('base64'), origin: 'http://evil.example' },
      };
      if (n % 4 === 0) ask('GET', '/', {});
      else if (n % 4 === 1) ask('GET', '/api/v1/health', {});
      else if (n % 4 === 2) ask('POST', '/api/v1/session', own, login);
      else ask('GET', '/api/v1/live', foreign);
      n++;
    });
    await sleep(500);
    clearInterval(trickle);
    for (const socket of slow) socket.destroy();
  },
};

await kinds[/** @type {keyof typeof kinds} */ (kind)]();
process.stdout.write(`${JSON.stringify(tally)}\n`);
process.exit(0);
