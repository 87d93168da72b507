import { QualitySum } from '../rtp/index.js';
import type { Bridge } from './bridge.js';
import type { Leg } from './leg.js';
import type { MediaEvent } from './protocol.js';

interface Stretch {
  sum: QualitySum;
  measuredMs: number;
}

export interface MeasuresOptions {
  emit: (event: MediaEvent) => void;
  wallNow: () => number;
  now: () => number;
  /** How often a line in a bridge is measured. */
  everyMs: number;
}

/** How the lines of bridges are: measured every few seconds and at the end, told each time with what it adds up to since the bridge stood. */
export class Measures {
  private readonly options: MeasuresOptions;
  private readonly running = new Map<Bridge, Map<Leg, Stretch>>();

  constructor(options: MeasuresOptions) {
    this.options = options;
  }

  begin(bridge: Bridge): void {
    const measuredMs = this.options.now();
    const stretches = [bridge.a, bridge.b].map((leg): [Leg, Stretch] => {
      leg.meter.begin();
      return [leg, { sum: new QualitySum(), measuredMs }];
    });
    this.running.set(bridge, new Map(stretches));
  }

  /** Looked at a few times a second. */
  check(nowMs: number): void {
    for (const [bridge, stretches] of this.running) {
      for (const [leg, stretch] of stretches) {
        if (nowMs - stretch.measuredMs >= this.options.everyMs) this.measure(bridge, leg, stretch, nowMs, false);
      }
    }
  }

  end(bridge: Bridge): void {
    const stretches = this.running.get(bridge);
    this.running.delete(bridge);
    const nowMs = this.options.now();
    for (const [leg, stretch] of stretches ?? []) this.measure(bridge, leg, stretch, nowMs, true);
  }

  private measure(bridge: Bridge, leg: Leg, stretch: Stretch, nowMs: number, final: boolean): void {
    const { sum } = stretch;
    const quality = leg.meter.measure(leg.transport.ptimeMs);
    if (quality !== null) sum.add(quality, Math.round(nowMs - stretch.measuredMs));
    stretch.measuredMs = nowMs;
    const { mean, worst, ms: spanMs } = sum;
    if (mean === null || worst === null) return;
    const at = this.options.wallNow();
    this.options.emit({ type: 'leg-quality', leg: leg.id, at, since: bridge.at, final, spanMs, mean, worst });
  }
}
