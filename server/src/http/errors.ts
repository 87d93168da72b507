/** Every error leaves as `{code, detail, requestId}` with the code's status. Nothing of a stack ever does. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { errorCatalogue, type ErrorBody, type ErrorCode } from '@denwaban/core/wire';
import { Refusal } from '../services.js';

export interface CodedError {
  code: ErrorCode;
  detail: string;
  /** True: a failure of ours, for the log. */
  ours: boolean;
}

/** What to answer to whatever was thrown. Never throws. */
export function codedError(error: unknown): CodedError {
  if (error instanceof Refusal) {
    return { code: error.code, detail: error.message.slice(error.code.length + 2), ours: false };
  }
  if (isOutage(error)) return { code: 'unavailable', detail: 'the database does not answer', ours: true };
  if (hasZodFastifySchemaValidationErrors(error)) {
    const where = 'validationContext' in error ? error.validationContext : 'request';
    const first = error.validation[0];
    // zod's messages name what was expected and the type of what came, never the value that came
    return {
      code: 'bad-request',
      detail: `${where}${first?.instancePath ?? ''}: ${first?.message ?? 'invalid'}`,
      ours: false,
    };
  }
  return frameworkError(error);
}

/** Fastify's own refusals: bodies that are too long, of a wrong type or not JSON, and paths that cannot be decoded. */
function frameworkError(error: unknown): CodedError {
  const { code, statusCode } = (error ?? {}) as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE' || statusCode === 413) {
    return { code: 'too-large', detail: 'the body is larger than this request may be', ours: false };
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE' || statusCode === 415) {
    return { code: 'wrong-content-type', detail: 'send application/json', ours: false };
  }
  if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY') return { code: 'bad-request', detail: 'body: is empty', ours: false };
  if (code === 'FST_ERR_BAD_URL') return { code: 'bad-request', detail: 'path: cannot be decoded', ours: false };
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY' || (error instanceof SyntaxError && statusCode === 400)) {
    return { code: 'bad-request', detail: 'body: is not JSON', ours: false };
  }
  if (code?.startsWith('FST_ERR_CTP') === true && statusCode === 400) {
    return { code: 'bad-request', detail: 'body: cannot be read', ours: false };
  }
  if (statusCode === 404) return { code: 'not-found', detail: 'there is no such thing', ours: false };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return { code: 'bad-request', detail: 'the request cannot be read', ours: false };
  }
  return { code: 'internal', detail: 'something of ours broke; the log has it under this request id', ours: true };
}

/** Pauses of the store between its tries end after two seconds, so asking sooner is in vain. */
const retryAfterSeconds = 2;

/** What pg says, without a code, of a connection that broke or of a server that does not answer. */
const silence =
  /timeout exceeded when trying to connect|timeout expired|Query read timeout|Connection terminated|is not queryable/;

/** The database is away: refused or lost connections, whatever PostgreSQL ends one with, and SQLSTATE 08 (connection) and 57P0x (shut down). */
function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, syscall, severity } = error as { code?: unknown; syscall?: unknown; severity?: unknown };
  if (typeof code !== 'string') return silence.test(error.message);
  if (syscall === 'connect' || severity === 'FATAL' || severity === 'PANIC') return true;
  return /^(ECONNREFUSED|ECONNRESET|EPIPE|08...|57P0[123]|53300)$/.test(code);
}

export function sendError(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const { code, detail, ours } = codedError(error);
  if (ours) request.log.error({ err: error, requestId: request.id, route: request.routeOptions.url }, code);
  const body: ErrorBody = { code, detail, requestId: request.id };
  if (code === 'unavailable') void reply.header('retry-after', String(retryAfterSeconds));
  return reply
    .code(errorCatalogue[code].http)
    .headers({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
    .send(body);
}

export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => sendError(request, reply, error));
}

/** Bytes that are no HTTP at all: one coded answer straight to the socket, and away with it (`clientErrorHandler`). */
export function answerBrokenHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const large = error.code === 'HPE_HEADER_OVERFLOW';
  const status = large ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const code: ErrorCode = large ? 'too-large' : 'bad-request';
  endWith(socket, status, { code, detail: 'this cannot be read as an HTTP request' });
}

/** Answers on a raw socket (a refused upgrade, broken HTTP) and closes it. */
export function endWith(socket: Socket, status: number, body: ErrorBody): void {
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(text)}\r\nX-Content-Type-Options: nosniff\r\n\r\n${text}`,
  );
}
