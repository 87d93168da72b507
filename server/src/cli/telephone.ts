/**
 * A ready-made telephone for the demo: a folder of settings with which baresip, a telephone from Debian's packages, calls in as
 * one of the demo company's customers. With a sound card one talks through it; without one the telephone hums a tone.
 */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hostInUri } from '../trunks/schema.js';

/** Where baresip's packages put its modules. */
const modulePaths = [
  '/usr/lib/baresip/modules',
  '/usr/lib/x86_64-linux-gnu/baresip/modules',
  '/usr/lib/aarch64-linux-gnu/baresip/modules',
  '/usr/local/lib/baresip/modules',
  '/opt/homebrew/lib/baresip/modules',
];

/**
 * @param sipHost an address of loopback: the demo's trunk takes calls from this machine only
 * @returns the folder, for `baresip -f`
 */
export async function writeTelephone(
  dataDir: string,
  sipHost: string,
  customer: { name: string; phone: string },
): Promise<string> {
  const folder = path.join(dataDir, 'telephone');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'config'), config(hostInUri(sipHost)));
  await writeFile(
    path.join(folder, 'accounts'),
    `"${customer.name}" <sip:${customer.phone}@${hostInUri(sipHost)}>;regint=0\n`,
  );
  await writeFile(path.join(folder, 'contacts'), '');
  return folder;
}

function config(sipHost: string): string {
  const sound = soundOf();
  return [
    `sip_listen ${sipHost}:0`,
    'audio_path /usr/share/baresip',
    `audio_source ${sound.source}`,
    `audio_player ${sound.player}`,
    `audio_alert ${sound.player}`,
    'ausrc_format s16',
    'auplay_format s16',
    'rtp_ports 10000-10100',
    `module_path ${modulePaths.find((place) => existsSync(place)) ?? modulePaths[0]}`,
    'module stdio.so',
    'module g711.so',
    `module ${sound.module}`,
    'module_tmp uuid.so',
    'module_tmp account.so',
    'module_app menu.so',
    '',
  ].join('\n');
}

function soundOf(): { source: string; player: string; module: string } {
  if (process.platform === 'darwin')
    return { source: 'coreaudio,nil', player: 'coreaudio,nil', module: 'coreaudio.so' };
  if (hasSoundCard()) return { source: 'alsa,default', player: 'alsa,default', module: 'alsa.so' };
  return {
    source: 'ausine,440',
    player: 'aubridge,nowhere',
    module: 'ausine.so\nmodule aubridge.so\nausrc_srate 48000\nausrc_channels 2',
  };
}

function hasSoundCard(): boolean {
  try {
    return readdirSync('/dev/snd').some((name) => name.startsWith('pcm'));
  } catch {
    return false;
  }
}
