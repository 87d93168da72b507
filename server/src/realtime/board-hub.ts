/**
 * One watch of the floor for all boards: a change is put into a frame once, however many look on. Each frame has a number; a
 * board that sees a gap has missed something, which happens only right before a full one.
 */
import type { BoardMessage } from '@denwaban/core/wire';
import type { Floor } from '../services.js';

/** A board that is connected. */
export interface BoardViewer {
  /** True while it has much to read still: deltas are left out and a full board is sent when it has caught up. */
  readonly isSlow: boolean;
  sendText(frame: string): void;
}

export class BoardHub {
  readonly #floor: Floor;
  readonly #viewers = new Map<BoardViewer, { behind: boolean }>();
  #seq = 0;
  #unwatch: (() => void) | null = null;

  constructor(floor: Floor) {
    this.#floor = floor;
  }

  /** Sends the whole board and every change from then on. */
  join(viewer: BoardViewer): void {
    // Watch first: a change between the two would be lost, while one that is told twice does no harm.
    this.#unwatch ??= this.#floor.watchBoard((change) => this.#tell(change));
    this.#viewers.set(viewer, { behind: false });
    viewer.sendText(this.#full());
  }

  leave(viewer: BoardViewer): void {
    this.#viewers.delete(viewer);
    if (this.#viewers.size > 0) return;
    this.#unwatch?.();
    this.#unwatch = null;
  }

  /** Full boards for those who were slow and are not any more. Called once a second. */
  sweep(): void {
    let full: string | null = null;
    for (const [viewer, state] of this.#viewers) {
      if (!state.behind || viewer.isSlow) continue;
      state.behind = false;
      viewer.sendText((full ??= this.#full()));
    }
  }

  #tell(change: Omit<BoardMessage, 'seq'>): void {
    this.#seq += 1;
    const frame = JSON.stringify({ ...change, seq: this.#seq } satisfies BoardMessage);
    for (const [viewer, state] of this.#viewers) {
      if (state.behind || viewer.isSlow) state.behind = true;
      else viewer.sendText(frame);
    }
  }

  #full(): string {
    return JSON.stringify({ ...this.#floor.board(), full: true, seq: this.#seq } satisfies BoardMessage);
  }
}
