/** Names for the demo company's customers: common ones, put together by chance. */
import type { Chance } from './chance.js';

export function demoNames(chance: Chance): { name: string; kana: string | null; english: boolean } {
  if (chance.below(4) === 0) {
    const [given, givenKana] = chance.pick(englishGiven);
    const [family, familyKana] = chance.pick(englishFamily);
    return { name: `${given} ${family}`, kana: `${givenKana} ${familyKana}`, english: true };
  }
  const [family, familyKana] = chance.pick(japaneseFamily);
  const [given, givenKana] = chance.pick(japaneseGiven);
  return { name: `${family} ${given}`, kana: `${familyKana} ${givenKana}`, english: false };
}

const japaneseFamily = pairs(
  '渡辺 ワタナベ 吉田 ヨシダ 山田 ヤマダ 佐々木 ササキ 山口 ヤマグチ 松本 マツモト 井上 イノウエ 木村 キムラ 林 ハヤシ 斎藤 サイトウ ' +
    '清水 シミズ 山崎 ヤマザキ 森 モリ 池田 イケダ 橋本 ハシモト 阿部 アベ 石川 イシカワ 前田 マエダ 藤田 フジタ 小川 オガワ ' +
    '岡田 オカダ 後藤 ゴトウ 長谷川 ハセガワ 村上 ムラカミ 近藤 コンドウ 石井 イシイ 坂本 サカモト 遠藤 エンドウ 青木 アオキ 藤井 フジイ ' +
    '西村 ニシムラ 福田 フクダ 太田 オオタ 三浦 ミウラ 岡本 オカモト 松田 マツダ 中川 ナカガワ 中野 ナカノ 原田 ハラダ 小野 オノ',
);
const japaneseGiven = pairs(
  '蓮 レン 湊 ミナト 陽翔 ハルト 悠真 ユウマ 大和 ヤマト 直人 ナオト 拓也 タクヤ 健一 ケンイチ 誠 マコト 浩二 コウジ ' +
    '修 オサム 明 アキラ 和也 カズヤ 隆 タカシ 亮 リョウ 凛 リン 紬 ツムギ 美月 ミヅキ 花子 ハナコ 真由美 マユミ ' +
    '久美子 クミコ 恵 メグミ 由美 ユミ 彩 アヤ 千尋 チヒロ 七海 ナナミ 優子 ユウコ 智子 トモコ 明美 アケミ 詩織 シオリ',
);
const englishGiven = pairs(
  'Oliver オリバー Grace グレース Henry ヘンリー Sophie ソフィー Jack ジャック Charlotte シャーロット Daniel ダニエル Lucy ルーシー ' +
    'Thomas トーマス Hannah ハンナ Samuel サミュエル Olivia オリビア Maria マリア Lucas ルーカス Chloé クロエ Priya プリヤ',
);
const englishFamily = pairs(
  'Bennett ベネット Clarke クラーク Foster フォスター Hughes ヒューズ Morgan モーガン Reed リード Sullivan サリバン Turner ターナー ' +
    'Walsh ウォルシュ Young ヤング Fischer フィッシャー Martin マルタン Nguyen グエン Patel パテル Silva シルバ Novak ノバク',
);

/** `name kana name kana …` */
function pairs(list: string): (readonly [string, string])[] {
  const words = list.split(' ');
  return Array.from({ length: words.length / 2 }, (_, i) => [words[2 * i] ?? '', words[2 * i + 1] ?? ''] as const);
}
