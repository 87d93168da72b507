/**
 * The demo company: three teams, twelve people, three hundred customers. Deterministic, so that a test or a newcomer's guide
 * can name somebody. There is no made-up history of calls.
 *
 * No number here can ring at somebody's home: in Japan the exchange after the area code never begins with 0, so 045-000-1234 is
 * well-formed for every library and assigned to nobody; abroad we use the numbers that are kept for fiction (+1 202 555 01xx,
 * +44 20 7946 0xxx).
 */
import { epochMs, mintId, type AgentId, type CustomerId, type E164, type TeamId } from '@denwaban/core';
import type { DemoInfo, Role } from '@denwaban/core/wire';
import { seededChance } from './chance.js';
import { demoNames } from './demo-names.js';

export const demoPassword = 'denwaban-demo';
const seed = 20_261_122;
/** Ids tell when a thing came to be; the demo company was founded at this moment. */
const foundedAt = epochMs(Date.UTC(2026, 0, 5));

export interface DemoPerson {
  id: AgentId;
  email: string;
  name: string;
  kana: string | null;
  role: Role;
  team: TeamId;
}

export interface DemoCustomer {
  id: CustomerId;
  name: string;
  kana: string | null;
  company: string | null;
  phones: E164[];
  owner: AgentId | null;
  team: TeamId | null;
}

export interface DemoCompany {
  teams: { id: TeamId; name: string }[];
  people: DemoPerson[];
  customers: DemoCustomer[];
  numbers: { number: E164; name: string }[];
}

const roles: Readonly<Record<string, Role>> = {
  sato: 'admin',
  suzuki: 'supervisor',
  tanaka: 'supervisor',
  nakamura: 'supervisor',
};

const staff: readonly (readonly [
  team: string,
  people: readonly (readonly [email: string, name: string, kana: string])[],
])[] = [
  [
    'サポート / Support',
    [
      ['sato', '佐藤 美咲', 'サトウ ミサキ'],
      ['suzuki', '鈴木 健太', 'スズキ ケンタ'],
      ['anna', 'Anna Schmidt', 'アンナ シュミット'],
      ['takahashi', '高橋 結衣', 'タカハシ ユイ'],
    ],
  ],
  [
    '営業 / Sales',
    [
      ['tanaka', '田中 大輔', 'タナカ ダイスケ'],
      ['ito', '伊藤 さくら', 'イトウ サクラ'],
      ['ken', 'Ken Watanabe-Hill', 'ケン ワタナベヒル'],
      ['yamamoto', '山本 翔', 'ヤマモト ショウ'],
    ],
  ],
  [
    '総務 / Office',
    [
      ['nakamura', '中村 陽子', 'ナカムラ ヨウコ'],
      ['kobayashi', '小林 直樹', 'コバヤシ ナオキ'],
      ['emily', 'Emily Carter', 'エミリー カーター'],
      ['kato', '加藤 葵', 'カトウ アオイ'],
    ],
  ],
];

const companyNumbers: readonly (readonly [number: string, name: string])[] = [
  ['+81450000100', '代表 / Main'],
  ['+81450000200', 'サポート / Support'],
  ['+81450000300', '営業 / Sales'],
  ['+81450000400', 'English line'],
];

/** Area codes of three digits; with 000 after them they are nobody's. Kept from the company's own 045-000-0xxx. */
const areas = ['25', '43', '44', '45', '52', '53', '54', '58', '59', '72', '75', '76', '78', '86'] as const;

export function demoCompany(): DemoCompany {
  const chance = seededChance(seed);
  let minted = 0;
  const id = <Kind extends 'tm' | 'ag' | 'cu'>(kind: Kind) =>
    mintId(kind, epochMs(foundedAt + minted++), chance.bytes(10));

  const teams: DemoCompany['teams'] = [];
  const people: DemoPerson[] = [];
  for (const [teamName, members] of staff) {
    const team = id('tm');
    teams.push({ id: team, name: teamName });
    for (const [mail, name, kana] of members) {
      people.push({ id: id('ag'), email: `${mail}@denwaban.example`, name, kana, role: roles[mail] ?? 'agent', team });
    }
  }

  const taken = new Set<string>();
  const unused = (make: () => string): E164 => {
    for (;;) {
      const number = make();
      if (taken.has(number)) continue;
      taken.add(number);
      return number as E164;
    }
  };
  const japanese = () => `+81${chance.pick(areas)}000${1000 + chance.below(9000)}`;
  const abroad = () =>
    chance.below(2) === 0 ? `+120255501${10 + chance.below(90)}` : `+442079460${100 + chance.below(900)}`;

  const customers = Array.from({ length: 300 }, (_, i): DemoCustomer => {
    const { name, kana, english } = demoNames(chance);
    const company = chance.below(10) < 7 ? chance.pick(english ? englishCompanies : japaneseCompanies) : null;
    const phones = [unused(japanese)];
    if (chance.below(10) < 3) phones.push(unused(japanese));
    if (chance.below(10) === 0) phones.push(unused(english ? abroad : japanese));
    // The first twelve belong to one person each, in order, so that a guide can say who will ring.
    const owner = i < 12 ? people[i] : chance.below(10) < 8 ? chance.pick(people) : undefined;
    const team = owner?.team ?? (chance.below(10) < 8 ? chance.pick(teams).id : null);
    return { id: id('cu'), name, kana, company, phones, owner: owner?.id ?? null, team };
  });
  const numbers = companyNumbers.map(([number, name]) => ({ number: number as E164, name }));
  return { teams, people, customers, numbers };
}

/** What GET demo answers. `sip` is where the exchange listens. */
export function demoInfo(company: DemoCompany, sip: { host: string; port: number }): DemoInfo {
  const teamName = new Map(company.teams.map((team) => [team.id, team.name]));
  const email = new Map(company.people.map((person) => [person.id, person.email]));
  return {
    password: demoPassword,
    people: company.people.map((one) => ({
      email: one.email,
      name: one.name,
      team: teamName.get(one.team) ?? '',
      role: one.role,
    })),
    customers: company.customers.map((one) => ({
      name: one.name,
      phone: one.phones[0] ?? '',
      ownerEmail: (one.owner && email.get(one.owner)) ?? null,
    })),
    numbers: company.numbers.map((one) => one.number),
    sip,
  };
}

const japaneseCompanies = [
  '株式会社みなと商事',
  '青葉工業株式会社',
  '有限会社桜庭製作所',
  '北斗システム株式会社',
  'さざなみ印刷株式会社',
  '医療法人ひまわり会',
  '株式会社東雲フーズ',
  '株式会社カモメ物流',
  '白樺建設株式会社',
  '合同会社つばめデザイン',
  '大和田精密株式会社',
  '株式会社ほしのホテル',
  '朝日ヶ丘クリニック',
  '丸山青果店',
] as const;
const englishCompanies = [
  'Northwind Traders',
  'Harbour & Pine Ltd',
  'Blue Kettle Coffee',
  'Fernhill Consulting',
  'Kestrel Logistics',
  'Juniper Street Dental',
  'Oakline Furniture',
  'Silverbrook Travel',
] as const;
