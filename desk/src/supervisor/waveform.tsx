import { useEffect, useRef } from 'react';
import type { RecordingPeaks } from '@denwaban/core/wire';

const heightPx = 112;
const colours = {
  customer: { played: '#e11d48', rest: '#fda4af' },
  agent: { played: '#047857', rest: '#86c9b0' },
  silent: { played: '#64748b', rest: '#cbd5e1' },
  cursor: '#1e1b4b',
} as const;

interface WaveformProps {
  peaks: RecordingPeaks | null;
  /** 0 to 1. */
  progress: number;
  silent: { customer: boolean; agent: boolean };
  onSeek(share: number): void;
}

/** Two lanes of bars, customer above and agent below; a press seeks. The slider under it does the same for the keyboard. */
export function Waveform({ peaks, progress, silent, onSeek }: WaveformProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = useRef<WaveformProps>({ peaks, progress, silent, onSeek });
  drawn.current = { peaks, progress, silent, onSeek };

  useEffect(() => {
    if (canvas.current) draw(canvas.current, drawn.current);
  }, [peaks, progress, silent]);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const observer = new ResizeObserver(() => draw(element, drawn.current));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  return (
    <canvas
      ref={canvas}
      data-testid="waveform"
      aria-hidden="true"
      className="block h-28 w-full cursor-pointer touch-none"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        seekTo(event, onSeek);
      }}
      onPointerMove={(event) => {
        if (event.buttons === 1) seekTo(event, onSeek);
      }}
    />
  );
}

function seekTo(event: React.PointerEvent<HTMLCanvasElement>, onSeek: (share: number) => void): void {
  const box = event.currentTarget.getBoundingClientRect();
  onSeek(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
}

function draw(canvas: HTMLCanvasElement, { peaks, progress, silent }: WaveformProps): void {
  const width = canvas.clientWidth;
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(heightPx * ratio);
  const pen = canvas.getContext('2d');
  if (!pen || !width) return;
  pen.scale(ratio, ratio);
  const lane = heightPx / 2;
  const bar = 3;
  const bars = Math.floor(width / bar);
  for (const [index, name] of (['customer', 'agent'] as const).entries()) {
    const values = peaks?.channels[index] ?? [];
    const colour = silent[name] ? colours.silent : colours[name];
    for (let n = 0; n < bars; n++) {
      const loud = loudest(values, n / bars, (n + 1) / bars);
      const tall = Math.max(1.5, loud * (lane - 6));
      pen.fillStyle = n / bars <= progress && progress > 0 ? colour.played : colour.rest;
      pen.fillRect(n * bar, lane * index + (lane - tall) / 2, bar - 1, tall);
    }
  }
  pen.fillStyle = colours.cursor;
  pen.fillRect(Math.min(width - 2, progress * width), 0, 2, heightPx);
}

/** The loudest of the values between two shares of the whole. */
function loudest(values: readonly number[], from: number, until: number): number {
  let most = 0;
  const end = Math.max(Math.ceil(until * values.length), Math.floor(from * values.length) + 1);
  for (let n = Math.floor(from * values.length); n < end; n++) most = Math.max(most, values[n] ?? 0);
  return most;
}
