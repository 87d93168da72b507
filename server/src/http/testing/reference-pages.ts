/** docs/reference/errors.md and api.md, written from the tables and schemas they describe. Tests keep them equal. */
import { errorCatalogue } from '@denwaban/core/wire';
import type { Access } from '../access.js';

const head = '<!-- Written from the source by `npx vitest run server/src/http -u`; a test keeps it equal. -->';

export function errorsPage(): string {
  const rows = Object.entries(errorCatalogue).map(
    ([code, { http, retry, means }]) => `| \`${code}\` | ${http} | ${retry ? 'yes' : 'no'} | ${means} |`,
  );
  return `# Errors

${head}

Every error of the API is \`{"code", "detail", "requestId"}\` with the status below; the live connections answer
\`{"type": "error", "code", "detail", "re"}\` with the same codes, \`re\` being the type of the message that was refused.
\`code\` is for programs, \`detail\` is for the engineer and may change, and \`requestId\` is also in the header
\`x-request-id\` and in the log. *Again* says whether the same request may succeed later.

| code | status | again | means |
|---|---|---|---|
${rows.join('\n')}
`;
}

export interface DocumentedRoute {
  method: string;
  path: string;
  access: Access;
  summary: string;
}

const whoMay: Record<Access, string> = {
  open: 'anybody',
  demo: 'anybody, in demo mode only',
  reference: 'signed in; in demo mode anybody',
  'signed-in': 'signed in',
  supervisor: 'supervisor, admin',
};

export function apiPage(routes: readonly DocumentedRoute[], closeCodes: Record<string, number>): string {
  const rows = routes.map(
    ({ method, path, access, summary }) => `| \`${method} ${path}\` | ${whoMay[access]} | ${summary} |`,
  );
  const codes: Record<string, string> = {
    going: 'The server closes or restarts: come back.',
    broken: 'The hello could not be answered: come back.',
    badMessages: 'Messages that fit no schema, or anything before hello.',
    signedOut: 'There is no session, or it has ended: sign in.',
    silent: 'No hello within 5 s.',
    tooOld: 'The page speaks another version of the protocol: reload.',
    tooMany: 'Too many messages, or too many connections of one person.',
  };
  const closes = Object.entries(codes).map(([name, means]) => `| ${closeCodes[name]} | ${means} |`);
  return `# API

${head}

The whole description, with every field, is the OpenAPI document at \`/api/v1/openapi.json\`, and to read at \`/api/docs\`.
Both need a session, except in demo mode, as everything else here that is not marked otherwise.

    curl -c jar -H 'content-type: application/json' -d '{"email":"…","password":"…"}' http://127.0.0.1:8080/api/v1/session
    curl -b jar http://127.0.0.1:8080/api/v1/conversations

Bodies are JSON. Times are epoch milliseconds, telephone numbers E.164. Lists answer \`{items, next}\`; \`next\` is the
\`cursor\` of the following page and null at the end. A browser may change something only from a page of this server
(\`Origin\`). Errors: [errors.md](errors.md).

| route | who | what |
|---|---|---|
${rows.join('\n')}

## Live connections

\`/api/v1/live\` is the WebSocket of a desk (the session's cookie opens it), \`/api/v1/phone\` that of a customer's phone in the
browser (demo mode only). Text frames of JSON; \`core/src/wire/live.ts\` has every message. First
\`{"type":"hello","v","build","page":"desk"|"board"}\`, answered by \`welcome\`. A desk then hears \`desk\` with its whole state at
every change. A board hears \`board\` with \`full: true\`, then changes, at most four a second; \`waiting\` is always complete. \`seq\`
counts up by one; after a gap a full board follows. A desk whose hello
has \`colleagues\` (null, or the version that it knows) hears \`colleagues\` too: everybody (\`since\` null), then who changed, at most
once a second, each naming the version before; it may ask for everybody anew by \`colleagues.resync\`.

| close code | means |
|---|---|
${closes.join('\n')}
`;
}
