import type { Leg } from './leg.js';
import type { LineWatch } from './line-watch.js';
import { RtpTransport } from './rtp-transport.js';

export interface Standing {
  /** Plain RTP legs that can still be opened, as far as we are concerned. */
  freePorts: number;
  /** Nobody talks or waits here: what is left are agents' lines between two calls, and those are soon built elsewhere. */
  dispensable: boolean;
}

export function standingOf(
  entries: Iterable<{ leg: Leg; watch: LineWatch }>,
  ports: number,
  recordingsIdle: boolean,
): Standing {
  let freePorts = ports;
  let dispensable = recordingsIdle;
  for (const { leg, watch } of entries) {
    if (leg.transport instanceof RtpTransport) freePorts -= 1;
    if (watch.kind !== 'line' || leg.bridge !== null) dispensable = false;
  }
  return { freePorts, dispensable };
}
