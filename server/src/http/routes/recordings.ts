/** Recordings: the sound itself, whole or in part, while it is still being written too, and its outline for drawing. */
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { peaksQuery, recordingPeaks, recordingQuery, type RecordingPeaks } from '@denwaban/core/wire';
import { Refusal } from '../../services.js';
import { viewer } from '../access.js';
import type { App, HttpContext } from '../context.js';
import { Lanes } from '../lanes.js';
import { errors, json, needsSession } from '../openapi.js';
import { readPeaks } from '../peaks.js';
import { ifRangeHolds, noneMatch, readRange } from '../range.js';
import { headerFor, readWavShape } from '../wav.js';
import { conversationId, conversationParams } from './conversations.js';

interface Opened {
  file: FileHandle;
  finished: boolean;
  size: number;
  /** Strong, and only of a file that changes no more. */
  etag: string | null;
}

interface Answer {
  status: 200 | 206 | 304;
  headers: Record<string, string>;
  /** Null: HEAD, 304, or an empty file. It closes the file. */
  body: Readable | null;
}

type RecordingRequest = FastifyRequest<{ Params: { id: string }; Querystring: { download?: '0' | '1' | undefined } }>;

const wav = z.file().describe('WAV, 16-bit PCM, 8 kHz; left the customer, right the agent.');

export function recordingRoutes(app: App, { store }: HttpContext): void {
  /** @throws Refusal `no-recording`; the caller closes the file */
  async function find(request: FastifyRequest<{ Params: { id: string } }>): Promise<Opened> {
    const recording = await store.conversations.recording(viewer(request), conversationId(request.params.id));
    if (recording === null) throw new Refusal('no-recording', 'the conversation has no recording that you may hear');
    const file = await open(recording.path, 'r').catch((error: NodeJS.ErrnoException) => {
      request.log.error({ code: error.code, conversation: request.params.id }, 'a recording cannot be opened');
      throw new Refusal('no-recording', 'the file of the recording is gone');
    });
    const { size, mtimeMs } = await file.stat();
    const etag = recording.finished ? `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"` : null;
    return { file, finished: recording.finished, size, etag };
  }

  const schema = {
    tags: ['conversations'],
    security: needsSession,
    params: conversationParams,
    querystring: recordingQuery,
    response: {
      200: { description: 'The whole recording.', content: { 'audio/wav': { schema: wav } } },
      206: { description: 'The part asked for.', content: { 'audio/wav': { schema: wav } } },
      304: z.undefined().describe('Unchanged.'),
      ...errors('not-signed-in', 'no-recording', 'not-found', 'bad-request', 'range-not-satisfiable'),
    },
  };
  async function serve(request: RecordingRequest, setHeader: (name: string, value: string) => void): Promise<Answer> {
    const opened = await find(request);
    try {
      const answer = await answerWith(request, opened, request.query.download === '1' ? request.params.id : null);
      if (answer !== null) return answer;
      setHeader('content-range', `bytes */${opened.size}`);
      throw new Refusal('range-not-satisfiable', `the recording has ${opened.size} bytes`);
    } catch (error) {
      await opened.file.close();
      throw error;
    }
  }

  app.route({
    method: 'GET',
    url: '/api/v1/conversations/:id/recording',
    exposeHeadRoute: false,
    config: { access: 'signed-in' },
    schema: {
      ...schema,
      operationId: 'getRecording',
      summary: 'The two-channel recording',
      description: 'Single byte ranges (RFC 9110). While the call lasts it is what is on disk so far.',
    },
    handler: async (request, reply) => {
      const { status, headers, body } = await serve(request, (name, value) => void reply.header(name, value));
      // fastify sends a stream as it is, past every schema; its types only know the schema's
      return reply
        .code(status)
        .headers(headers)
        .send((body ?? undefined) as never);
    },
  });
  app.route({
    method: 'HEAD',
    url: '/api/v1/conversations/:id/recording',
    config: { access: 'signed-in' },
    schema: { ...schema, hide: true },
    handler: async (request, reply) => {
      const { status, headers } = await serve(request, (name, value) => void reply.header(name, value));
      return reply.code(status).headers(headers).send(undefined);
    },
  });

  const lanes = new Lanes(2, 20);
  const drawn = new Map<string, RecordingPeaks>();
  app.route({
    method: 'GET',
    url: '/api/v1/conversations/:id/peaks',
    config: { access: 'signed-in' },
    schema: {
      operationId: 'getPeaks',
      tags: ['conversations'],
      summary: 'The outline of the recording, for drawing',
      security: needsSession,
      params: conversationParams,
      querystring: peaksQuery,
      response: {
        200: json('Peaks per channel.', recordingPeaks),
        ...errors('not-signed-in', 'no-recording', 'not-found', 'bad-request'),
      },
    },
    handler: async (request, reply) => {
      const opened = await find(request);
      try {
        const key = `${request.params.id} ${opened.etag} ${request.query.points}`;
        const known = opened.etag === null ? undefined : drawn.get(key);
        if (known !== undefined) return await reply.code(200).send(known);
        const scanned = await lanes.run(() => readPeaks(opened.file, request.query.points));
        if (scanned === null) throw new Refusal('unavailable', 'too many recordings are being drawn at this moment');
        if (scanned.value === null) throw new Refusal('no-recording', 'the file of the recording cannot be read');
        if (opened.etag !== null) {
          drawn.set(key, scanned.value);
          const oldest = drawn.keys().next().value;
          if (drawn.size > 200 && oldest !== undefined) drawn.delete(oldest);
        }
        return await reply.code(200).send(scanned.value);
      } finally {
        await opened.file.close();
      }
    },
  });
}

