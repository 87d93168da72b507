/** What can go wrong at the exchange's own edge, as codes that a caller can act on. */
import { MediaError } from '../../media/contract.js';

export const exchangeErrors = {
  'bad-offer': { retry: false, means: 'The session description cannot be used: no G.711 audio, or not WebRTC.' },
  overloaded: { retry: true, means: 'No media process or no free port just now.' },
  failed: { retry: true, means: 'The media process could not do it.' },
} as const;

export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly code: keyof typeof exchangeErrors;
  constructor(code: keyof typeof exchangeErrors, detail: string, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.code = code;
  }
}

export function toExchangeError(problem: unknown): ExchangeError {
  if (problem instanceof ExchangeError) return problem;
  if (!(problem instanceof MediaError)) return new ExchangeError('failed', String(problem), { cause: problem });
  const code =
    problem.code === 'bad-sdp' || problem.code === 'bad-request'
      ? 'bad-offer'
      : problem.code === 'no-port' || problem.code === 'unreachable'
        ? 'overloaded'
        : 'failed';
  return new ExchangeError(code, problem.message, { cause: problem });
}
