/** One preparing of this checkout (install, build) at a time: a file holding the process that does it. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { at, readIfThere } from './checkout.mjs';
import { inLanguage, Stop } from './progress.mjs';

const path = at('.denwaban-preparing');
const patienceMs = 15 * 60_000;

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function tryTake() {
  try {
    const file = openSync(path, 'wx');
    writeSync(file, String(process.pid));
    closeSync(file);
    return null;
  } catch (error) {
    if (error.code !== 'EEXIST') {
      throw new Stop({
        en: `Cannot write in ${at()} (${error.code}): give this user write permission there, or clone into a folder of its own.`,
        ja: `${at()} に書き込めません（${error.code}）。このユーザーに書き込み権限を与えるか、自分のフォルダーに clone してください。`,
      });
    }
    const holder = Number(readIfThere(path));
    // An empty file belongs to someone between open and write: it counts as held.
    if (holder > 0 && !isAlive(holder)) {
      rmSync(path, { force: true });
      return tryTake();
    }
    return holder;
  }
}

/** Runs `work` while no other process prepares this checkout. Waits for one that does. */
export async function alone(work) {
  const deadline = Date.now() + patienceMs;
  let told = false;
  for (let holder = tryTake(); holder !== null; holder = tryTake()) {
    if (Date.now() > deadline) {
      throw new Stop({
        en: `Process ${holder} has been preparing this checkout for too long: end it, or remove ${path}.`,
        ja: `プロセス ${holder} の準備が終わりません。終了させるか、${path} を削除してください。`,
      });
    }
    if (!told) {
      told = true;
      const words = {
        en: `Waiting for process ${holder}, which is preparing this checkout …`,
        ja: `プロセス ${holder} がこのフォルダーを準備しています。待っています…`,
      };
      process.stdout.write(`${inLanguage(words)}\n`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 300);
    });
  }
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}
