/**
 * Who is there, for the desks: one watch of the floor, and a frame a second at most, made once for all of them. Each frame has a
 * version and names the one before; a desk that comes back with the version that still holds is sent nothing.
 */
import type { AgentView, ColleaguesMessage } from '@denwaban/core/wire';
import type { Floor } from '../services.js';

/** A desk that is connected. */
export interface ColleaguesViewer {
  /** True while it has much to read still: changes are left out and everybody is sent when it has caught up. */
  readonly isSlow: boolean;
  sendText(frame: string): void;
}

export class ColleaguesHub {
  readonly #floor: Floor;
  /** Of this process: versions of another one say nothing here. */
  readonly #epoch: string;
  readonly #viewers = new Map<ColleaguesViewer, { behind: boolean }>();
  readonly #changed = new Map<string, AgentView>();
  #seq = 0;
  /** Everybody as a frame of this version; made when it is first asked for. */
  #full: string | null = null;
  #watching = false;

  constructor(floor: Floor, epoch: string) {
    this.#floor = floor;
    this.#epoch = epoch;
  }

  /** @param known the version that the desk has, or null. Sends everybody unless it still holds, and every change from then on. */
  join(viewer: ColleaguesViewer, known: string | null): void {
    // For good once begun: were it given up with the last desk, no version would hold after a hop of the network.
    if (!this.#watching) {
      this.#watching = true;
      this.#floor.watchBoard(({ agents }) => {
        for (const agent of agents) this.#changed.set(agent.id, agent);
      });
    }
    this.#viewers.set(viewer, { behind: false });
    if (known !== this.#version) this.#sendAll(viewer);
  }

  /** Who never joined gets nothing. */
  resync(viewer: ColleaguesViewer): void {
    if (this.#viewers.has(viewer)) this.#sendAll(viewer);
  }

  leave(viewer: ColleaguesViewer): void {
    this.#viewers.delete(viewer);
  }

  /** Once a second: what changed goes out, and everybody to those who were slow and are not any more. */
  sweep(): void {
    if (this.#changed.size > 0) this.#tell();
    for (const [viewer, state] of this.#viewers) {
      if (!state.behind || viewer.isSlow) continue;
      state.behind = false;
      this.#sendAll(viewer);
    }
  }

  #tell(): void {
    const since = this.#version;
    this.#seq += 1;
    this.#full = null;
    const agents = [...this.#changed.values()];
    this.#changed.clear();
    const frame = this.#frame(since, agents);
    for (const [viewer, state] of this.#viewers) {
      if (state.behind || viewer.isSlow) state.behind = true;
      else viewer.sendText(frame);
    }
  }

  #sendAll(viewer: ColleaguesViewer): void {
    viewer.sendText((this.#full ??= this.#frame(null, this.#floor.agents())));
  }

  #frame(since: string | null, agents: AgentView[]): string {
    return JSON.stringify({ type: 'colleagues', version: this.#version, since, agents } satisfies ColleaguesMessage);
  }

  get #version(): string {
    return `${this.#epoch}.${this.#seq}`;
  }
}
