/** The agent's microphone: asked for by the click on "go available", kept for the shift, given back when away. */

/** `refused`: the person or a policy said no. `busy`: the system could not open it. `insecure`: neither https nor localhost. */
export type MicrophoneProblem = 'refused' | 'missing' | 'busy' | 'insecure';

export class MicrophoneError extends Error {
  override readonly name = 'MicrophoneError';
  readonly problem: MicrophoneProblem;
  constructor(problem: MicrophoneProblem, cause: unknown) {
    super(problem, { cause });
    this.problem = problem;
  }
}

/** `off` in local storage takes the voice as it comes: for headsets that clean it themselves, and for measurements. */
function voiceProcessing(): boolean {
  try {
    return localStorage.getItem('denwaban.voice-processing') !== 'off';
  } catch {
    return true;
  }
}

/** @throws MicrophoneError */
export async function openMicrophone(): Promise<MediaStreamTrack> {
  if (!navigator.mediaDevices?.getUserMedia) throw new MicrophoneError('insecure', null);
  const processing = voiceProcessing();
  const audio = { echoCancellation: processing, noiseSuppression: processing, autoGainControl: processing };
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    const track = stream.getAudioTracks()[0];
    if (!track) throw new MicrophoneError('missing', null);
    return track;
  } catch (cause) {
    throw cause instanceof MicrophoneError ? cause : new MicrophoneError(problemOf(cause), cause);
  }
}

function problemOf(cause: unknown): MicrophoneProblem {
  const name = cause instanceof DOMException ? cause.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
  return 'busy';
}
