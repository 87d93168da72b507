/**
 * Every setting of an installation: name, default and meaning. docs/reference/settings.md and settings.ja.md are this table,
 * and a test keeps it so. What a value may be is decided in settings.ts.
 */
export const settingTable = {
  DENWABAN_DATA_DIR: {
    default: '.denwaban',
    en: 'Folder of everything that is kept: the embedded database and the recordings. Relative to the checkout. A path of its own per installation.',
    ja: '保存するもの全て（内蔵データベースと録音）を置くフォルダー。相対パスはチェックアウトから数えます。インストールごとに別のフォルダーにします。',
  },
  DENWABAN_HTTP_PORT: {
    default: '8080',
    en: 'TCP port of the screens and the API.',
    ja: '画面と API の TCP ポート。',
  },
  DENWABAN_HTTP_HOST: {
    default: '127.0.0.1',
    en: 'Address that the HTTP server binds to. Browsers give a page the microphone only on `localhost` or over HTTPS: put a TLS proxy in front for other machines.',
    ja: 'HTTP サーバーが待ち受けるアドレス。ブラウザーがマイクを許すのは `localhost` か HTTPS だけです。他の端末から使うときは TLS プロキシーを前に置きます。',
  },
  DENWABAN_SIP_HOST: {
    default: '127.0.0.1',
    en: 'Address that SIP and RTP bind to, IPv4 or IPv6; `0.0.0.0` is every interface of IPv4, `::` of both, and either needs DENWABAN_PUBLIC_ADDRESS.',
    ja: 'SIP と RTP が待ち受けるアドレス（IPv4 または IPv6）。`0.0.0.0` は IPv4 の、`::` は両方の全インターフェースで、どちらも DENWABAN_PUBLIC_ADDRESS が必要です。',
  },
  DENWABAN_SIP_PORT: {
    default: '5060',
    en: 'Port of SIP, UDP and TCP.',
    ja: 'SIP のポート（UDP と TCP）。',
  },
  DENWABAN_SIP_TLS_PORT: {
    default: '5061',
    en: 'TCP port of SIP over TLS. Listened to only with DENWABAN_SIP_TLS_CERT; trunks that we call over TLS need no listener.',
    ja: 'SIP over TLS の TCP ポート。DENWABAN_SIP_TLS_CERT を指定したときだけ待ち受けます。こちらから TLS で接続するトランクには不要です。',
  },
  DENWABAN_SIP_TLS_CERT: {
    default: 'no listener',
    en: 'PEM file of the certificate, with its chain, that carriers see when they call in over TLS. A renewed one is taken up within half a minute.',
    ja: '通信事業者が TLS で着信するときに見る証明書（中間証明書を含む PEM ファイル）。更新すると 30 秒以内に反映されます。',
  },
  DENWABAN_SIP_TLS_KEY: {
    default: 'no listener',
    en: 'PEM file of its private key, readable by Denwaban only.',
    ja: 'その秘密鍵の PEM ファイル。Denwaban だけが読めるようにします。',
  },
  DENWABAN_RTP_PORTS: {
    default: '20000-20999',
    en: 'UDP ports of audio, first and last. The first of each media process serves its browsers, the others two a phone call. Must lie outside the ports that the kernel lends to other programs (32768-60999 on most Linux systems).',
    ja: '音声の UDP ポートの範囲（最初-最後）。メディアプロセスごとに最初の 1 つをブラウザーが共用し、残りは電話 1 通話につき 2 つ使います。カーネルが他のプログラムに貸すポート（多くの Linux では 32768-60999）と重ならないこと。',
  },
  DENWABAN_MEDIA_PROCESSES: {
    default: 'by cores',
    en: 'How many media processes share the audio, from 1 to 16. By default 1 up to 3 cores, then one for every two cores, 8 at most. Each takes an equal part of DENWABAN_RTP_PORTS.',
    ja: '音声を分担するメディアプロセスの数（1〜16）。既定では 3 コアまで 1 つ、それ以上は 2 コアにつき 1 つ、最大 8 つ。DENWABAN_RTP_PORTS を等分して使います。',
  },
  DENWABAN_PUBLIC_ADDRESS: {
    default: 'DENWABAN_SIP_HOST',
    en: 'Address at which trunks and browsers reach this machine, for SIP and audio, when it is another one than DENWABAN_SIP_HOST (NAT). With `::` one of IPv4 and one of IPv6 may stand here, with a comma between.',
    ja: 'トランクとブラウザーから見たこのマシンのアドレス（SIP と音声）。DENWABAN_SIP_HOST と違うとき（NAT）に指定します。`::` のときは IPv4 と IPv6 を 1 つずつコンマで区切って書けます。',
  },
  DATABASE_URL: {
    default: 'embedded PostgreSQL',
    en: 'PostgreSQL to use in place of the embedded one: `postgres://user:password@host:5432/database`. Version 16 or newer, UTF8. Whoever reads it from outside sees the row of a conversation up to two seconds after its events.',
    ja: '内蔵の代わりに使う PostgreSQL。`postgres://user:password@host:5432/database`。バージョン 16 以降、UTF8。外部から直接読む場合、会話の行はイベントより最大 2 秒遅れます。',
  },
  DENWABAN_CALL_OUT_PREFIXES: {
    default: '+81',
    en: 'Whom agents may call: beginnings of international numbers, separated by commas (`+81,+1415`). `+` alone is every number, an empty value is nobody. Longer beginnings keep dear numbers out: what is not listed is not called, and there is no way to except a number from a beginning. Emergency numbers are refused whatever stands here.',
    ja: 'オペレーターが発信できる相手：国際番号の先頭部分をカンマ区切りで（`+81,+1415`）。`+` だけならすべて、空の値ならだれにも発信できません。高額な番号を避けるには、より長い先頭部分を列挙します（除外の指定はできません）。緊急通報の番号は、ここに何を書いても発信できません。',
  },
  DENWABAN_TURN_URLS: {
    default: 'no TURN',
    en: 'TURN servers for agents whose network lets no UDP through to this machine, separated by commas: `turn:turn.example.com:3478`, `turns:turn.example.com:443?transport=tcp`.',
    ja: 'このマシンに UDP が届かないネットワークにいるオペレーターのための TURN サーバー。カンマ区切り。`turn:turn.example.com:3478`、`turns:turn.example.com:443?transport=tcp`。',
  },
  DENWABAN_TURN_SECRET: {
    default: 'not set',
    en: 'The secret shared with the TURN server (coturn: `static-auth-secret`). From it each agent gets a user name and a password that run out.',
    ja: 'TURN サーバーと共有する秘密（coturn の `static-auth-secret`）。これを元に、期限付きのユーザー名とパスワードをオペレーターごとに作ります。',
  },
  DENWABAN_TURN_SECONDS: {
    default: '3600',
    en: 'For how long those are good, 5 to 86400 seconds. They are made anew for each line; a line that stands is not cut when they run out.',
    ja: 'その有効期間（5～86400 秒）。回線を開くたびに作り直します。期限が来ても、開いている回線は切れません。',
  },
  DENWABAN_TURN_USER: {
    default: 'not set',
    en: 'In place of the secret: one fixed user of the TURN server. Every agent can read its password.',
    ja: '秘密の代わりに使う、TURN サーバーの固定ユーザー。パスワードは全てのオペレーターから見えます。',
  },
  DENWABAN_TURN_PASSWORD: {
    default: 'not set',
    en: 'The password of DENWABAN_TURN_USER.',
    ja: 'DENWABAN_TURN_USER のパスワード。',
  },
  DENWABAN_TURN_POLICY: {
    default: 'all',
    en: '`all`: the relay is used where nothing better works. `relay`: nothing else is used, to try the TURN server out.',
    ja: '`all`：他の経路が使えないときだけ中継します。`relay`：中継だけを使います（TURN サーバーの試験用）。',
  },
  DENWABAN_DEMO: {
    default: '`on` if both hosts are loopback',
    en: '`on` or `off`. The demo company, its people with one published password, `/phone` and `GET /api/v1/demo`. Never switch it on where strangers can reach it.',
    ja: '`on` または `off`。デモ会社と、公開された共通パスワードを持つ人々、`/phone`、`GET /api/v1/demo`。外部から届く場所では on にしないこと。',
  },
  DENWABAN_NATIVE_SOCKETS: {
    default: '`on` where possible',
    en: '`off`: SIP and audio go through Node’s own sockets and not through the C library’s, at a third more CPU. Native ones exist for Linux on x64 and arm64; elsewhere this changes nothing.',
    ja: '`off` にすると、SIP と音声に C ライブラリのソケットではなく Node のソケットを使います（CPU 使用量は約 3 割増）。ネイティブのソケットは Linux の x64 と arm64 だけにあり、他では何も変わりません。',
  },
  DENWABAN_WEBRTC: {
    default: '`own` where possible',
    en: '`libdatachannel`: browsers are spoken to by that library and not by our own ICE, DTLS and SRTP, at twice the CPU a packet and without relays over TCP or TLS. Our own needs koffi and a Node with OpenSSL 3 inside; elsewhere this changes nothing.',
    ja: '`libdatachannel` にすると、ブラウザーとの ICE・DTLS・SRTP に自前の実装ではなくこのライブラリを使います（1 パケットあたりの CPU は約 2 倍、TCP・TLS の中継は使えません）。自前の実装には koffi と OpenSSL 3 を含む Node が要り、それ以外では何も変わりません。',
  },
  DENWABAN_LOG_LEVEL: {
    default: '`info`; `warn` in a terminal',
    en: '`trace`, `debug`, `info`, `warn`, `error` or `silent`. The log is JSON, one object a line, on standard output.',
    ja: '`trace`、`debug`、`info`、`warn`、`error`、`silent` のどれか。ログは標準出力に 1 行 1 つの JSON で出ます。',
  },
} as const satisfies Record<string, { default: string; en: string; ja: string }>;

export type SettingName = keyof typeof settingTable;

/** The table as the reference page shows it. */
export function settingPage(language: 'en' | 'ja'): string {
  const head = {
    en: [
      '# Settings',
      '',
      'Read from the environment and checked at start: everything that is wrong is said at once, one line each. This page is made from `server/src/setting-table.ts`; `npx vitest run server/src/settings.test.ts -u` writes it anew.',
      '',
      '| variable | default | what it is |',
    ],
    ja: [
      '# 設定',
      '',
      '環境変数から読み、起動時に検査します。誤りは全て一度に、1 行に 1 つずつ表示します。このページは `server/src/setting-table.ts` から作られます（`npx vitest run server/src/settings.test.ts -u`）。',
      '',
      '| 変数 | 既定値 | 意味 |',
    ],
  }[language];
  const rows = Object.entries(settingTable).map(([name, row]) => {
    const fallback =
      /^[\w.+-]+$/.test(row.default) && !row.default.startsWith('DENWABAN') ? `\`${row.default}\`` : row.default;
    return `| \`${name}\` | ${fallback} | ${row[language]} |`;
  });
  return [...head, '|---|---|---|', ...rows, ''].join('\n');
}
