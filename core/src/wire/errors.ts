/** Every error code the API and the live connection answer with. A test keeps docs/reference/errors.md equal to this table. */
import { z } from 'zod';

export const errorCatalogue = {
  'not-signed-in': { http: 401, retry: false, means: 'There is no session, or it has ended.' },
  'sign-in-refused': { http: 401, retry: false, means: 'The e-mail address and the password do not belong together.' },
  'too-many-tries': { http: 429, retry: true, means: 'Too many requests of this kind; wait and try again.' },
  'not-allowed': { http: 403, retry: false, means: "The person's role does not allow this." },
  'wrong-origin': { http: 403, retry: false, means: 'The request came from a page of another site.' },
  'not-found': { http: 404, retry: false, means: 'There is no such thing, or this person may not see it.' },
  'bad-request': { http: 400, retry: false, means: 'The request does not fit its schema; `detail` names the field.' },
  'wrong-content-type': {
    http: 415,
    retry: false,
    means: 'The body is not of a content type that this request takes.',
  },
  'too-large': { http: 413, retry: false, means: 'The body is larger than this request may be.' },
  'range-not-satisfiable': { http: 416, retry: false, means: 'The range asked for lies outside the file.' },
  'no-recording': { http: 404, retry: false, means: 'The conversation has no recording, or its file is gone.' },
  'no-number': { http: 422, retry: false, means: 'What was given as a telephone number is none.' },
  'offer-over': { http: 409, retry: false, means: 'The offer was already answered, withdrawn or has timed out.' },
  'no-call': { http: 409, retry: false, means: 'The agent is not on that call, or it is over.' },
  'no-line': { http: 409, retry: true, means: 'The agent has no proven audio path.' },
  busy: { http: 409, retry: true, means: 'Not while a call or wrap-up is open.' },
  'number-not-allowed': {
    http: 403,
    retry: false,
    means: 'Calls to this number are not allowed here; DENWABAN_CALL_OUT_PREFIXES says where to.',
  },
  'emergency-number': {
    http: 422,
    retry: false,
    means: 'An emergency number is not called from here; use another telephone, such as a mobile one.',
  },
  'no-trunk': { http: 503, retry: true, means: 'No trunk that can call out is set up.' },
  unavailable: { http: 503, retry: true, means: 'A part of the system that this needs is not working now.' },
  internal: { http: 500, retry: true, means: 'Something of ours broke; the log has the details under the given id.' },
} as const satisfies Record<string, { http: number; retry: boolean; means: string }>;

export type ErrorCode = keyof typeof errorCatalogue;

export const errorBody = z.object({
  code: z.enum(Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]]),
  detail: z.string().describe('For the engineer; ids and field names, never a secret.'),
  requestId: z.string().optional(),
});
export type ErrorBody = z.infer<typeof errorBody>;
