/**
 * Progress of steps that may take a while. A step under a second says nothing; a longer one is announced when the second
 * is over and closed with its time. Plain lines: they read the same in a terminal, a log file and a CI page.
 */

/** @returns {'ja' | 'en'} the reader's language, as the terminal's locale tells it */
export function language(env = process.env) {
  return /^ja/i.test(env.LC_ALL || env.LC_MESSAGES || env.LANG || '') ? 'ja' : 'en';
}

/** @param {{en: string, ja: string}} words */
export function inLanguage(words) {
  return words[language()];
}

/**
 * Runs `work`; tells of it when it takes over a second.
 * @template T
 * @param {{en: string, ja: string}} label what is being done, without a full stop
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(label, work) {
  const started = Date.now();
  let told = false;
  const timer = setTimeout(() => {
    told = true;
    process.stdout.write(`${inLanguage(label)} …\n`);
  }, 1000);
  try {
    const result = await work();
    if (told) {
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      process.stdout.write(`  ${inLanguage({ en: `done in ${seconds} s`, ja: `完了（${seconds} 秒）` })}\n`);
    }
    return result;
  } finally {
    clearTimeout(timer);
  }
}

/** Something a person has to mend: shown as its one line, without a stack trace. */
export class Stop extends Error {
  /** @param {{en: string, ja: string}} words @param {string} [detail] further lines that help, such as a tool's own output */
  constructor(words, detail) {
    super(inLanguage(words));
    this.name = 'Stop';
    this.detail = detail ?? '';
  }
}
