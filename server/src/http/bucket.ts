/** A token bucket: so many at once, so many per second after that. Pure; time (any monotonic ms) comes in. */
export interface BucketRule {
  burst: number;
  perSecond: number;
}

export class Bucket {
  readonly #rule: BucketRule;
  #tokens: number;
  #at: number;

  constructor(rule: BucketRule, nowMs: number) {
    this.#rule = rule;
    this.#tokens = rule.burst;
    this.#at = nowMs;
  }

  /** Takes one token. False when there is none: then nothing is taken. */
  take(nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Puts one back, for what turned out not to count. */
  giveBack(nowMs: number): void {
    this.#refill(nowMs);
    this.#tokens = Math.min(this.#rule.burst, this.#tokens + 1);
  }

  /** Milliseconds until a token is there; 0 when one is there now. */
  waitMs(nowMs: number): number {
    this.#refill(nowMs);
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) / this.#rule.perSecond) * 1000);
  }

  isFull(nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#tokens >= this.#rule.burst;
  }

  #refill(nowMs: number): void {
    const passed = Math.max(0, nowMs - this.#at);
    this.#at = nowMs;
    this.#tokens = Math.min(this.#rule.burst, this.#tokens + (passed / 1000) * this.#rule.perSecond);
  }
}

/** One bucket per key, at most `keysMax` of them: the one touched longest ago is forgotten first. */
export class Buckets {
  readonly #rule: BucketRule;
  readonly #keysMax: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rule: BucketRule, keysMax = 10_000) {
    this.#rule = rule;
    this.#keysMax = keysMax;
  }

  of(key: string, nowMs: number): Bucket {
    const bucket = this.#buckets.get(key) ?? new Bucket(this.#rule, nowMs);
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > this.#keysMax) {
      const oldest = this.#buckets.keys().next().value;
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return bucket;
  }
}
