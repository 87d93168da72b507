/** UDP sockets for SIP and RTP: what they need is in contract.ts, by the C library where that goes, else by node:dgram. */
import type { Datagrams } from './contract.js';
import { dgramDatagrams } from './dgram.js';
import { loadLibc } from './libc.js';
import { nativeDatagrams } from './native.js';

export type { BindOptions, DatagramListener, Datagrams, DatagramSocket, Endpoint } from './contract.js';

export interface Choice {
  datagrams: Datagrams;
  /** Why not native; null when it is. */
  because: string | null;
}

/** @param wanted what DENWABAN_NATIVE_SOCKETS says: `off` is by node:dgram, anything else native where possible */
export function chooseDatagrams(wanted: string | undefined, load: typeof loadLibc = loadLibc): Choice {
  if (/^(0|off|false|no)$/i.test(wanted ?? ''))
    return { datagrams: dgramDatagrams, because: 'DENWABAN_NATIVE_SOCKETS is off' };
  try {
    return { datagrams: nativeDatagrams(load()), because: null };
  } catch (error) {
    return {
      datagrams: dgramDatagrams,
      because: error instanceof Error ? error.message.split('\n')[0]! : String(error),
    };
  }
}

let chosen: Choice | null = null;

/** This process's choice, made when it is first asked for. */
export const ownDatagrams = (): Choice => (chosen ??= chooseDatagrams(process.env['DENWABAN_NATIVE_SOCKETS']));
