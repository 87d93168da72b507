/** The ring: two soft notes, made here (no sound file), twice and a pause. Starts and stops; nothing to load. */
let context: AudioContext | null = null;

/** Call it in a click: a page may make sound only after one. */
export function wakeRinger(): void {
  context ??= new AudioContext();
  void context.resume();
}

/** @returns the function that makes it quiet again */
export function ring(): () => void {
  wakeRinger();
  const audio = context;
  if (!audio) return () => undefined;
  const volume = audio.createGain();
  volume.gain.value = 0.16;
  volume.connect(audio.destination);
  const round = () => {
    for (const [offset, pitch] of [
      [0, 784],
      [0.16, 988],
      [0.5, 784],
      [0.66, 988],
    ] as const) {
      bell(audio, volume, audio.currentTime + 0.02 + offset, pitch);
    }
  };
  round();
  const timer = setInterval(round, 2_400);
  return () => {
    clearInterval(timer);
    // Faded, not cut: a cut is heard as a click.
    volume.gain.setTargetAtTime(0, audio.currentTime, 0.03);
    setTimeout(() => volume.disconnect(), 300);
  };
}

function bell(audio: AudioContext, out: AudioNode, at: number, pitch: number): void {
  for (const [harmonic, loudness] of [
    [1, 1],
    [2, 0.25],
    [3, 0.08],
  ] as const) {
    const tone = audio.createOscillator();
    const shape = audio.createGain();
    tone.frequency.value = pitch * harmonic;
    shape.gain.setValueAtTime(0, at);
    shape.gain.linearRampToValueAtTime(loudness, at + 0.012);
    shape.gain.exponentialRampToValueAtTime(0.001, at + 0.42);
    tone.connect(shape).connect(out);
    tone.start(at);
    tone.stop(at + 0.45);
  }
}
