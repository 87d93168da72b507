import { MediaError, messageOf } from './contract.js';
import { Player } from './player.js';
import { isSaidOnce, type Sounds } from './sounds.js';

/** @throws MediaError `bad-request` for a sound that is not there, `failed` for one that cannot be read */
export async function playerOf(sounds: Sounds, sound: string, followedBy: string | null): Promise<Player> {
  const samples = await load(sounds, sound);
  return new Player(samples, isSaidOnce(sound), followedBy === null ? null : await load(sounds, followedBy));
}

/** The same sound as often as it is wanted. @throws as `playerOf` */
export async function playersOf(sounds: Sounds, sound: string): Promise<() => Player> {
  const samples = await load(sounds, sound);
  return () => new Player(samples, isSaidOnce(sound), null);
}

async function load(sounds: Sounds, sound: string): Promise<Uint8Array> {
  let samples: Uint8Array | null;
  try {
    samples = await sounds.load(sound);
  } catch (error) {
    throw new MediaError('failed', `sound ${sound}: ${messageOf(error)}`);
  }
  if (samples === null) throw new MediaError('bad-request', `there is no sound ${sound}`);
  return samples;
}
