import { expect, test } from 'vitest';
import { anna, fakeFloor, sato } from '../http/testing/fakes.js';
import { ColleaguesHub } from './colleagues-hub.js';

function viewer() {
  const heard: { version: string; since: string | null; agents: { id: string }[] }[] = [];
  return { heard, isSlow: false, sendText: (frame: string) => void heard.push(JSON.parse(frame)) };
}

test('one that does not read is spared the changes and gets everybody once when it does; others miss nothing', () => {
  const floor = fakeFloor();
  const hub = new ColleaguesHub(floor, 'e');
  const [slow, quick] = [viewer(), viewer()];
  hub.join(slow, null);
  hub.join(quick, null);
  slow.isSlow = true;
  for (let second = 0; second < 3; second++) {
    floor.change({ agents: floor.agents().slice(0, 1) });
    hub.sweep();
  }
  expect(quick.heard.map(({ version, since }) => [since, version])).toEqual([
    [null, 'e.0'],
    ['e.0', 'e.1'],
    ['e.1', 'e.2'],
    ['e.2', 'e.3'],
  ]);
  slow.isSlow = false;
  hub.sweep();
  hub.sweep();
  expect(slow.heard.map(({ version, since }) => [since, version])).toEqual([
    [null, 'e.0'],
    [null, 'e.3'],
  ]);
});

test('a change that comes between a version and a new desk reaches both: told twice does no harm, lost would', () => {
  const floor = fakeFloor([anna, sato]);
  const hub = new ColleaguesHub(floor, 'e');
  const [before, after] = [viewer(), viewer()];
  hub.join(before, null);
  floor.change({ agents: floor.agents().slice(1) });
  hub.join(after, null);
  hub.sweep();
  for (const { heard } of [before, after]) {
    expect(heard.at(-1)).toMatchObject({ since: 'e.0', version: 'e.1', agents: [{ id: sato.id }] });
  }
});
