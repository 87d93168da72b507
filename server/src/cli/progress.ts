/** Tells of steps that take over a second, and of nothing else. */

/**
 * @returns `begin` names the step that begins now and thereby ends the one before; `end` ends the last
 */
export function announceSlowSteps(print: (line: string) => void): { begin(step: string): void; end(): void } {
  let timer: NodeJS.Timeout | undefined;
  return {
    begin(step) {
      clearTimeout(timer);
      timer = setTimeout(() => print(`${step} …`), 1000);
    },
    end() {
      clearTimeout(timer);
    },
  };
}
