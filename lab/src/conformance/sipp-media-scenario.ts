/** A call of sipp's with audio, written as the scenario it reads. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface MediaCall {
  /** Of the m= line, in order of preference: `8 0 101`. */
  formats: string;
  /** Further lines of the SDP. */
  sdp?: readonly string[];
  /** `[rtpstream_audio_port]` for streams, `[media_port]` for pcaps. */
  port: '[rtpstream_audio_port]' | '[media_port]';
  /** What happens between ACK and BYE: what is carried out, and the ms after it. */
  steps: readonly { exec: string; thenMs: number }[];
  /** What our answer must match. */
  answer?: RegExp;
}

/** @returns the file's path */
export function mediaScenario(folder: string, name: string, call: MediaCall): string {
  const request = (method: string, cseq: string, tag: string): string =>
    [
      `${method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0`,
      'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]',
      'From: <sip:0312345678@[local_ip]:[local_port]>;tag=[pid]SIPpTag00[call_number]',
      `To: <sip:[service]@[remote_ip]:[remote_port]>${tag}`,
      'Call-ID: [call_id]',
      `CSeq: ${cseq}`,
      'Contact: <sip:0312345678@[local_ip]:[local_port]>',
      'Max-Forwards: 70',
    ].join('\n');
  const sdp = [
    'v=0',
    'o=user1 53655765 2353687637 IN IP[local_ip_type] [local_ip]',
    's=-',
    'c=IN IP[media_ip_type] [media_ip]',
    't=0 0',
    `m=audio ${call.port} RTP/AVP ${call.formats}`,
    ...(call.formats.includes('101') ? ['a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15'] : []),
    ...(call.sdp ?? []),
  ].join('\n');
  const check =
    call.answer === undefined
      ? ''
      : `<action><ereg regexp="${call.answer.source}" search_in="msg" check_it="true" assign_to="1"/></action>`;
  const body = [
    '<?xml version="1.0" encoding="ISO-8859-1" ?>',
    `<scenario name="${name}">`,
    `<send retrans="500"><![CDATA[\n${request('INVITE', '1 INVITE', '')}\nContent-Type: application/sdp\nContent-Length: [len]\n\n${sdp}\n]]></send>`,
    '<recv response="100" optional="true"/>',
    '<recv response="180" optional="true"/>',
    `<recv response="200">${check}</recv>`,
    ...(call.answer === undefined ? [] : ['<Reference variables="1"/>']),
    `<send><![CDATA[\n${request('ACK', '1 ACK', '[peer_tag_param]')}\nContent-Length: 0\n\n]]></send>`,
    ...call.steps.flatMap(({ exec, thenMs }) => [
      `<nop><action><exec ${exec}/></action></nop>`,
      `<pause milliseconds="${thenMs}"/>`,
    ]),
    `<send retrans="500"><![CDATA[\n${request('BYE', '2 BYE', '[peer_tag_param]')}\nContent-Length: 0\n\n]]></send>`,
    '<recv response="200" crlf="true"/>',
    '</scenario>',
  ].join('\n');
  const path = join(folder, `${name}.xml`);
  writeFileSync(path, body);
  return path;
}
