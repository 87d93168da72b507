import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StreamFramer, type Frame } from './framer.js';
import { requestText } from './testing/world.js';

const words = (frames: Frame[]) =>
  frames.map((frame) =>
    frame.type === 'message' ? Buffer.from(frame.bytes).toString() : frame.type === 'broken' ? frame.code : 'ping',
  );

test('messages come out whole, however the stream was cut', () => {
  const messages = [
    requestText({ body: 'v=0\r\n\r\n' }),
    requestText({ method: 'BYE' }),
    requestText().replace('Content-Length', 'l'),
  ];
  const stream = Buffer.from(messages.join('\r\n\r\n'));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 40 }), (sizes) => {
      const framer = new StreamFramer();
      const frames: Frame[] = [];
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        frames.push(...framer.push(stream.subarray(at, at + size)));
        at += size;
      }
      expect(words(frames)).toEqual([messages[0], 'ping', messages[1], 'ping', messages[2]]);
      expect(framer.pending).toBe(0);
    }),
  );
});

test('a frame keeps its bytes when the stream goes on', () => {
  const framer = new StreamFramer();
  const [first] = framer.push(Buffer.from(requestText()));
  framer.push(Buffer.from(requestText({ method: 'BYE' })));
  expect(words(first === undefined ? [] : [first])).toEqual([requestText()]);
});

test('two line ends ask whether we are there, one is skipped', () => {
  const framer = new StreamFramer();
  expect(framer.push(Buffer.from('\r\n\r'))).toEqual([]);
  expect(words(framer.push(Buffer.from('\n')))).toEqual(['ping']);
  expect(words(framer.push(Buffer.from(`\r\n${requestText()}`)))).toEqual([requestText()]);
});

test.each([
  ['no Content-Length', requestText().replace(/Content-Length: 0\r\n/, ''), 'no-content-length'],
  ['a negative one', requestText().replace('Content-Length: 0', 'Content-Length: -1'), 'bad-content-length'],
  ['two of them', requestText({ extra: ['l: 0'] }), 'bad-content-length'],
  ['one beyond any message', requestText().replace('Content-Length: 0', 'Content-Length: 70000'), 'message-too-large'],
  ['a head without end', 'A'.repeat(40_000), 'head-too-large'],
])('a stream with %s cannot be followed, and says nothing more', (_, text, code) => {
  const framer = new StreamFramer();
  expect(words(framer.push(Buffer.from(text)))).toEqual([code]);
  expect(framer.push(Buffer.from(requestText()))).toEqual([]);
});
