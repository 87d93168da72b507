import { afterAll, beforeAll, expect, test } from 'vitest';
import type { E164 } from '@denwaban/core';
import { openStore, type OpenStore } from '../store/index.js';
import { silentLog } from '../store/log.js';
import { startTestCluster, type TestCluster } from '../store/testing/test-database.js';

let cluster: TestCluster;
let store: OpenStore;
beforeAll(async () => {
  cluster = await startTestCluster();
  store = await openStore({ url: await cluster.database(), dataDir: cluster.dataDir, demo: true, log: silentLog });
});
afterAll(async () => {
  await store.close();
  await cluster.stop();
});

const known = (number: string) => store.directory.findByNumber(number as E164);
const customer = async (q: string) => (await store.customers.list({ q, limit: 10 })).items[0];

test('a Japanese file from a spreadsheet: byte order mark, CRLF, quotes, full-width digits, empty rows at the end', async () => {
  const csv =
    '\ufeff氏名,フリガナ,会社,電話番号1,携帯電話番号,担当者,チーム,備考\r\n' +
    '"山野, 一郎",ヤマノ イチロウ,"株式会社""山""",０４５－０００－０１２３,０５２（０００）０１２３,佐藤 美咲,サポート / Support,x\r\n' +
    '海野 次郎,,,045 000 0124,,TANAKA@denwaban.example,,\r\n' +
    ',,,,,,,\r\n';
  expect(await store.customers.import(csv, true)).toEqual({
    dryRun: true,
    rows: 2,
    created: 2,
    updated: 0,
    unchanged: 0,
    problems: [],
  });
  expect(await known('+81450000123')).toBeNull();
  expect(await store.customers.import(csv, false)).toMatchObject({ dryRun: false, rows: 2, created: 2 });
  const sato = store.people.byEmail('sato@denwaban.example');
  expect(await known('+81520000123')).toMatchObject({ name: '山野, 一郎', owner: sato?.id, team: sato?.team });
  expect(await customer('山野')).toMatchObject({ company: '株式会社"山"', phones: ['+81450000123', '+81520000123'] });
  expect(await customer('海野')).toMatchObject({ kana: null, owner: { name: '田中 大輔' }, team: null });
  // The same again changes nothing.
  expect(await store.customers.import(csv, false)).toMatchObject({
    created: 0,
    updated: 0,
    unchanged: 2,
    problems: [],
  });
});

test('a row whose number is known brings that customer up to date; columns it has not stay, empty cells empty', async () => {
  await store.customers.import('name,company,phones,team\nA One,Old Ltd,045-000-0200;045-000-0201,営業 / Sales', false);
  const before = await customer('A One');
  expect(await store.customers.import('name,company,phones\nA. One,,045-000-0201;045-000-0202', false)).toMatchObject({
    created: 0,
    updated: 1,
  });
  expect(await customer('A. One')).toEqual({
    ...before,
    name: 'A. One',
    company: null,
    phones: ['+81450000200', '+81450000201', '+81450000202'],
  });
});

test('every problem is told by row, column and value, and then nothing is written', async () => {
  await store.customers.import('name,phones\nX,045-000-0301\nY,045-000-0302', false);
  const csv = [
    'name,phones,owner_email,team',
    'Good,045-000-0310,,',
    ',045-000-0311,,',
    'No phone,,,',
    'Bad phone,045-000;110,,',
    'Twice,045-000-0310,,',
    'Itself twice,045-000-0312;045 000 0312,,',
    'Two people,045-000-0301;045-000-0302,,',
    'Owner,045-000-0313,nobody@x,',
    'Team,045-000-0314,,No such team',
    'Wide,045-000-0315,,,extra',
    'Z,045-000-0316',
  ].join('\n');
  for (const dryRun of [true, false]) {
    const result = await store.customers.import(csv, dryRun);
    expect(result.rows).toBe(11);
    expect(result.problems).toEqual([
      { row: 2, column: 'name', code: 'missing-name', value: null },
      { row: 3, column: 'phones', code: 'no-phone', value: null },
      { row: 4, column: 'phones', code: 'bad-phone', value: '045-000' },
      { row: 4, column: 'phones', code: 'bad-phone', value: '110' },
      { row: 5, column: 'phones', code: 'duplicate-phone-in-file', value: '045-000-0310' },
      { row: 7, column: 'phones', code: 'phone-belongs-to-another', value: '+81450000301' },
      { row: 8, column: 'owner_email', code: 'unknown-owner', value: 'nobody@x' },
      { row: 9, column: 'team', code: 'unknown-team', value: 'No such team' },
      { row: 10, column: null, code: 'too-many-columns', value: 'extra' },
    ]);
  }
  expect(await known('+81450000310')).toBeNull();
});

test('two rows about one customer are a problem of the second', async () => {
  await store.customers.import('name,phones\nOne,045-000-0401;045-000-0402', false);
  expect(await store.customers.import('name,phones\nOne,045-000-0401\nOther,045-000-0402', true)).toMatchObject({
    problems: [{ row: 2, code: 'phone-belongs-to-another', value: '+81450000402' }],
  });
});

test.each([
  ['', null],
  ['\n\n', null],
  ['foo,bar\n1,2\n', 'foo,bar'],
  ['name\nA\n', 'name'],
])('a file without the headings that are needed says so once: %j', async (csv, value) => {
  const result = await store.customers.import(csv, false);
  expect(result.problems.length).toBeGreaterThan(0);
  expect(result.problems.every((one) => one.row === 0 && one.code === 'unreadable-row' && one.value === value)).toBe(
    true,
  );
});

test('an open quote is an unreadable row, not a failure', async () => {
  const result = await store.customers.import('name,phones\nA,045-000-0501\n"B,045-000-0502\n', false);
  expect(result.problems).toMatchObject([{ row: 2, code: 'unreadable-row' }]);
  expect(await known('+81450000501')).toBeNull();
});

test('tabs and semicolons separate as well', async () => {
  expect(await store.customers.import('name\tphones\nT A\t045-000-0601\n', false)).toMatchObject({
    created: 1,
    problems: [],
  });
  expect(await store.customers.import('name;phones\nS A;045-000-0602\n', false)).toMatchObject({
    created: 1,
    problems: [],
  });
});

test('two imports at once of the same file create everybody once', async () => {
  const csv = `name,phones\n${Array.from({ length: 50 }, (_, i) => `P ${i},045-000-${7000 + i}`).join('\n')}`;
  const results = await Promise.all([store.customers.import(csv, false), store.customers.import(csv, false)]);
  expect(results.map((one) => [one.created, one.unchanged]).toSorted()).toEqual([
    [0, 50],
    [50, 0],
  ]);
});
