/**
 * The form of `trunks.json`. Strict: a word that is not known is a slip of the finger, and a trunk that silently does without it
 * would be found out by a customer. docs/trunks.md explains each key.
 */
import { isIP, isIPv6 } from 'node:net';
import { z } from 'zod';
import { houseCountry } from '../directory/normalise.js';
import { nationalFormat } from './number-format.js';

const hostName = /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.?$/i;
/** `999.1.1.1` is neither an address nor a name that anybody has. */
const onlyFigures = /^[\d.]+$/;
const host = z
  .string()
  .trim()
  .refine((text) => isIP(text) !== 0 || (hostName.test(text) && !onlyFigures.test(text)), {
    error: 'is neither an address nor a host name; write it alone, the port beside it',
  });
/** A name of ours: carriers compare it, letter by letter, with what they were told and with our certificate. */
const ownName = z.string().refine((text) => hostName.test(text) && !onlyFigures.test(text) && !text.endsWith('.'), {
  error: 'is a host name of ours, such as sbc.example.com: no address, no port, no dot at its end',
});
const port = z.number().int().min(1).max(65_535);
const transport = z.enum(['udp', 'tcp', 'tls']);
/** Goes into headers and addresses: nothing that ends one. */
const word = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => !/[\s"<>@;,\\]|[^\x21-\x7e]/.test(text), { error: 'may hold no space, quote, bracket or @' });
/** Relative to the data folder. */
const file = z.string().min(1).max(1024);
const secret = {
  password: z.string().min(1).max(256).optional(),
  passwordFile: z.string().min(1).max(1024).optional(),
};
const oneSecret = (value: { password?: string | undefined; passwordFile?: string | undefined }) =>
  (value.password === undefined) !== (value.passwordFile === undefined);
const askForSecret = { error: 'needs a password or a passwordFile, and not both' };

const digest = z
  .strictObject({
    username: word(128),
    ...secret,
    realm: z.string().min(1).max(128).optional(),
    /** Old phones give up when they see SHA-256. */
    algorithms: z
      .array(z.enum(['SHA-256', 'MD5']))
      .min(1)
      .optional(),
  })
  .refine(oneSecret, askForSecret);

/** Ours to write: a second one would make the request say two things. */
const reserved = new Set(
  (
    'via from to call-id cseq contact max-forwards route record-route content-type content-length authorization ' +
    'proxy-authorization supported require allow expires user-agent p-asserted-identity p-preferred-identity v f t i m c l k'
  ).split(' '),
);
const headers = z
  .record(z.string(), z.string().max(512))
  .refine((all) => Object.keys(all).length <= 16, { error: 'holds more than 16 headers' })
  .superRefine((all, context) => {
    for (const [name, value] of Object.entries(all)) {
      if (!/^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(name)) {
        context.addIssue({ code: 'custom', path: [name], message: 'is no name of a header' });
      } else if (reserved.has(name.toLowerCase())) {
        context.addIssue({ code: 'custom', path: [name], message: 'is written by Denwaban itself' });
      } else if (/[^\x20-\x7e]/.test(value)) {
        context.addIssue({ code: 'custom', path: [name], message: 'may hold printable ASCII only' });
      }
    }
  });

const outbound = z
  .strictObject({
    host,
    port: port.optional(),
    transport: transport.optional(),
    username: word(128).optional(),
    ...secret,
    realm: z.string().min(1).max(128).optional(),
    callerId: word(64).optional(),
    callerIdHeader: z.enum(['from', 'pai', 'ppi', 'both']).default('from'),
    numberFormat: z.enum(['e164', 'e164-bare', 'national']).default('e164'),
    /** Whose national form: ISO 3166, `JP`. */
    country: z
      .string()
      .regex(/^[A-Z]{2}$/, 'is two capital letters, such as JP')
      .optional(),
    headers: headers.default({}),
    codecs: z
      .array(z.enum(['PCMU', 'PCMA']))
      .min(1)
      .refine((codecs) => new Set(codecs).size === codecs.length, { error: 'names a codec twice' })
      .default(['PCMU', 'PCMA']),
  })
  .refine(
    (value) => value.username !== undefined || (value.password === undefined && value.passwordFile === undefined),
    { error: 'has a password without a username' },
  )
  .refine((value) => value.username === undefined || oneSecret(value), askForSecret)
  .superRefine(({ numberFormat, country = houseCountry }, context) => {
    if (numberFormat !== 'national' || nationalFormat(country) !== null) return;
    const message = `has no national form for ${country} that Denwaban can write; use e164 or e164-bare`;
    context.addIssue({ code: 'custom', path: ['country'], message });
  })
  .refine(({ numberFormat, country }) => country === undefined || numberFormat === 'national', {
    error: 'means nothing without numberFormat national',
    path: ['country'],
  });

const register = z
  .strictObject({
    server: z.union([host, z.array(host).min(1).max(4)]),
    port: port.optional(),
    transport: transport.optional(),
    /** The carrier's name for us: user of the address that is registered. */
    username: word(128),
    /** When the password belongs to another name than that. */
    authUsername: word(128).optional(),
    ...secret,
    /** When the address that is registered lies in another domain than the server's name. */
    domain: host.optional(),
    expiresS: z.number().int().min(60).max(86_400).default(600),
  })
  .refine(oneSecret, askForSecret);

export const trunkEntry = z
  .strictObject({
    id: z.string().regex(/^tk_[0-9a-z_-]{1,36}$/, 'an id begins with tk_, then small letters, digits, - and _'),
    name: z.string().min(1).max(100),
    priority: z.number().int().min(0).max(65_535).optional(),
    inbound: z
      .strictObject({
        addresses: z.array(z.string().max(64)).default([]),
        digest: digest.optional(),
        tls: z
          .strictObject({
            subject: z.union([host, z.array(host).min(1).max(16)]),
            ca: file.optional(),
          })
          .optional(),
      })
      .default({ addresses: [] }),
    outbound: outbound.optional(),
    register: register.optional(),
    health: z.strictObject({ intervalS: z.number().int().min(5).max(3_600).default(30) }).optional(),
    tls: z
      .strictObject({
        ca: file.optional(),
        verify: z.boolean().default(true),
        cert: file.optional(),
        key: file.optional(),
      })
      .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
        error: 'needs cert and key, or neither',
      })
      .optional(),
    srtp: z.enum(['off', 'optional', 'required']).optional(),
    transfers: z.boolean().optional(),
    contactHost: ownName.optional(),
    /** Seconds; `false` for none. */
    keepAlive: z.union([z.literal(false), z.number().int().min(10).max(600)]).optional(),
  })
  .refine(
    ({ inbound, outbound: out, register: reg }) =>
      inbound.addresses.length > 0 || inbound.digest !== undefined || out !== undefined || reg !== undefined,
    { error: 'does nothing: give it inbound.addresses, inbound.digest, outbound or register' },
  )
  .refine(({ inbound, register: reg }) => inbound.tls === undefined || inbound.addresses.length > 0 || Boolean(reg), {
    error: 'is asked of nobody: it needs inbound.addresses or register',
    path: ['inbound', 'tls'],
  })
  .refine(({ health, outbound: out, register: reg }) => health === undefined || Boolean(out ?? reg), {
    error: 'has nobody to ask: health needs outbound or register',
    path: ['health'],
  });

export const trunkFile = z.array(trunkEntry).max(100);
export type TrunkEntry = z.infer<typeof trunkEntry>;

/** `[::1]:5060` and the like in messages and addresses of ours. */
export const hostInUri = (name: string): string => (isIPv6(name) ? `[${name}]` : name);
