/** The recorder: two channels on one clock, on disk as they are spoken. Start at recording.ts; placement.ts is where RTP time counts. */
export { heard } from './placement.js';
export { Recording, type RecordingResult, type Side } from './recording.js';
export { repairRecording } from './wav.js';
