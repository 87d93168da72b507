/**
 * Scenarios for sipp, written as steps. What is said and what is waited for is sipp's own; only the XML around it is made here.
 *
 * Two roles: `called` answers a call of ours, and keeps what the INVITE said so that it can answer it later and ask within the call;
 * `calling` calls us. Sipp fails a call when something else comes than what its step waits for.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const sdp = [
  'v=0',
  'o=- 1 1 IN IP4 [local_ip]',
  's=-',
  'c=IN IP4 [media_ip]',
  't=0 0',
  'm=audio [media_port] RTP/AVP 0 101',
  'a=rtpmap:101 telephone-event/8000',
];

interface Said {
  headers?: string[];
  /** `stream`: audio of `plays` comes from where it says. */
  sdp?: boolean | 'stream';
  /** Further lines of the SDP. */
  sdpLines?: string[];
  /** Host (and port) of Contact, where it is not sipp's own address. */
  contact?: string;
}

const message = (lines: readonly string[], said: Said, attributes = ''): string => {
  const { headers = [], sdp: withSdp = false, sdpLines = [] } = said;
  const type = withSdp ? ['Content-Type: application/sdp'] : [];
  const port = withSdp === 'stream' ? '[rtpstream_audio_port]' : '[media_port]';
  const body = withSdp ? [...sdp.map((line) => line.replace('[media_port]', port)), ...sdpLines] : [];
  const text = [...lines, ...headers, ...type, 'Content-Length: [len]', '', ...body];
  return `<send${attributes}>\n<![CDATA[\n\n${text.map((line) => `      ${line}`).join('\n')}\n\n]]>\n</send>`;
};
const keep = (header: string, name: string): string =>
  `<ereg regexp=".*" search_in="hdr" header="${header}:" assign_to="${name}"/>`;

/** Waits for a request, or for an answer. `actions`: sipp's own, on what came. */
export function expects(what: string | number, actions: string[] = [], attributes = ''): string {
  const which = typeof what === 'number' ? `response="${what}"` : `request="${what}"`;
  const inner = actions.length === 0 ? '/>' : `>\n<action>${actions.join('\n')}</action>\n</recv>`;
  return `<recv ${which}${attributes}${inner}`;
}
export const maybe = (what: string | number): string => expects(what, [], ' optional="true"');
export const pause = (ms: number): string => `<pause milliseconds="${ms}"/>`;
/** Sends a file of µ-law to where our description said, over and over; `pause` and `resume` of it. */
export const plays = (what: { file: string } | 'pause' | 'resume'): string =>
  `<nop><action><exec rtp_stream="${typeof what === 'string' ? what : `${what.file},-1,0`}"/></action></nop>`;
/** A copy of what came last is let pass, not failed. */
export const mustSay = (regexp: string, header: string, name: string): string =>
  `<ereg regexp="${regexp}" search_in="hdr" header="${header}:" check_it="true" assign_to="${name}"/>`;

/** Answers what came last. */
export const reply = (status: number, said: Said = {}): string =>
  message(
    [
      `SIP/2.0 ${status} x`,
      '[last_Via:]',
      '[last_From:]',
      '[last_To:]',
      '[last_Call-ID:]',
      '[last_CSeq:]',
      'Contact: <sip:far@[local_ip]:[local_port];transport=[transport]>',
    ],
    said,
  );

export const called = {
  invite: (more: string[] = []): string =>
    expects('INVITE', [
      ...['Via', 'From', 'To', 'CSeq'].map((header) => keep(header, header.toLowerCase())),
      '<ereg regexp="sip:[^>]*" search_in="hdr" header="Contact:" assign_to="target"/>',
      ...more,
    ]),
  /** Answers the INVITE that was kept. */
  answers: (status: number, tag: string, said: Said = {}, attributes = ''): string =>
    message(
      [
        `SIP/2.0 ${status} x`,
        'Via:[$via]',
        'From:[$from]',
        `To:[$to];tag=${tag}[call_number]`,
        'Call-ID: [call_id]',
        'CSeq:[$cseq]',
        `Contact: <sip:far@${said.contact ?? '[local_ip]:[local_port];transport=[transport]'}>`,
      ],
      said,
      attributes,
    ),
  asks: (method: string, tag: string, cseq: number, said: Said = {}): string =>
    message(
      [
        `${method} [$target] SIP/2.0`,
        'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]',
        `From:[$to];tag=${tag}[call_number]`,
        'To:[$from]',
        'Call-ID: [call_id]',
        `CSeq: ${cseq} ${method}`,
        'Contact: <sip:far@[local_ip]:[local_port];transport=[transport]>',
        'Max-Forwards: 70',
      ],
      said,
      method === 'ACK' ? '' : ' retrans="500"',
    ),
};

export const calling = {
  /** @param branch the same one twice makes a copy */
  asks: (method: string, cseq: number, said: Said = {}, branch = '[branch]', resend = method !== 'ACK'): string =>
    message(
      [
        `${method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0`,
        `Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=${branch}`,
        'From: "Aiko" <sip:+81901112222@[local_ip]:[local_port]>;tag=[pid]c[call_number]',
        `To: <sip:[service]@[remote_ip]:[remote_port]>${cseq === 1 && method !== 'ACK' ? '' : '[peer_tag_param]'}`,
        'Call-ID: [call_id]',
        `CSeq: ${cseq} ${method}`,
        `Contact: <sip:aiko@${said.contact ?? '[local_ip]:[local_port];transport=[transport]'}>`,
        'Max-Forwards: 70',
      ],
      said,
      resend ? ' retrans="500"' : '',
    ),
};

/** Writes the scenario down. `kept`: variables that no step reads, which sipp would complain of. @returns its path */
export function scenario(folder: string, name: string, steps: readonly string[]): string {
  const text = steps.join('\n');
  const assigned = [...text.matchAll(/assign_to="([^"]+)"/g)].map((found) => found[1] ?? '');
  const unread = [...new Set(assigned)].filter(
    (name) => !text.includes(`[$${name}]`) && !text.includes(`test="${name}"`),
  );
  const reference = unread.length === 0 ? '' : `\n<Reference variables="${unread.join(',')}"/>`;
  const path = join(folder, `${name}.xml`);
  const head = '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n';
  writeFileSync(path, `${head}<scenario name="${name}">\n${text}${reference}\n</scenario>\n`);
  return path;
}
