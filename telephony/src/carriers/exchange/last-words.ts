/** What the calls of a process that died are told by this one: a BYE, or the answer or CANCEL that was written for them beforehand. */
import type { DialogSnapshot, SipEndpoint } from '../../sip/contract.js';
import { readToken } from './leg-token.js';
import type { Log } from './log.js';
import { byeReason } from './sip-leg.js';

export interface LastWords {
  /** There are sockets now. Whoever reconciles does so before new calls may come in, and that is before: what they ask for waits. */
  opened(): void;
  /** Sends a BYE. Resolves when it was answered or gave up; never rejects. */
  bye(dialog: DialogSnapshot): Promise<void>;
  /** Sends what was written for whom a process left ringing. */
  say(farewell: string): void;
  /** Ends an answered leg, and what was still being placed for it. @returns false when this is no token of ours */
  end(token: string): boolean;
  /** For a leg in whatever state it was, by the note that its media leg kept. */
  endNoted(note: string): void;
}

export function createLastWords(sip: () => SipEndpoint, log: Log): LastWords {
  let opened!: () => void;
  const open = new Promise<void>((resolve) => (opened = resolve));
  const self: LastWords = {
    opened: () => opened(),
    bye: (dialog) =>
      open
        .then(() => sip().endOrphan(dialog, byeReason('failed')))
        .catch((problem: unknown) => {
          log.warn({ problem: String(problem) }, 'exchange: a call of a dead process could not be ended');
        }),
    say: (farewell) => void open.then(() => sip().sendFarewell(farewell)),
    end(token) {
      const dialog = readToken(token);
      if (dialog === null) return false;
      if (dialog.placed !== undefined) self.say(dialog.placed);
      if (dialog.left !== true) void self.bye(dialog);
      return true;
    },
    endNoted(note) {
      if (!self.end(note)) self.say(note);
    },
  };
  return self;
}
