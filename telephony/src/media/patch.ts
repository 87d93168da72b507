/** A patch: the way between two legs that live in different media processes. Pure. */
import type { HeldLeg, RtpRemote } from './protocol.js';

export interface PatchEnd<Member> {
  /** Who is to be heard at the other end. */
  leg: string;
  member: Member;
  /** The plain RTP leg beside it, which is its partner in its own process. */
  plug: string;
}

export type Patch<Member> = readonly [PatchEnd<Member>, PatchEnd<Member>] & {
  /** Since when it stands, epoch ms. */
  since: number;
};

/** Names tell which two belong together: a control that takes over finds the patches of the one before it by them alone. */
export const plugName = /^plug_([0-9a-f]+)_([01])$/;
export const isPlug = (leg: string): boolean => plugName.test(leg);

export function mintPatch<Member>(
  id: string,
  ...legs: [readonly [leg: string, member: Member], readonly [leg: string, member: Member]]
): [PatchEnd<Member>, PatchEnd<Member>] {
  const [[a, memberA], [b, memberB]] = legs;
  return [
    { leg: a, member: memberA, plug: `plug_${id}_0` },
    { leg: b, member: memberB, plug: `plug_${id}_1` },
  ];
}

/**
 * How a plug is aimed at the other. `recvonly`, though both send: who is held, or mute, sends nothing for as long as they like,
 * and the watch for silence is for telephones. µ-law, as a browser speaks; telephone-events go through.
 */
export const plugRemote = (address: string, port: number): RtpRemote => ({
  address,
  port,
  codec: 'PCMU',
  dtmfPayloadType: 101,
  ptimeMs: 20,
  direction: 'recvonly',
});

/**
 * Finds which plugs make a patch: both are there, and each is bridged with somebody.
 *
 * @param found every plug of every process
 */
export function pairPlugs<Member>(found: readonly (readonly [Member, HeldLeg])[]): {
  whole: Patch<Member>[];
  halves: { member: Member; plug: string }[];
} {
  const pairs = new Map<string, [Member, HeldLeg][]>();
  for (const [member, held] of found) {
    const id = plugName.exec(held.leg)?.[1];
    if (id !== undefined) pairs.set(id, [...(pairs.get(id) ?? []), [member, held]]);
  }
  const whole: Patch<Member>[] = [];
  const halves: { member: Member; plug: string }[] = [];
  for (const plugs of pairs.values()) {
    const ends = plugs.flatMap(([member, { leg: plug, bridgedTo }]) =>
      bridgedTo === null ? [] : [{ leg: bridgedTo, member, plug }],
    );
    const [first, second] = ends;
    if (first !== undefined && second !== undefined) whole.push(Object.assign([first, second] as const, { since: 0 }));
    else halves.push(...plugs.map(([member, { leg }]) => ({ member, plug: leg })));
  }
  return { whole, halves };
}
