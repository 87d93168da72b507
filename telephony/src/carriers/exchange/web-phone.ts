/**
 * The demo customer's phone: a page in a browser that calls us by WebRTC. To the rest of the house it is a leg like any other;
 * only its signalling is a WebSocket's messages instead of SIP.
 */
import type { LegId } from '@denwaban/core';
import type { PhoneServerMessage } from '@denwaban/core/wire';
import type { FarEnd, FarEndListener } from './far-end.js';

export interface WebPhoneOptions {
  leg: LegId;
  /** Audio can flow: the caller may be told of. @returns who is to hear of the rest */
  arrived(far: FarEnd): FarEndListener;
  /** The caller came to nothing before anybody was told. */
  stillborn(): void;
  /** Calls `late` after `ms`, unless the returned function was called before. */
  after(ms: number, late: () => void): () => void;
}

export interface WebPhone {
  /** From the media process: the page's path stands. */
  connected(): void;
  /** The path came to nothing before it stood. Later losses are the leg's own. */
  lost(): void;
  hangUp(): void;
  dtmf(digit: string): void;
}

/** How long a page may take from our answer to a working path. */
export const connectMs = 10_000;

export function createWebPhone(listener: (message: PhoneServerMessage) => void, options: WebPhoneOptions): WebPhone {
  let over = false;
  let answered = false;
  let told: FarEndListener | null = null;
  const callOff = options.after(connectMs, lost);

  const far: FarEnd = {
    ring: () => listener({ type: 'ringing' }),
    answer() {
      answered = true;
      listener({ type: 'answered' });
      told?.answered(null); // no dialog to end from another process: the page's socket ends with ours
    },
    end(_reached, cause) {
      over = true;
      listener({ type: 'ended', cause });
    },
  };
  function lost(): void {
    if (over || told !== null) return;
    over = true;
    callOff();
    options.stillborn();
    listener({ type: 'ended', cause: 'media-lost' });
  }
  return {
    lost,
    connected() {
      if (over || told !== null) return;
      callOff();
      told = options.arrived(far);
    },
    hangUp() {
      if (over) return;
      over = true;
      callOff();
      if (told === null) options.stillborn();
      else told.ended(answered ? 'hung-up' : 'cancelled');
    },
    dtmf(digit) {
      if (!over) told?.digit(digit);
    },
  };
}
