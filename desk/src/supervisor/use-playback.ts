/** An audio element as state, with its two channels mixed to the middle and each of them switchable. */
import { useEffect, useRef, useState, type RefObject } from 'react';

type Channel = 'customer' | 'agent';

interface Mixer {
  context: AudioContext;
  customer: GainNode;
  agent: GainNode;
}

/** Customer left, agent right in the file; in the ears both in the middle, for nobody likes a voice in one ear only. */
function mix(audio: HTMLAudioElement): Mixer {
  const context = new AudioContext();
  const splitter = context.createChannelSplitter(2);
  const customer = context.createGain();
  const agent = context.createGain();
  context.createMediaElementSource(audio).connect(splitter);
  splitter.connect(customer, 0);
  splitter.connect(agent, 1);
  customer.connect(context.destination);
  agent.connect(context.destination);
  return { context, customer, agent };
}

export function usePlayback(element: RefObject<HTMLAudioElement | null>) {
  const [playing, setPlaying] = useState(false);
  const [positionMs, setPosition] = useState(0);
  const [durationMs, setDuration] = useState(0);
  const [failed, setFailed] = useState(false);
  const [silent, setSilent] = useState<Record<Channel, boolean>>({ customer: false, agent: false });
  const mixer = useRef<Mixer | null>(null);

  useEffect(() => () => void mixer.current?.context.close(), []);
  useEffect(() => {
    if (mixer.current) {
      mixer.current.customer.gain.value = silent.customer ? 0 : 1;
      mixer.current.agent.gain.value = silent.agent ? 0 : 1;
    }
  }, [silent, playing]);
  useEffect(() => {
    if (!playing) return;
    let frame = 0;
    const follow = () => {
      if (element.current) setPosition(element.current.currentTime * 1000);
      frame = requestAnimationFrame(follow);
    };
    follow();
    return () => cancelAnimationFrame(frame);
  }, [playing, element]);

  return {
    playing,
    positionMs,
    durationMs,
    failed,
    silent,
    events: {
      onPlay: () => setPlaying(true),
      onPause: () => setPlaying(false),
      onEnded: () => setPlaying(false),
      onError: () => setFailed(true),
      onTimeUpdate: () => element.current && setPosition(element.current.currentTime * 1000),
      onDurationChange: () => {
        const seconds = element.current?.duration ?? 0;
        if (Number.isFinite(seconds)) setDuration(seconds * 1000);
      },
    },
    toggle: (channel: Channel) => setSilent((before) => ({ ...before, [channel]: !before[channel] })),
    toggleAudio: () => {
      const audio = element.current;
      if (!audio) return;
      if (!audio.paused) return audio.pause();
      mixer.current ??= mix(audio); // in the click: before one, a page may not make sound
      void mixer.current.context.resume();
      setFailed(false);
      audio.play().catch(() => setFailed(true));
    },
    seek: (ms: number) => {
      const audio = element.current;
      if (!audio) return;
      audio.currentTime = Math.max(
        0,
        Math.min(ms / 1000, Number.isFinite(audio.duration) ? audio.duration : ms / 1000),
      );
      setPosition(audio.currentTime * 1000);
    },
  };
}
