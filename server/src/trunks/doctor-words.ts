/** What `trunk doctor` says of each finding, and what to do about it. A test keeps both languages whole. */
import type { Finding, FindingCode } from '@denwaban/telephony';

export type Language = 'en' | 'ja';

/** `{host}` is filled in from the finding's facts. What is good needs no advice. */
export const doctorWords: Record<FindingCode, Record<Language, string>> = {
  'inbound-only': {
    en: 'This trunk only takes calls, so there is nobody to ask. Whether calls arrive shows in the log: look for «unknown source».',
    ja: 'このトランクは着信専用なので、こちらから確認できる相手がありません。着信の様子はログ（unknown source）で確認してください。',
  },
  'name-found': { en: '{host} leads to {places}.', ja: '{host} の接続先は {places} です。' },
  'name-not-found': {
    en: 'The name {host} leads nowhere. Compare it with the carrier’s paper; then see whether this machine’s DNS answers (/etc/resolv.conf).',
    ja: '名前 {host} の接続先が見つかりません。通信事業者の資料と照合し、このマシンの DNS（/etc/resolv.conf）が応答するか確認してください。',
  },
  connected: { en: '{place} takes a connection ({transport}).', ja: '{place} に接続できました（{transport}）。' },
  'connection-refused': {
    en: '{place} refuses connections ({transport}). The port or the transport is probably another one: ask the carrier.',
    ja: '{place} が接続を拒否しました（{transport}）。ポートかトランスポートが違う可能性があります。通信事業者に確認してください。',
  },
  'connection-silent': {
    en: '{place} does not answer ({transport}). Usually a firewall on the way: let this machine connect there.',
    ja: '{place} が応答しません（{transport}）。途中のファイアウォールが原因のことが多いです。このマシンからの接続を許可してください。',
  },
  'certificate-bad': {
    en: '{place} shows a certificate that is not to be believed ({problem}). Is the host written as the carrier names it? If the carrier has an authority of its own, give its file as tls.ca. Do not switch off tls.verify but to find out.',
    ja: '{place} の証明書を信頼できません（{problem}）。host は通信事業者の資料どおりの名前ですか。独自の認証局なら tls.ca にファイルを指定します。tls.verify を切るのは原因調査のときだけにしてください。',
  },
  'certificate-wanted': {
    en: '{place} wants a certificate of yours and was shown none ({problem}). Ask the carrier which authority it believes, and give your certificate and its key as tls.cert and tls.key.',
    ja: '{place} はこちらの証明書（クライアント証明書）を求めていますが、設定がありません（{problem}）。どの認証局の証明書が必要か通信事業者に確認し、tls.cert と tls.key にファイルを指定してください。',
  },
  'certificate-refused': {
    en: '{place} does not accept your certificate, tls.cert ({problem}). Is it still valid, does the file hold its whole chain, is it of the name that the carrier knows, and by an authority that it believes?',
    ja: '{place} がこちらの証明書 tls.cert を受け付けません（{problem}）。有効期限、ファイルに中間証明書まで含まれているか、通信事業者に届け出た名前か、通信事業者が信頼する認証局かを確認してください。',
  },
  'tls-failed': {
    en: 'No TLS with {place} ({problem}). Perhaps plain SIP is spoken at this port: TLS is usually on 5061.',
    ja: '{place} と TLS で話せません（{problem}）。そのポートは暗号化なしの SIP かもしれません。TLS は通常 5061 番です。',
  },
  'options-answered': { en: '{host} answers OPTIONS ({status}).', ja: '{host} は OPTIONS に応答します（{status}）。' },
  'options-refused': {
    en: '{host} is there, and refuses OPTIONS ({status} {reason}). Many carriers do; it counts as being there.',
    ja: '{host} は存在しますが OPTIONS を拒否しました（{status} {reason}）。多くの通信事業者で普通のことで、稼働中とみなします。',
  },
  'options-silent': {
    en: '{host} does not answer OPTIONS. Over UDP a firewall may swallow question or answer, or the carrier answers only addresses it knows: ask whether yours is registered there.',
    ja: '{host} が OPTIONS に応答しません。UDP ではファイアウォールが破棄していることがあります。通信事業者が登録済みのアドレスにしか応答しない場合もあるので、こちらのアドレスが登録されているか確認してください。',
  },
  'register-ok': {
    en: '{host} accepts the password; it holds {contacts} address(es) for this account.',
    ja: '{host} はパスワードを受け付けました。この番号に登録されたアドレスは {contacts} 件です。',
  },
  'register-password': {
    en: '{host} does not accept the password ({status}). Check username, authUsername and password; some carriers have a SIP password apart from the one of their website.',
    ja: '{host} がパスワードを受け付けません（{status}）。username、authUsername、パスワードを確認してください。Web 用とは別の SIP パスワードがある事業者もあります。',
  },
  'register-forbidden': {
    en: '{host} forbids the registration (403). The account may be locked after wrong passwords, not allowed from this address, or meant to work without registration.',
    ja: '{host} が登録を禁止しています（403）。誤ったパスワードでロックされた、このアドレスからは許可されていない、登録不要の契約である、などが考えられます。',
  },
  'register-unknown': {
    en: '{host} does not know the account (404). Check username and domain.',
    ja: '{host} にこのアカウントがありません（404）。username と domain を確認してください。',
  },
  'register-silent': {
    en: '{host} does not answer REGISTER. Check host, port and transport, and the firewall.',
    ja: '{host} が REGISTER に応答しません。host、port、transport とファイアウォールを確認してください。',
  },
  'register-other': {
    en: '{host} answers REGISTER with {status} {reason}. Give the carrier this number and the time.',
    ja: '{host} が REGISTER に {status} {reason} と応答しました。この番号と時刻を通信事業者に伝えてください。',
  },
  'call-not-possible': {
    en: 'This trunk has no outbound, so {number} cannot be called.',
    ja: 'このトランクには outbound がないので {number} に発信できません。',
  },
  'call-audio': {
    en: '{number} answered, and {heard} packets of audio came back. Whether you were heard, the person there knows.',
    ja: '{number} が応答し、音声パケットが {heard} 個届きました。こちらの音声が届いたかは相手に確認してください。',
  },
  'call-no-audio': {
    en: '{number} answered, but no audio came back (one-way audio). Open DENWABAN_RTP_PORTS (UDP) in the firewall, and behind a NAT set DENWABAN_PUBLIC_ADDRESS.',
    ja: '{number} は応答しましたが音声が届きません（片通話）。ファイアウォールで DENWABAN_RTP_PORTS（UDP）を開け、NAT の内側なら DENWABAN_PUBLIC_ADDRESS を設定してください。',
  },
  'call-codec': {
    en: 'The call to {number} was refused with {status}: no codec in common, or encryption wanted. Ask for G.711 (PCMU or PCMA), and compare srtp.',
    ja: '{number} への発信は {status} で拒否されました。共通のコーデックがないか、暗号化が必要です。G.711（PCMU か PCMA）を依頼し、srtp の設定を確認してください。',
  },
  'call-password': {
    en: 'The call to {number} was refused with {status}: outbound.username and its password are missing or wrong.',
    ja: '{number} への発信は {status} で拒否されました。outbound.username とパスワードがないか、誤っています。',
  },
  'call-forbidden': {
    en: 'The call to {number} is forbidden (403). Often the caller ID is not one of yours: set outbound.callerId to a number of this contract, as the carrier writes it.',
    ja: '{number} への発信は禁止されました（403）。発信者番号が契約番号でないことが多いです。outbound.callerId に契約番号を事業者の書式で指定してください。',
  },
  'call-unreachable': {
    en: 'The call to {number} was not answered by anybody: {end}. See the steps above.',
    ja: '{number} への発信に応答がありません（{end}）。上の項目を確認してください。',
  },
  'call-not-answered': {
    en: '{number} rang for 30 seconds and nobody answered. The way there works.',
    ja: '{number} は 30 秒間鳴りましたが応答がありません。経路は正常です。',
  },
  'call-other': {
    en: 'The call to {number} ended as {end} ({status}). Give the carrier this number and the time.',
    ja: '{number} への発信は {end}（{status}）で終わりました。この番号と時刻を通信事業者に伝えてください。',
  },
};

const marks = { good: '✓', bad: '✗', note: '·' } as const;

/** One line of the report. */
export function lineOf({ code, grade, facts }: Finding, language: Language): string {
  const text = doctorWords[code][language].replace(/\{(\w+)\}/g, (_, name: string) => String(facts[name] ?? '?'));
  // What a carrier writes as reason goes to a terminal: nothing that moves its cursor.
  // oxlint-disable-next-line no-control-regex
  return `  ${marks[grade]} ${text.replace(/[\x00-\x1f\x7f-\x9f]/g, ' ')}`;
}
