/**
 * What a caller hears while it rings, made here because nothing is answered yet and so nothing is sent: 400 Hz, beating at
 * 16 Hz, one second on and two off (NTT's ring-back tone).
 *
 * @returns the function that ends it
 */
export function ringBack(): () => void {
  const context = new AudioContext();
  const tone = new OscillatorNode(context, { frequency: 400 });
  const beat = new OscillatorNode(context, { frequency: 16 });
  const depth = new GainNode(context, { gain: 0.5 });
  const beating = new GainNode(context, { gain: 0.5 });
  const volume = new GainNode(context, { gain: 0 });
  beat.connect(depth).connect(beating.gain);
  tone.connect(beating).connect(volume).connect(context.destination);
  tone.start();
  beat.start();
  const round = () => {
    const now = context.currentTime;
    volume.gain.setTargetAtTime(0.12, now, 0.01);
    volume.gain.setTargetAtTime(0, now + 1, 0.01);
  };
  round();
  const timer = setInterval(round, 3_000);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}
