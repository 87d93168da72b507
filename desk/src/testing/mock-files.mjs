/** Files of the cardboard server: the built desk, and a recording out of two tones. */
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { voice } from './mock-data.mjs';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const types = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.html': 'text/html; charset=utf-8',
};
const policy = (host) =>
  `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self' blob: ws://${host}; media-src 'self' blob:; worker-src 'self' blob:; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'`;

/** Answers with a file of desk/dist; every address without an ending is the page. */
export async function serveFile(request, response, pathname) {
  const file = extname(pathname) ? normalize(pathname) : '/index.html';
  try {
    let text = await readFile(join(dist, file));
    if (file === '/index.html') text = String(text).replace('%DENWABAN_BUILD%', 'mock').replace('%DENWABAN_DEMO%', '1');
    response.writeHead(200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': policy(request.headers.host),
      'origin-agent-cluster': '?1',
      'cross-origin-opener-policy': 'same-origin',
    });
    response.end(text);
  } catch {
    response.writeHead(404);
    response.end();
  }
}

export function wav(seconds) {
  const frames = Math.floor(seconds * 8000);
  const data = Buffer.alloc(44 + frames * 4);
  data.write('RIFF', 0);
  data.writeUInt32LE(36 + frames * 4, 4);
  data.write('WAVEfmt ', 8);
  data.writeUInt32LE(16, 16);
  data.writeUInt16LE(1, 20);
  data.writeUInt16LE(2, 22);
  data.writeUInt32LE(8000, 24);
  data.writeUInt32LE(32_000, 28);
  data.writeUInt16LE(4, 32);
  data.writeUInt16LE(16, 34);
  data.write('data', 36);
  data.writeUInt32LE(frames * 4, 40);
  for (let n = 0; n < frames; n++) {
    for (const channel of [0, 1]) {
      const sample = voice(channel, n / 8000) * Math.sin((n / 8000) * 2 * Math.PI * (channel ? 330 : 220));
      data.writeInt16LE(Math.round(sample * 12_000), 44 + n * 4 + channel * 2);
    }
  }
  return data;
}
