/** What we need of a browser's offer. */
export interface BrowserOffer {
  /** `a=mid` of the audio that we answer. */
  mid: string;
  /** telephone-event at 8 kHz, or null. */
  dtmfPayloadType: number | null;
  /** The offer as libdatachannel should see it. */
  sdp: string;
}

/**
 * Reads and trims a browser's offer.
 *
 * Candidates go: libdatachannel throws on some of them before its transport stands, and it learns the browser as
 * peer-reflexive anyway (our own candidate is in the answer). `telephone-event/48000` goes, since an answerer that matches by
 * name would take it and every digit would last six times as long.
 *
 * @returns null when there is no audio with PCMU in it
 */
export function readOffer(offer: string): BrowserOffer | null {
  // A lone CR ends a line too: what it hid from us the library behind us might still read.
  const lines = offer.split(/[\r\n]+/).filter((line) => line !== '');
  if (lines[0] !== 'v=0') return null;
  const wideEvents = new Set<string>();
  let section: string[] = [];
  let audio: string[] | null = null;
  for (const line of lines) {
    if (line.startsWith('m=')) {
      section = [];
      if (audio === null && line.startsWith('m=audio ')) audio = section;
    }
    section.push(line);
    const wide = /^a=rtpmap:(\d+) telephone-event\/(?!8000)/i.exec(line);
    if (wide !== null) wideEvents.add(wide[1]!);
  }
  if (audio === null) return null;
  const payloadTypes = audio[0]!.split(' ').slice(3);
  if (!payloadTypes.includes('0')) return null;
  const mid = audio.map((line) => /^a=mid:(\S{1,32})$/.exec(line)?.[1]).find((found) => found !== undefined);
  if (mid === undefined) return null;
  const narrow = audio
    .map((line) => /^a=rtpmap:(\d+) telephone-event\/8000/i.exec(line)?.[1])
    .find((pt) => pt !== undefined);
  const kept = lines.flatMap((line) => {
    if (/^a=(candidate:|end-of-candidates)/.test(line)) return [];
    if (wideEvents.has(/^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) /.exec(line)?.[1] ?? '')) return [];
    if (!line.startsWith('m=audio ')) return [line];
    const [media, port, profile, ...types] = line.split(' ');
    return [[media, port, profile, ...types.filter((type) => !wideEvents.has(type))].join(' ')];
  });
  return { mid, dtmfPayloadType: narrow === undefined ? null : Number(narrow), sdp: `${kept.join('\r\n')}\r\n` };
}

/**
 * Puts right what libdatachannel writes into its answer: telephone-event runs at 8 kHz, and behind NAT the browser must be told
 * the address it can reach.
 */
export function finishAnswer(answer: string, addresses: { bind: string; public: string; port: number }): string {
  const fixed = answer.replace(/(a=rtpmap:\d+ telephone-event)\/48000(\/2)?/g, '$1/8000');
  if (addresses.public === addresses.bind || fixed.includes(` ${addresses.public} ${addresses.port} typ host`))
    return fixed;
  // Above any host candidate of ours, so that it is tried first.
  const candidate = `a=candidate:denwaban 1 UDP 2130706431 ${addresses.public} ${addresses.port} typ host\r\n`;
  const at = fixed.search(/a=candidate:/);
  return at < 0 ? fixed + candidate : fixed.slice(0, at) + candidate + fixed.slice(at);
}
