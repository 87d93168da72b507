/**
 * The agents' warm lines. Everything is keyed by line, never by agent: while a page reloads or a second tab takes over, two
 * lines of one agent overlap. The line opened last is the agent's; the one before it is kept, while a talk runs over it, until
 * the new one has proven itself.
 */
import type { AgentId, EpochMs, LineId, PhoneEvent } from '@denwaban/core';
import type { MediaClient, Owns } from '../../media/contract.js';
import type { MediaEvent } from '../../media/protocol.js';
import { ExchangeError, toExchangeError } from './errors.js';

interface Line {
  id: LineId;
  /** Null: found in the media process after a restart; its desk is expected back. */
  agent: AgentId | null;
  status: 'opening' | 'open' | 'proven' | 'suspect' | 'replaced';
}

export interface LinesOptions {
  media: Pick<MediaClient, 'request' | 'ready'>;
  /** Resolves when a media process is there, or a while has passed. */
  mediaThere(): Promise<void>;
  now(): EpochMs;
  emit(event: PhoneEvent): void;
  /** Closes the media leg; failures are of no interest. */
  closeMedia(line: LineId): void;
  /** Does a talk run over this line? */
  inTalk(line: LineId): boolean;
  /** The agent can be heard over this line: a talk of theirs moves here. */
  proven(agent: AgentId, line: LineId): void;
  /** The media leg of this line is no more. */
  gone(line: LineId): void;
}

export interface Lines {
  open(request: { agent: AgentId; line: LineId; offer: string }): Promise<{ answer: string }>;
  close(line: LineId): void;
  /** A line that outlived the process before this one. `agent`: whose it is, when a talk that runs over it tells. */
  found(line: LineId, agent: AgentId | null, proven: boolean): void;
  /** The agent's desk is back with this line. Null: it is gone, replaced, or another's. */
  claim(agent: AgentId, line: LineId): { proven: boolean } | null;
  /** Lines that were found and nobody came for are closed. */
  closeUnclaimed(): void;
  /** The agent's line when audio can flow over it now. */
  provenLine(agent: AgentId): LineId | null;
  knows(leg: string): boolean;
  /** A talk of this agent ended: what was kept for it can go. */
  tidy(agent: AgentId): void;
  onMedia(event: MediaEvent): void;
  /** A media process died with the lines that `owns` knows. */
  mediaLost(owns: Owns): void;
  /** The house shuts: every line is closed and told of. */
  closeAll(): void;
  readonly counts: { lines: number; proven: number };
}

export function createLines(options: LinesOptions): Lines {
  const lines = new Map<string, Line>();
  const current = new Map<AgentId, Line>();
  function lost({ agent, id }: Line, because: Extract<PhoneEvent, { type: 'line.lost' }>['because']): void {
    if (agent !== null) options.emit({ type: 'line.lost', agent, line: id, at: options.now(), because });
  }
  const isCurrent = (line: Line) => line.agent !== null && current.get(line.agent) === line;

  function forget(line: Line): void {
    lines.delete(line.id);
    if (line.agent !== null && isCurrent(line)) current.delete(line.agent);
    options.gone(line.id);
  }
  /** Old lines of this agent that a talk no longer needs. */
  function closeReplaced(agent: AgentId | null): void {
    for (const line of lines.values()) {
      if (line.agent !== agent || line.status !== 'replaced' || options.inTalk(line.id)) continue;
      forget(line);
      options.closeMedia(line.id);
    }
  }

  function close(id: LineId): void {
    const line = lines.get(id);
    if (line === undefined) return;
    const wasTheirs = isCurrent(line);
    forget(line);
    if (line.status === 'opening') return; // `open` closes what it gets
    options.closeMedia(id);
    if (wasTheirs) {
      lost(line, 'closed');
      closeReplaced(line.agent);
    }
  }

  return {
    async open({ agent, line: id, offer }) {
      if (lines.has(id)) throw new ExchangeError('failed', `line ${id} is open already`);
      const line: Line = { id, agent, status: 'opening' };
      lines.set(id, line);
      let answer: string;
      try {
        // A desk that lost its line with the one media process there is asks at once, and its agent may be in a talk.
        if (!options.media.ready) await options.mediaThere();
        if (lines.get(id) !== line) throw new ExchangeError('failed', `line ${id} was closed before it opened`);
        ({ answer } = await options.media.request({ type: 'open-webrtc', leg: id, offer, heartbeat: true }));
      } catch (problem) {
        if (lines.get(id) === line) lines.delete(id); // the line before stays what it was
        throw toExchangeError(problem);
      }
      if (lines.get(id) !== line) {
        // Closed by the desk, or lost with its process, while it was being opened.
        options.closeMedia(id);
        throw new ExchangeError('failed', `line ${id} was closed while it opened`);
      }
      line.status = 'open';
      const before = current.get(agent);
      current.set(agent, line);
      if (before !== undefined) {
        before.status = 'replaced';
        lost(before, 'replaced');
        closeReplaced(agent);
      }
      return { answer };
    },

    close,
    closeAll() {
      for (const line of lines.values()) close(line.id);
    },

    found(id, agent, proven) {
      const line: Line = { id, agent, status: proven ? 'proven' : 'suspect' };
      lines.set(id, line);
      if (agent !== null) current.set(agent, line);
    },
    claim(agent, id) {
      const line = lines.get(id);
      if (line === undefined || line.status === 'opening' || line.status === 'replaced') return null;
      // Only the desk that opened a line was ever told its id, which nobody can guess; a talk's line is its agent's all the same.
      if (line.agent !== null && line.agent !== agent) return null;
      if (line.agent === null) {
        if (current.has(agent)) return null;
        line.agent = agent;
        current.set(agent, line);
      }
      return { proven: line.status === 'proven' };
    },
    closeUnclaimed() {
      for (const line of lines.values()) if (line.agent === null) close(line.id);
    },

    provenLine(agent) {
      const line = current.get(agent);
      return line?.status === 'proven' ? line.id : null;
    },
    knows: (leg) => lines.has(leg),
    tidy: closeReplaced,

    onMedia(event) {
      if (!('leg' in event)) return;
      const line = lines.get(event.leg);
      if (line === undefined) return;
      if (event.type === 'line-proven') {
        if (line.status !== 'open' && line.status !== 'suspect') return;
        line.status = 'proven';
        if (line.agent === null) return;
        options.emit({ type: 'line.proven', agent: line.agent, line: line.id, at: options.now() });
        options.proven(line.agent, line.id);
        closeReplaced(line.agent);
      } else if (event.type === 'line-suspect') {
        // No echo while idle, no audio in a talk: either way nobody can be heard, until it is back.
        if (line.status !== 'proven') return;
        line.status = 'suspect';
        lost(line, 'heartbeat');
      } else if (event.type === 'leg-lost') {
        const { status } = line;
        forget(line);
        if (status !== 'replaced' && status !== 'opening') {
          lost(line, 'closed'); // whatever the reason: this one does not come back
          closeReplaced(line.agent);
        }
      }
    },

    mediaLost(owns) {
      for (const line of lines.values()) {
        if (!owns(line.id)) continue;
        forget(line);
        if (line.status !== 'replaced' && line.status !== 'opening') lost(line, 'media-process');
      }
    },

    get counts() {
      let proven = 0;
      for (const line of lines.values()) if (line.status === 'proven') proven++;
      return { lines: lines.size, proven };
    },
  };
}
