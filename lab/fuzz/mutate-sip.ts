/** Bending a SIP message where its grammar has joints: lines, header names, values, parameters, lists, lengths. */
import { bounded, mutateText, numbers } from './mutate.js';
import type { Random } from './random.js';

const headerLines = [
  'Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx;rport',
  'v: SIP / 2.0 / TCP\t[2001:db8::9]:0 ;branch="a;b"',
  'Via: SIP/2.0/UDP 203.0.113.66:99999;received=1.2.3.4;rport=1;maddr=9.9.9.9;ttl=1',
  'Route: <sip:192.0.2.1;lr>, <sip:evil.example>',
  'Record-Route: <sip:192.0.2.10>,<sip:[::1]:70;lr;transport=tcp>',
  'Contact: *',
  'm: "a,b" <sip:x@0.0.0.0:0?h=v>;expires=0;q=1.0',
  'Contact: <sip:x@192.0.2.10;transport=tcp>',
  'Require: 100rel, timer,, x',
  'Proxy-Require: foo',
  'Expires: 1',
  'Expires: 3600',
  'Expires: 4294967297',
  'Max-Forwards: 0',
  'Max-Forwards: 300',
  'Content-Length: 0',
  'l: 99999',
  'Content-Length: 5, 5',
  'Content-Type: multipart/mixed;boundary=x',
  'Content-Type: multipart/mixed;boundary=""',
  'c: application/sdp;charset=utf-8',
  'Content-Type: application/dtmf-relay',
  'Content-Encoding: gzip',
  'Accept: text/plain;q=0',
  'Privacy: id;critical',
  'P-Asserted-Identity: "\\"" <sip:%00@a>, <tel:+81-3(1234).5678;phone-context=x>',
  'Supported: timer, 100rel, replaces, path, gruu',
  'Session-Expires: 90;refresher=uac',
  'x: 1',
  'Min-SE: 0',
  'RAck: 1 1 INVITE',
  'Authorization: Digest username="a", realm="x", nonce="n", uri="sip:x", response="00", qop=auth, nc=00000001, cnonce="c"',
  'Proxy-Authorization: Digest username=",=\\"", nc=ffffffff',
  'WWW-Authenticate: Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth,auth-int"',
  'Replaces: a;to-tag=1;from-tag=2',
  'Refer-To: <sip:x@y?Replaces=a%3Bto-tag%3D1>',
  'Reason: SIP ;cause=200 ;text="Call completed elsewhere"',
  'Timestamp: 1 2',
  'Date: Fri, 01 Jan 2010 16:00:00 EST',
  ' folded onto the one before',
  '\t',
  ':',
  'X' + '-'.repeat(500) + ': y',
];

const methods = [
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'OPTIONS',
  'INFO',
  'UPDATE',
  'PRACK',
  'REFER',
  'REGISTER',
  'NOTIFY',
  'x',
];
const uris = [
  ...[
    'sip:a@b',
    'sips:a@192.0.2.1:5061;transport=tcp',
    'tel:+81312345678;ext=1',
    'sip:%30%33@[::1]',
    'sip:',
    'sip:@',
    'x:',
  ],
  ...[
    'sip:a;b=c?d@h;lr?x=y',
    'http://a',
    'sip:０３@h',
    'sip:a%@h',
    'sip:a@h:0',
    'sip:a@h:65536',
    'sip:a b@h',
    '<sip:a@b>',
  ],
];
const pieces = [
  ...[
    ';tag=',
    ';tag="',
    ';tag={{tag}}',
    ';lr',
    ';rport=0',
    ';branch=z9hG4bK',
    ';a=b;c',
    ';;',
    ';=',
    '<',
    '>',
    '"',
    '\\"',
  ],
  ...[' , ', '<sip:a@b>', '"x" <sip:a@b>;tag=1', '%00', '{{tag}}', '{{branch}}', '{{call-id}}', '?a=b', '\u0080'],
];

