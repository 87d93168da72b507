/** RFC 3261 §12. */
import { expect, test } from 'vitest';
import {
  acknowledgement,
  dialogAsClient,
  dialogAsServer,
  nextHopOf,
  receiveInDialog,
  requestInDialog,
  type Dialog,
} from './dialog.js';
import { header, headerValues, type SipMessage } from './message.js';
import { parseMessage, type Essentials } from './parse.js';
import { responseTo } from './responses.js';
import { requestText } from './testing/world.js';

function read(text: string): { message: SipMessage; essentials: Essentials } {
  const parsed = parseMessage(Buffer.from(text));
  if (!parsed.ok) throw new Error(parsed.code);
  return parsed;
}

const routes = ['Record-Route: <sip:near.example;lr>', 'Record-Route: <sip:far.example;lr>'];
const invite = read(requestText({ extra: routes }));

function asServer(over: Partial<Dialog> = {}): Dialog {
  if (invite.message.kind !== 'request') throw new Error('no request');
  return { ...dialogAsServer(invite.message, invite.essentials, 'ours', 100, 'sip:fallback'), ...over };
}

test('as server: routes in order, their tag remote, their CSeq known (§12.1.1)', () => {
  expect(asServer()).toEqual({
    callId: 'call-1',
    localUri: 'sip:0312345678@198.51.100.1',
    localTag: 'ours',
    remoteUri: 'sip:+81901112222@carrier.example',
    remoteTag: 'caller',
    remoteTarget: 'sip:aiko@192.0.2.10:5060',
    routeSet: ['sip:near.example;lr', 'sip:far.example;lr'],
    localCseq: 100,
    remoteCseq: 1,
  });
});

test('headers that a Contact asks for do not go into the Request-URI (§19.1.1)', () => {
  const [, bye] = requestInDialog(asServer({ remoteTarget: 'sip:a@192.0.2.10;x=y?Subject=z' }), 'BYE');
  expect(bye.uri).toBe('sip:a@192.0.2.10;x=y');
});

test('as client: routes reversed, our tag local, nothing of theirs seen yet (§12.1.2)', () => {
  if (invite.message.kind !== 'request') throw new Error('no request');
  const headers = [{ name: 'contact', value: '<sip:bob@192.0.2.30>' }];
  const response = responseTo(invite.message, invite.essentials.via, 200, null, {
    toTag: 'bob',
    headers,
    recordRoute: true,
  });
  const { essentials } = read(
    requestText({ toTag: 'bob', extra: routes }), // the answer's From, To, Call-ID and CSeq are those of the request
  );
  expect(dialogAsClient(invite.message, response, essentials)).toMatchObject({
    localTag: 'caller',
    remoteTag: 'bob',
    remoteTarget: 'sip:bob@192.0.2.30',
    routeSet: ['sip:far.example;lr', 'sip:near.example;lr'],
    localCseq: 1,
    remoteCseq: null,
  });
  // A 100, or a 1xx of old without tag, makes no dialog.
  expect(dialogAsClient(invite.message, response, invite.essentials)).toBeNull();
});

test('a request of ours: numbered on, tags in place, loose routes as Route headers (§12.2.1.1)', () => {
  const [after, bye] = requestInDialog(asServer(), 'BYE');
  expect(after.localCseq).toBe(101);
  expect(bye.uri).toBe('sip:aiko@192.0.2.10:5060');
  expect(headerValues(bye, 'route')).toEqual(['<sip:near.example;lr>', '<sip:far.example;lr>']);
  expect(header(bye, 'from')).toBe('<sip:0312345678@198.51.100.1>;tag=ours');
  expect(header(bye, 'to')).toBe('<sip:+81901112222@carrier.example>;tag=caller');
  expect(header(bye, 'cseq')).toBe('101 BYE');
  expect(nextHopOf(after)).toBe('sip:near.example;lr');
});

test('an ACK keeps the number of its INVITE', () => {
  expect(header(acknowledgement(asServer(), 97, []), 'cseq')).toBe('97 ACK');
});

test('a strict router gets its own address as Request-URI and the target as last route', () => {
  const [, bye] = requestInDialog(asServer({ routeSet: ['sip:strict.example', 'sip:far.example;lr'] }), 'BYE');
  expect(bye.uri).toBe('sip:strict.example');
  expect(headerValues(bye, 'route')).toEqual(['<sip:far.example;lr>', '<sip:aiko@192.0.2.10:5060>']);
});

test('a peer of RFC 2543 without tag gets none', () => {
  const [, bye] = requestInDialog(asServer({ remoteTag: '' }), 'BYE');
  expect(header(bye, 'to')).toBe('<sip:+81901112222@carrier.example>');
});

test('numbers of the far end only grow; INVITE and UPDATE move its target, nothing else does (§12.2.2)', () => {
  const moved = (method: string, cseq: number) => {
    const { message } = read(requestText({ method, cseq, contact: '<sip:moved@192.0.2.99>' }));
    if (message.kind !== 'request') throw new Error('no request');
    return receiveInDialog(asServer({ remoteCseq: 5 }), message, cseq);
  };
  expect(moved('INFO', 4)).toBeNull();
  expect(moved('INFO', 5)?.remoteCseq).toBe(5);
  expect(moved('INFO', 6)).toMatchObject({ remoteCseq: 6, remoteTarget: 'sip:aiko@192.0.2.10:5060' });
  expect(moved('UPDATE', 7)?.remoteTarget).toBe('sip:moved@192.0.2.99');
  expect(moved('INVITE', 7)?.remoteTarget).toBe('sip:moved@192.0.2.99');
});