/**
 * What to answer, or null when the range cannot be satisfied: then the file is the caller's to close, else it is closed here,
 * at once or with the body.
 */
async function answerWith(
  request: FastifyRequest,
  { file, finished, size, etag }: Opened,
  saveAs: string | null,
): Promise<Answer | null> {
  const headers: Record<string, string> = {
    'accept-ranges': 'bytes',
    'cache-control': finished ? 'private, max-age=0, must-revalidate' : 'private, no-store',
    ...(etag !== null && { etag }),
    ...(saveAs !== null && { 'content-disposition': `attachment; filename="${saveAs}.wav"` }),
  };
  if (!noneMatch(request.headers['if-none-match'], etag)) {
    await file.close();
    return { status: 304, headers, body: null };
  }
  const ifRange = request.headers['if-range'];
  const heeded = request.method === 'GET' && ifRangeHolds(typeof ifRange === 'string' ? ifRange : undefined, etag);
  const range = heeded ? readRange(request.headers.range, size) : ({ type: 'whole' } as const);
  if (range.type === 'unsatisfiable') return null;
  const first = range.type === 'part' ? range.first : 0;
  const last = range.type === 'part' ? range.last : size - 1;
  headers['content-type'] = 'audio/wav';
  headers['content-length'] = String(last - first + 1);
  if (range.type === 'part') headers['content-range'] = `bytes ${first}-${last}/${size}`;
  const status = range.type === 'part' ? 206 : 200;
  if (request.method === 'HEAD' || size === 0) {
    await file.close();
    return { status, headers, body: null };
  }
  // A generator that nobody began to read runs no `finally`, so the file is closed with the stream and not in it.
  const body = Readable.from(bytes(file, finished ? null : size, first, last), { objectMode: false });
  body.once('close', () => void file.close().catch(() => undefined));
  return { status, headers, body };
}

const pieceBytes = 65_536;

/**
 * Bytes `first` to `last` of the file.
 *
 * @param growingTo the size that was promised of a file that still grows: its header then says this length
 */
async function* bytes(file: FileHandle, growingTo: number | null, first: number, last: number): AsyncGenerator<Buffer> {
  let header: Buffer | null = null;
  if (growingTo !== null) {
    const head = Buffer.alloc(Math.min(4096, growingTo));
    await file.read(head, 0, head.length, 0);
    const shape = readWavShape(head);
    if (shape !== null) header = headerFor(head, shape, growingTo);
  }
  for (let at = first; at <= last;) {
    const wanted = Math.min(pieceBytes, last - at + 1);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(wanted), 0, wanted, at);
    if (bytesRead === 0) throw new Error('the recording became shorter while it was read');
    if (header !== null && at < header.length) header.copy(buffer, 0, at, Math.min(header.length, at + bytesRead));
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}