const headEndOf = (text: string): number => {
  const end = text.indexOf('\r\n\r\n');
  return end < 0 ? text.length : end;
};

/** A few changes to one message. */
export function mutateSip(text: string, other: string, random: Random): string {
  let bent = text;
  for (let turns = 1 + random.below(3); turns > 0; turns--) bent = once(bent, other, random);
  // Mostly the length is put right again: a message that dies of its framing shows nothing else.
  return bounded(random.once(6) ? bent : withLength(bent));
}

/** The body's length into Content-Length, where that stands. */
export function withLength(text: string): string {
  const end = headEndOf(text);
  const length = Math.max(0, text.length - end - 4);
  return text.slice(0, end).replace(/^(content-length|l)[ \t]*:.*$/im, `$1: ${length}`) + text.slice(end);
}

function once(text: string, other: string, random: Random): string {
  const end = headEndOf(text);
  const lines = text.slice(0, end).split('\r\n');
  const rest = text.slice(end);
  const at = random.below(lines.length);
  const line = lines[at] ?? '';
  const others = other.slice(0, headEndOf(other)).split('\r\n');
  switch (random.below(14)) {
    case 0:
      return mutateText(text, other, random);
    case 1:
      lines.splice(at, 1);
      break;
    case 2:
      lines.splice(at, 0, ...Array<string>(random.once(6) ? 1 + random.below(400) : 1).fill(line));
      break;
    case 3:
      lines.splice(at + 1, 0, random.pick(headerLines));
      break;
    case 4:
      lines.splice(at + 1, 0, random.pick(others));
      break;
    case 5:
      lines[at] = mutateText(line, random.pick(others), random);
      break;
    case 6: {
      const place = random.below(line.length + 1);
      lines[at] = line.slice(0, place) + random.pick(pieces) + line.slice(place);
      break;
    }
    case 7: {
      const colon = line.indexOf(':');
      if (at > 0 && colon > 0) lines[at] = `${line.slice(0, colon)}: ${random.pick([...numbers, ...uris, ...pieces])}`;
      break;
    }
    case 8: {
      const [first = '', ...words] = (lines[0] ?? '').split(' ');
      const method = random.pick(methods);
      lines[0] = [method, ...words].join(' ');
      if (!random.once(4)) {
        for (const [index, entry] of lines.entries()) {
          if (/^cseq\s*:/i.test(entry)) lines[index] = entry.replace(first, method);
        }
      }
      break;
    }
    case 9: {
      const words = (lines[0] ?? '').split(' ');
      words[1] = random.pick([...uris, ...numbers]);
      lines[0] = words.join(' ');
      break;
    }
    case 10: {
      // Folding, odd white space, another case: all of it means the same.
      const colon = line.indexOf(':');
      if (at > 0 && colon > 0) {
        const name = random.once(2) ? line.slice(0, colon).toUpperCase() : line.slice(0, colon).toLowerCase();
        lines[at] =
          `${name}${random.pick(['', ' ', '\t '])}:${random.pick(['', '\r\n ', ' \r\n\t \r\n '])}${line.slice(colon + 1)}`;
      }
      break;
    }
    case 11: {
      const [a = '', b = ''] = [lines[at], lines[random.below(lines.length)]];
      const second = lines.indexOf(b);
      if (at > 0 && second > 0) [lines[at], lines[second]] = [b, a];
      break;
    }
    case 12:
      return `${text.slice(0, end)}\r\n\r\n${mutateText(rest.slice(4), other.slice(headEndOf(other) + 4), random)}`;
    default: {
      // The same dialog, another branch or number: a new request instead of a copy.
      const branch = `z9hG4bK${random.below(50)}`;
      return text
        .replace(/(branch=)[^;\s,]+/, `$1${branch}`)
        .replace(/^(cseq\s*:\s*)\d+/im, `$1${random.once(8) ? random.pick(numbers) : random.below(9)}`);
    }
  }
  return lines.join('\r\n') + rest;
}
