/** The other half of steady-timers.ts: keeps the time and says which timer is due. */
const running = new Map<number, () => void>();

addEventListener('message', (event: MessageEvent<{ id: number; ms: number | null; once: boolean }>) => {
  const { id, ms, once } = event.data;
  running.get(id)?.();
  running.delete(id);
  if (ms === null) return;
  const tick = () => {
    if (once) running.delete(id);
    (postMessage as (message: number) => void)(id);
  };
  if (once) {
    const timer = setTimeout(tick, ms);
    running.set(id, () => clearTimeout(timer));
  } else {
    const timer = setInterval(tick, ms);
    running.set(id, () => clearInterval(timer));
  }
});
