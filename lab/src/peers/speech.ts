/** Two voices that nobody can take for one another, made with espeak-ng: what the customer says and what the agent says. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { readWav } from './wav.js';

export interface Voice {
  /** 8 kHz mono, what a telephone plays. */
  telephone: string;
  /** 48 kHz mono, what a fake microphone plays. */
  microphone: string;
  /** The same at 8 kHz as samples, to compare with. */
  samples: Float32Array;
}

/** Long enough that no sentence comes twice within a test's call: a repeated one would fit at two places. */
const texts = {
  customer: `Good afternoon. I ordered eleven blue umbrellas on the third of March, and only seven of them arrived. The parcel
    was wet, one handle is broken, and the invoice names another street. Could you look up the order? The number is four
    nine two, seven seven one, zero eight. My neighbour received a yellow lamp instead, which belongs to somebody in Osaka.
    I would rather keep the umbrellas and have the remaining ones sent before Friday, because a wedding takes place in a
    garden, and the weather report promises thunder. If that cannot be done, please tell me which shop nearby has them.
    By the way, your web site asked for my birthday twice and then forgot my postal code. It is one five zero, double zero
    two three. I can be reached until six, after that my sister answers the telephone. She knows about everything.`,
  agent: `Thank you for calling. This is the service desk, how may I help you today? Let me open your account while we talk.
    I see the shipment left our warehouse in two boxes, and the second box is still waiting at the depot near the harbour.
    I am going to ask the driver for an evening delivery. Would Thursday between five and eight suit you? Please throw the
    damaged piece away, we will credit it without any paperwork. The wrong street came from an older form, I have just
    corrected that. For the lamp we shall send a courier, nobody has to pay anything. Is there a code for the front door?
    Wonderful. You will get a short message as soon as the van is loaded. Many apologies for the trouble with the page,
    our engineers repaired the birthday question yesterday. May I do something else, or shall I read the summary aloud?`,
} as const;

const how = {
  customer: ['-v', 'en-us', '-s', '150', '-p', '30'],
  agent: ['-v', 'en-gb+f3', '-s', '165', '-p', '75'],
} as const;

/** @param folder where the files go; made once a folder */
export function voice(who: keyof typeof texts, folder: string): Voice {
  mkdirSync(folder, { recursive: true });
  const telephone = join(folder, `${who}-8k.wav`);
  const microphone = join(folder, `${who}-48k.wav`);
  if (!existsSync(telephone) || !existsSync(microphone)) {
    const raw = join(folder, `${who}-${process.pid}-raw.wav`);
    execFileSync('espeak-ng', [...how[who], '-w', raw, texts[who].replace(/\s+/g, ' ')]);
    // Both from one band-limited source: what the browser resamples to 8 kHz is then what the telephone file holds.
    const half = join(folder, `${who}-${process.pid}-half.wav`);
    execFileSync('sox', [raw, '-b', '16', half, 'norm', '-6', 'rate', '-h', '8000', 'sinc', '250-3300']);
    execFileSync('sox', [half, '-b', '16', `${microphone}.wav`, 'rate', '-h', '48000']);
    renameSync(half, telephone);
    renameSync(`${microphone}.wav`, microphone);
  }
  return { telephone, microphone, samples: readWav(telephone).channels[0]! };
}
