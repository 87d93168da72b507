/** What the supervisor and its roles say to each other over Node's channel between parent and child. */
import type { MediaSettings } from '@denwaban/telephony';
import type { DemoInfo } from '@denwaban/core/wire';
import type { StartErrorCode } from '../store/start-error.js';
import type { Settings } from '../services.js';

/** The first message to a role. Not on the command line: the database's address may hold a password. */
export type RoleStart =
  | {
      role: 'control';
      settings: Settings;
      databaseUrl: string;
      /** The Unix sockets of the media processes. */
      mediaSockets: string[];
    }
  | { role: 'media'; settings: MediaSettings };

/**
 * The house closes: calls are ended, not left to a process that takes over. A bare SIGTERM means that one comes, as after a
 * crash: control then goes without a word to those who talk.
 */
export type RoleEnd = { type: 'end' };

/** To a media process: end as soon as nobody talks or waits in you; another one, of the version that is built now, follows. */
export type RoleRetire = { type: 'retire' };

export type RoleMessage =
  /** Its modules are loaded; it waits to be told its start. */
  | { type: 'loaded' }
  /** A step begins that may take over a second. */
  | { type: 'progress'; step: string }
  | { type: 'ready'; facts: ControlFacts | null }
  /** It cannot start, and trying again would not help. */
  | { type: 'failed'; code: StartErrorCode; line: string };

/** What the end of a start tells the person at the terminal. */
export interface ControlFacts {
  demo: DemoInfo | null;
  /** How many people can sign in. */
  people: number;
}
