/** A process that appends until it is killed, and says what was acknowledged: `<conversation> <seq>` a line. Arguments: URL, seed. */
import { seededChance } from '../../directory/chance.js';
import { openJournal } from '../journal.js';
import { cast, tell } from './stories.js';

const [url = '', seed = '1'] = process.argv.slice(2);
const chance = seededChance(Number(seed));
const people = cast(1);
const journal = openJournal({ url, teamOf: () => null, rowsAfterMs: 60 });

async function line(at: number): Promise<void> {
  for (;;) {
    for (const { events, record } of tell(chance, people, at)) {
      await journal.append(events, record);
      process.stdout.write(`${record.id} ${record.seq}\n`);
    }
  }
}
await Promise.all(Array.from({ length: 8 }, (_, i) => line(Date.UTC(2026, 10, 22) + Number(seed) * 1_000_000 + i)));
