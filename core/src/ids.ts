/** Ids say what they are (`cv_…`) and sort by the time they were minted. Pure: time and chance come in as arguments. */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type ConversationId = Branded<'ConversationId'>;
export type LegId = Branded<'LegId'>;
export type LineId = Branded<'LineId'>;
export type ReservationId = Branded<'ReservationId'>;
export type RecordingId = Branded<'RecordingId'>;
export type AgentId = Branded<'AgentId'>;
export type TeamId = Branded<'TeamId'>;
export type CustomerId = Branded<'CustomerId'>;
export type TrunkId = Branded<'TrunkId'>;

/** Milliseconds since 1970-01-01T00:00Z. */
export type EpochMs = number & { readonly [brand]: 'EpochMs' };
export const epochMs = (value: number): EpochMs => value as EpochMs;

/** A telephone number in E.164 form, `+` first: `+81312345678`. */
export type E164 = Branded<'E164'>;

export interface IdKinds {
  cv: ConversationId;
  lg: LegId;
  ln: LineId;
  rs: ReservationId;
  rc: RecordingId;
  ag: AgentId;
  tm: TeamId;
  cu: CustomerId;
  tk: TrunkId;
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
/** Where an id is put together, `??_` and 26 letters: letter by letter it would stay a chain of thirty strings for as long as anything holds it. */
const codes = Array.from({ length: 29 }, () => '_'.charCodeAt(0));

/**
 * Mints an id: prefix, `_`, 10 characters of time (48 bits), 16 characters of chance (80 bits), Crockford base 32.
 *
 * @param at when the thing came to be; ids of the same kind sort by it
 * @param chance at least 10 random bytes
 */
export function mintId<Kind extends keyof IdKinds>(kind: Kind, at: EpochMs, chance: Uint8Array): IdKinds[Kind] {
  if (chance.length < 10) throw new RangeError('mintId needs 10 random bytes');
  let place = 13;
  for (let rest = Math.max(0, Math.floor(at)); place > 3; rest = Math.floor(rest / 32)) {
    codes[--place] = alphabet.charCodeAt(rest % 32);
  }
  place = 13;
  for (let bits = 0, held = 0, i = 0; i < 10; i++) {
    held = (held << 8) | (chance[i] ?? 0);
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      codes[place++] = alphabet.charCodeAt((held >> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  codes[0] = kind.charCodeAt(0);
  codes[1] = kind.charCodeAt(1);
  return String.fromCharCode(...codes) as IdKinds[Kind];
}

/** True when `text` has the form of an id of this kind; says nothing about whether the thing exists. */
export function isId<Kind extends keyof IdKinds>(kind: Kind, text: string): text is IdKinds[Kind] {
  return text.startsWith(`${kind}_`) && /^[0-9a-z_]{1,40}$/.test(text);
}

/** When an id was minted, read from the id itself; NaN when it carries no time. */
export function idTime(id: string): EpochMs {
  const time = /^[a-z]{2}_([0-9a-z]{10})[0-9a-z]{16}$/.exec(id)?.[1];
  if (time === undefined) return epochMs(Number.NaN);
  return epochMs([...time].reduce((sum, letter) => sum * 32 + alphabet.indexOf(letter), 0));
}
