import type { CustomerId } from '@denwaban/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore, type OpenStore } from '../store/index.js';
import { silentLog } from '../store/log.js';
import { startTestCluster, type TestCluster } from '../store/testing/test-database.js';
import { demoCompany, demoInfo } from './demo.js';
import { normalise } from './normalise.js';

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

const find = async (q: string) => (await store.customers.list({ q, limit: 200 })).items;

test('the whole list pages through everybody once, in the order of their reading', async () => {
  const seen: string[] = [];
  const kana: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await store.customers.list({ limit: 37, cursor });
    seen.push(...page.items.map((one) => one.id));
    kana.push(...page.items.map((one) => one.kana ?? one.name));
    if (page.next === null) break;
    cursor = page.next;
  }
  expect(new Set(seen).size).toBe(300);
  expect(seen).toHaveLength(300);
  expect(kana[0]?.startsWith('ア')).toBe(true);
});

test('one customer by their id is what the list says of them; nobody else is', async () => {
  const [one] = (await store.customers.list({ limit: 1 })).items;
  expect(one?.phones.length).toBeGreaterThan(0);
  expect(await store.customers.get(one?.id as CustomerId)).toEqual(one);
  expect(await store.customers.get('cu_nobody' as CustomerId)).toBeNull();
});

test('a customer is found by any way of writing their name, reading, company or number', async () => {
  const csv = `name,kana,company,phones\n渡邉 りん子,ワタナベ リンコ,株式会社 O’Neill 商会,045-000-0901;０５２－０００－０９０２\n`;
  expect(await store.customers.import(csv, false)).toMatchObject({ created: 1, problems: [] });
  const [one] = await find('渡邉 りん子');
  expect(one).toMatchObject({
    company: '株式会社 O’Neill 商会',
    phones: ['+81450000901', '+81520000902'],
    owner: null,
  });
  for (const q of [
    '渡邉りん子',
    'りん子 渡邉',
    'リンコ',
    'わたなべ り',
    'ﾜﾀﾅﾍﾞ',
    'ワタナベリンコ',
    'ｏ’neill',
    "O'NEILL",
    '株式会社o',
    '商会',
    '邉',
    '045-000-0901',
    '０４５(０００)０９０１',
    '+81 45 000 0901',
    '+8145000090',
    '052-000-0902',
    '0520000902',
  ]) {
    expect(
      (await find(q)).map((found) => found.id),
      q,
    ).toContain(one?.id);
  }
  for (const q of ['渡部', 'りん太', '045-000-0999', '…', 'xyzzy', 'べたなわ', "' | !", 'りんりんこ']) {
    expect(
      (await find(q)).map((found) => found.id),
      q,
    ).not.toContain(one?.id);
  }
});

test('pairs of letters in another order do not match', async () => {
  await store.customers.import('name,phones\nabcbd,045-000-0903', false);
  expect(await find('abcbd')).toHaveLength(1);
  expect(await find('bcb')).toHaveLength(1);
  expect(await find('bdab')).toHaveLength(0);
  expect(await find('bcbc')).toHaveLength(0);
});

test('searching pages too', async () => {
  const all = await find('ワタナベ');
  expect(all.length).toBeGreaterThan(3);
  const first = await store.customers.list({ q: 'ワタナベ', limit: 2 });
  const rest = await store.customers.list({ q: 'ワタナベ', limit: 200, cursor: first.next ?? '' });
  expect([...first.items, ...rest.items]).toEqual(all);
});

test('a cursor of nobody ends the list instead of failing', async () => {
  expect(await store.customers.list({ limit: 5, cursor: 'cu_nobody' })).toEqual({ items: [], next: null });
});

test('the demo company is the same every time, and every number in it is well-formed and its own', () => {
  const company = demoCompany();
  expect(demoCompany()).toEqual(company);
  expect(company.teams).toHaveLength(3);
  expect(company.people).toHaveLength(12);
  expect(company.people.filter((one) => one.role === 'admin')).toHaveLength(1);
  for (const team of company.teams) {
    const members = company.people.filter((one) => one.team === team.id);
    expect(members).toHaveLength(4);
    expect(members.some((one) => one.role === 'supervisor')).toBe(true);
  }
  const numbers = [...company.customers.flatMap((one) => one.phones), ...company.numbers.map((one) => one.number)];
  expect(new Set(numbers).size).toBe(numbers.length);
  for (const number of numbers) {
    expect(normalise(number)).toBe(number);
    expect(number).toMatch(/^\+81\d\d000\d{4}$|^\+120255501\d\d$|^\+442079460\d{3}$/);
  }
  expect(company.customers.filter((one) => one.owner === null && one.team !== null).length).toBeGreaterThan(5);
  expect(company.people.every((person) => company.customers.some((one) => one.owner === person.id))).toBe(true);
  const info = demoInfo(company, { host: '127.0.0.1', port: 5060 });
  expect(info.customers[0]).toEqual({
    name: company.customers[0]?.name,
    phone: company.customers[0]?.phones[0],
    ownerEmail: company.people[0]?.email,
  });
});
