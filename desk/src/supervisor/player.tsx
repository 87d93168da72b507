import { useQuery } from '@tanstack/react-query';
import { Download, Pause, Play, RotateCcw, RotateCw, Volume2, VolumeX } from 'lucide-react';
import { useRef, useState } from 'react';
import type { ConversationDetail } from '@denwaban/core/wire';
import { api } from '../link/api.js';
import { errorText } from '../link/error-text.js';
import { Button, buttonLook } from '../kit/button.js';
import { Card, CardTitle } from '../kit/card.js';
import { cx } from '../kit/cx.js';
import { Notice } from '../kit/notice.js';
import { timer, useWords } from '../words/index.js';
import { usePlayback } from './use-playback.js';
import { Waveform } from './waveform.js';

const speeds = [0.75, 1, 1.25, 1.5, 2] as const;
const points = 1_200;

/** The recording: drawn from peaks that the server reads, played from the server by ranges; nothing is decoded in memory. */
export function Player({ detail }: { detail: ConversationDetail }) {
  const { t } = useWords();
  if (!detail.hasRecording || !detail.recording) {
    return (
      <Card className="p-5">
        <CardTitle>{t('player.title')}</CardTitle>
        <p className="mt-2 text-slate-600">{t('player.none')}</p>
      </Card>
    );
  }
  return <Recording id={detail.id} finished={detail.recording.finished} key={String(detail.recording.finished)} />;
}

function Recording({ id, finished }: { id: string; finished: boolean }) {
  const { t } = useWords();
  const audio = useRef<HTMLAudioElement>(null);
  const playback = usePlayback(audio);
  const [speed, setSpeed] = useState(1);
  const peaks = useQuery({
    queryKey: ['peaks', id, finished],
    queryFn: ({ signal }) => api.peaks(id, points, signal),
    staleTime: finished ? Infinity : 5_000,
  });
  const url = api.recordingUrl(id);
  const durationMs = playback.durationMs || peaks.data?.durationMs || 0;
  return (
    <Card className="p-5" data-testid="player">
      <CardTitle
        aside={
          <span className="text-base font-semibold">
            {timer(playback.positionMs)} <span className="text-slate-600">/ {timer(durationMs)}</span>
          </span>
        }
      >
        {t('player.title')}
      </CardTitle>
      {!finished && <p className="mt-1 text-sm text-slate-600">{t('player.unfinished')}</p>}
      {peaks.isError && <Notice look="warning" className="mt-3" title={errorText(peaks.error, t)} />}
      {playback.failed && <Notice look="problem" className="mt-3" title={t('player.failed')} />}
      <audio ref={audio} src={url} preload="metadata" {...playback.events} />
      <div className="mt-3 grid grid-cols-[auto_1fr] gap-x-3">
        <div className="flex flex-col justify-around">
          <Channel channel="customer" silent={playback.silent.customer} onToggle={() => playback.toggle('customer')} />
          <Channel channel="agent" silent={playback.silent.agent} onToggle={() => playback.toggle('agent')} />
        </div>
        <Waveform
          peaks={peaks.data ?? null}
          progress={durationMs ? playback.positionMs / durationMs : 0}
          silent={playback.silent}
          onSeek={(share) => playback.seek(share * durationMs)}
        />
      </div>
      <input
        type="range"
        aria-label={t('player.position')}
        aria-valuetext={timer(playback.positionMs)}
        min={0}
        max={Math.max(1, Math.round(durationMs))}
        step={1000}
        value={Math.round(playback.positionMs)}
        onChange={(event) => playback.seek(Number(event.target.value))}
        className="mt-2 w-full accent-indigo-700"
      />
      <div className="mt-2 flex flex-wrap items-center gap-2">
        <Button
          aria-label={t('player.back')}
          title={t('player.back')}
          onClick={() => playback.seek(playback.positionMs - 10_000)}
        >
          <RotateCcw size={20} />
        </Button>
        <Button look="primary" size="large" className="min-w-32" data-testid="play" onClick={playback.toggleAudio}>
          {playback.playing ? <Pause size={22} aria-hidden="true" /> : <Play size={22} aria-hidden="true" />}
          {t(playback.playing ? 'player.pause' : 'player.play')}
        </Button>
        <Button
          aria-label={t('player.forward')}
          title={t('player.forward')}
          onClick={() => playback.seek(playback.positionMs + 10_000)}
        >
          <RotateCw size={20} />
        </Button>
        <div role="group" aria-label={t('player.speed')} className="ml-2 flex rounded-lg bg-slate-100 p-0.5">
          {speeds.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={speed === one}
              onClick={() => {
                setSpeed(one);
                if (audio.current) audio.current.playbackRate = one;
              }}
              className={cx(
                'min-h-9 rounded-md px-2.5 text-sm font-semibold',
                speed === one ? 'bg-white shadow-card' : 'text-slate-700',
              )}
            >
              {one}×
            </button>
          ))}
        </div>
        <a href={`${url}?download=1`} download className={buttonLook('outline', 'medium', 'ml-auto')}>
          <Download size={18} aria-hidden="true" />
          {t('player.download')}
        </a>
      </div>
    </Card>
  );
}

interface ChannelProps {
  channel: 'customer' | 'agent';
  silent: boolean;
  onToggle(): void;
}

function Channel({ channel, silent, onToggle }: ChannelProps) {
  const { t } = useWords();
  return (
    <button
      type="button"
      aria-pressed={silent}
      title={t(`player.mute-${channel}`)}
      onClick={onToggle}
      className={cx(
        'flex min-h-10 items-center gap-1.5 rounded-lg px-2 text-sm font-bold hover:bg-slate-100',
        silent ? 'text-slate-600' : channel === 'customer' ? 'text-rose-700' : 'text-emerald-800',
      )}
    >
      {silent ? <VolumeX size={17} aria-hidden="true" /> : <Volume2 size={17} aria-hidden="true" />}
      <span className={silent ? 'line-through' : ''}>{t(`player.${channel}`)}</span>
    </button>
  );
}
