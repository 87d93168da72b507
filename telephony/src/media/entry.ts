/** A leg of the engine with the watch over it, and how the two look from outside. */
import type { Leg } from './leg.js';
import type { LineWatch, Signs } from './line-watch.js';
import type { HeldLeg } from './protocol.js';
import { RtpTransport } from './rtp-transport.js';

export interface Entry {
  leg: Leg;
  watch: LineWatch;
}

export function heldOf({ leg, watch }: Entry, publicAddress: string): HeldLeg {
  const { transport } = leg;
  return {
    leg: leg.id,
    bridgedTo: leg.partner?.id ?? null,
    recording: leg.recording?.id ?? null,
    proven: watch.proven,
    held: leg.held,
    playing: leg.playing,
    note: leg.note,
    rtp: transport instanceof RtpTransport ? { address: publicAddress, port: transport.port } : null,
  };
}

export function signsOf(leg: Leg): Signs {
  const transport = leg.transport;
  return {
    connected: transport.open,
    heardMs: leg.heardMs,
    bridgedSinceMs: leg.bridge?.sinceMs ?? null,
    expectsAudio: transport instanceof RtpTransport ? transport.expectsAudio && !leg.resting : true,
    reportedMs: leg.reportedMs,
  };
}
