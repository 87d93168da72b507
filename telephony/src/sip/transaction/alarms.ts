/**
 * Every timer of the stack, by its length: what is set for the same time falls due in the order in which it was set, so each length
 * is a list, and only its first has a timer of the process. A call sets a dozen, and most of them never ring.
 */
import type { Timers } from '../ports.js';
import { rfcTimers, type Timer } from './timers.js';

/** Whose a timer is. */
export interface Rung {
  rung(timer: Timer): void;
}

/** One timer of a transaction; may be set again and again. */
export class Alarm {
  readonly owner: Rung;
  timer: Timer;
  at = 0;
  row: Row | null = null;
  before: Alarm | null = null;
  after: Alarm | null = null;

  constructor(owner: Rung, timer: Timer) {
    this.owner = owner;
    this.timer = timer;
  }
}

/** Those of one length. */
interface Row {
  readonly ms: number;
  first: Alarm | null;
  last: Alarm | null;
  cancel: () => void;
}

export class Alarms implements Timers {
  readonly #timers: Timers;
  readonly #now: () => number;
  readonly #rows = new Map<number, Row>();

  constructor(timers: Timers, now: () => number) {
    this.#timers = timers;
    this.#now = now;
  }

  set(alarm: Alarm, ms: number): void {
    this.cancel(alarm);
    let row = this.#rows.get(ms);
    if (row === undefined) {
      row = { ms, first: null, last: null, cancel: () => {} };
      this.#rows.set(ms, row);
      this.#wait(row, ms);
    }
    alarm.at = this.#now() + ms;
    alarm.row = row;
    alarm.before = row.last;
    if (row.last === null) row.first = alarm;
    else row.last.after = alarm;
    row.last = alarm;
  }

  /** One that is not set is none the worse for it. */
  cancel(alarm: Alarm): void {
    const { row } = alarm;
    if (row === null) return;
    this.#take(row, alarm);
    if (row.first !== null) return;
    row.cancel();
    this.#rows.delete(row.ms);
  }

  after(ms: number, call: () => void): () => void {
    const alarm = new Alarm({ rung: call }, 'A');
    this.set(alarm, ms);
    return () => this.cancel(alarm);
  }

  #take(row: Row, alarm: Alarm): void {
    const { before, after } = alarm;
    if (before === null) row.first = after;
    else before.after = after;
    if (after === null) row.last = before;
    else after.before = before;
    alarm.row = alarm.before = alarm.after = null;
  }

  #wait(row: Row, ms: number): void {
    row.cancel = this.#timers.after(ms, () => this.#ring(row));
  }

  #ring(row: Row): void {
    const now = this.#now();
    try {
      for (let alarm = row.first; alarm !== null && alarm.at <= now; alarm = row.first) {
        this.#take(row, alarm);
        alarm.owner.rung(alarm.timer);
      }
    } finally {
      // Whoever was rung may have emptied the row, and another may stand in its place.
      if (this.#rows.get(row.ms) === row) {
        if (row.first === null) this.#rows.delete(row.ms);
        else this.#wait(row, Math.max(row.first.at - now, latenessMs(row.ms)));
      }
    }
  }
}

/**
 * How late one may ring that was not the first of its row. The long ones end what lingers, some hundred a second; to wake the
 * process for each costs more than what it then does. Those that send again are shorter, and ring in time.
 */
export const latenessMs = (ms: number): number => (ms < rfcTimers.t4 ? 0 : ms / 64);

/** What has timers as a transaction has them: two at most. One sends again, the other gives up, and later ends the lingering. */
export abstract class Timed implements Rung {
  protected abstract readonly run: { alarms: Alarms };
  private again: Alarm | null = null;
  private patience: Alarm | null = null;

  abstract rung(timer: Timer): void;

  stop(): void {
    if (this.again !== null) this.run.alarms.cancel(this.again);
    if (this.patience !== null) this.run.alarms.cancel(this.patience);
  }

  protected schedule(timer: Timer, ms: number): void {
    if (sendsAgain(timer)) this.run.alarms.set((this.again ??= new Alarm(this, timer)), ms);
    else {
      this.patience ??= new Alarm(this, timer);
      this.patience.timer = timer;
      this.run.alarms.set(this.patience, ms);
    }
  }

  protected cancelTimer(timer: Timer): void {
    if (this.again?.timer === timer) {
      // What has its answer sends no more; it lingers for half a minute.
      this.run.alarms.cancel(this.again);
      this.again = null;
    } else if (this.patience?.timer === timer) this.run.alarms.cancel(this.patience);
  }
}

const sendsAgain = (timer: Timer): boolean => timer === 'A' || timer === 'E' || timer === 'G';
