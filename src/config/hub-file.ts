import { X509Certificate } from 'node:crypto';
import { Cron } from 'croner';
import proxyAddr from 'proxy-addr';
import Type from 'typebox';
import { isRealDate } from '#core/dates/dates';
import { DAYS } from '#core/dates/windows';
import { SHAREABLE } from '#core/dossier/ownership';
import { pointer, quote } from '#core/explain';
import { type Problem, problem } from '#core/problem';
import { received } from '#messages/received';
import { AGENCY_CODE, closed, FIELD_CODE, oneOf, SERVICE_CODE } from '#schemas/parts';
import { createTls } from '../kit/http/tls.ts';
import { weaknessOf } from './weak-secrets.ts';

export const SCOPES = [
  'dossier:write',
  'index:read',
  'index:personal',
  'catalogue:read',
  'ops:read',
  'ops:body',
  'ops:replay',
  'ops:configure',
] as const;
export type Scope = (typeof SCOPES)[number];

const ID = '^[a-z0-9][a-z0-9._-]{0,62}$';
const ID_MEANS = 'an id of lower-case letters, digits, dots and hyphens';
const PROXY_MEANS = 'an address such as 10.0.0.5, a network such as 10.0.0.0/8, or loopback';
const Id = Type.String({ pattern: ID, description: ID_MEANS });

const TimeOfDay = Type.String({
  pattern: '^(?:[01][0-9]|2[0-3]):[0-5][0-9]$',
  description: 'a time of the day such as 22:00',
});

const Day = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', description: 'a date such as 2026-02-16' });

const Key = closed({
  /** HTTP Basic ends the user name at the first colon (RFC 7617). */
  id: Type.String({ pattern: '^[^:]{1,100}$', description: 'a user name of at most 100 characters, without a colon' }),
  secret: Type.String({ minLength: 8, writeOnly: true, description: 'a secret of at least 8 characters' }),
  scopes: Type.Array(oneOf(SCOPES), { description: 'a list of scopes' }),
  party: Type.Optional(Id),
  /** Verifies this key's SOAP signatures, and identifies its client by mutual TLS. */
  certificate: Type.Optional(
    Type.String({
      pattern: '^(?:-----BEGIN CERTIFICATE-----|[0-9A-Fa-f]{2}(?::?[0-9A-Fa-f]{2}){31}$)',
      description: 'a certificate in PEM, or its SHA-256 fingerprint',
    }),
  ),
});

const PEM_MEANS = 'a text in PEM (-----BEGIN …), or the path of a file in PEM';
const Pem = Type.String({ minLength: 1, description: PEM_MEANS });

const Members = Type.Array(oneOf(SHAREABLE), {
  description: 'a list of members of a dossier such as ["status", "results"]',
});

const PartyEntry = closed({
  adapter: Id,
  settings: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'an object of settings' })),
  /** True: authoritative for its own dossiers. Members: authoritative for these members of every dossier. */
  authoritative: Type.Optional(
    Type.Union([Type.Boolean(), Members], { description: 'true, false or a list of members of a dossier' }),
  ),
  /** The codes of the party's own dossiers: see core/ownership. */
  owns: Type.Optional(
    closed({
      codes: Type.Optional(
        Type.Array(
          Type.String({
            pattern: '^[0-9A-Z][0-9A-Z./-]{0,59}$',
            description: 'a prefix of dossier codes such as H60.',
          }),
        ),
      ),
      agencies: Type.Optional(
        Type.Array(Type.String({ pattern: AGENCY_CODE, description: 'an agency code such as H60.01' })),
      ),
      services: Type.Optional(Type.Array(Type.String({ pattern: SERVICE_CODE, description: 'a procedure code' }))),
    }),
  ),
  /** What the party may change in dossiers of another party. */
  may: Type.Optional(Members),
  pull: Type.Optional(
    Type.Record(Type.String(), Type.String({ description: 'a cron schedule such as */15 * * * *' }), {
      description: 'an object of cron schedules by what is pulled',
    }),
  ),
  budget: Type.Optional(
    closed({
      callsPerSecond: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'a number of calls a second' })),
      concurrency: Type.Optional(Type.Integer({ minimum: 1, description: 'a whole number of dossiers at once' })),
    }),
  ),
  maintenance: Type.Optional(
    Type.Array(closed({ from: TimeOfDay, to: TimeOfDay, days: Type.Optional(Type.Array(oneOf(DAYS))) })),
  ),
  /** Trusted authorities instead of the system's, and the client certificate for the party (mutual TLS). */
  tls: Type.Optional(
    closed({
      ca: Type.Optional(Pem),
      certificate: Type.Optional(Pem),
      key: Type.Optional(Type.String({ minLength: 1, writeOnly: true, description: PEM_MEANS })),
    }),
  ),
  /** The scheduled comparison; `lienthong reconcile` compares at any time. */
  reconcile: Type.Optional(
    Type.Union(
      [
        closed({
          schedule: Type.Optional(Type.String({ description: 'a cron schedule such as 0 30 3 * * *' })),
          sample: Type.Optional(
            Type.Union([Type.Integer({ minimum: 1, description: 'a whole number' }), Type.Literal('all')], {
              description: 'a whole number of dossiers, at least 1, or "all"',
            }),
          ),
        }),
        Type.Literal(false),
      ],
      { description: 'schedule and sample, or false' },
    ),
  ),
});

const Alerts = closed({
  webhook: Type.String({ pattern: '^https?://', description: 'an address such as https://…' }),
  /** Signs the alerts by the Standard Webhooks specification. */
  secret: Type.String({ minLength: 24, writeOnly: true, description: 'a secret of at least 24 characters' }),
});

const RouteEntry = closed({
  from: Id,
  operation: Type.String({ description: 'an operation such as dossier.upsert.v1' }),
  to: Type.Array(Id, { minItems: 1, description: 'a list of at least one party' }),
  services: Type.Optional(Type.Array(Type.String({ pattern: SERVICE_CODE, description: 'a procedure code' }))),
  fields: Type.Optional(Type.Array(Type.String({ pattern: FIELD_CODE, description: 'a field code' }))),
  /** Of a hundred dossiers, those from `from` to before `to`. */
  share: Type.Optional(
    closed({
      from: Type.Integer({ minimum: 0, maximum: 99, description: 'a whole number from 0 to 99' }),
      to: Type.Integer({ minimum: 1, maximum: 100, description: 'a whole number from 1 to 100' }),
    }),
  ),
});

/** The schema of HUB_CONFIG. */
export const HubFile = closed({
  province: Type.Optional(
    closed({
      code: Type.String({ pattern: AGENCY_CODE, description: 'a province code such as H60' }),
      name: Type.String({ minLength: 1, description: 'a name' }),
      timezone: Type.Optional(oneOf(['Asia/Ho_Chi_Minh'])),
      /** Replaces 07:00–11:30 and 13:30–17:00 from Monday to Friday. */
      officeHours: Type.Optional(
        Type.Array(closed({ from: TimeOfDay, to: TimeOfDay, days: Type.Optional(Type.Array(oneOf(DAYS))) })),
      ),
      /** In addition to the holidays and exchanged days of the whole country. */
      daysOff: Type.Optional(Type.Array(Day)),
      workdays: Type.Optional(Type.Array(Day)),
      /** The day of the month on which a quarter or a year of reports begins. */
      reportingDay: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 28, description: 'a day of the month from 1 to 28' }),
      ),
    }),
  ),
  keys: Type.Optional(Type.Array(Key)),
  parties: Type.Optional(Type.Record(Type.String(), PartyEntry)),
  routes: Type.Optional(Type.Array(RouteEntry)),
  alerts: Type.Optional(Alerts),
  /** The trusted proxies in front of the hub: it believes them the client's address and TLS. */
  proxies: Type.Optional(Type.Array(Type.String({ minLength: 1, description: PROXY_MEANS }))),
  /** The header in which those proxies give the client's certificate. They must set or remove it at each request. */
  clientCertificateHeader: Type.Optional(
    Type.String({ pattern: '^[A-Za-z][A-Za-z0-9-]{0,99}$', description: 'the name of a header such as Client-Cert' }),
  ),
  retentionMonths: Type.Optional(Type.Integer({ minimum: 1, description: 'a whole number of months' })),
});
export type HubFile = Type.Static<typeof HubFile>;
export type KeyEntry = Type.Static<typeof Key>;

/**
 * Checks beyond the schema: ids are well-formed, unique and exist; schedules have a next time. Works on a file of any shape, so
 * that it reports all problems at once.
 */
export function meaningProblems(file: unknown): readonly Problem[] {
  const { parties, keys, routes, province, proxies } = members(file);
  const ids = Object.keys(members(parties));
  const known = (path: string, party: unknown): Problem[] =>
    typeof party !== 'string' || ids.includes(party)
      ? []
      : [
          problem(path, 'unexpected', {
            got: received(party),
            expected: `one of the parties ${ids.join(', ') || '(there is none)'}`,
          }),
        ];
  return [
    ...provinceProblems(province),
    ...ownedTwice(members(parties)),
    ...ids.flatMap((id) => partyProblems(id, members(parties)[id])),
    ...list(keys).flatMap((key, at) => known(`/keys/${at}/party`, members(key).party)),
    ...list(keys).flatMap((key, at) => withoutDoor(`/keys/${at}/party`, members(key))),
    ...repetitions(list(keys), 'id'),
    ...repetitions(list(keys), 'secret'),
    ...list(keys).flatMap((key, at) => guessable(`/keys/${at}/secret`, members(key).secret)),
    ...guessable('/alerts/secret', members(members(file).alerts).secret),
    ...repetitions(list(keys), 'certificate'),
    ...list(keys).flatMap((key, at) => certificateProblems(`/keys/${at}/certificate`, members(key).certificate)),
    ...list(proxies).flatMap((proxy, at) => proxyProblems(`/proxies/${at}`, proxy)),
    ...list(routes).flatMap((route, at) => known(`/routes/${at}/from`, members(route).from)),
    ...list(routes).flatMap((route, at) => shareProblems(`/routes/${at}/share`, members(route))),
    ...list(routes).flatMap((route, at) =>
      list(members(route).to).flatMap((party, to) => known(`/routes/${at}/to/${to}`, party)),
    ),
  ];
}

/** Office hours end on the day on which they begin; days exist in the calendar. */
function provinceProblems(province: unknown): readonly Problem[] {
  const { officeHours, daysOff, workdays } = members(province);
  const hours = list(officeHours).flatMap((one, at) => {
    const { from, to } = members(one);
    const isTime = (text: unknown): text is string => typeof text === 'string' && /^\d\d:\d\d$/.test(text);
    const isWrong = isTime(from) && isTime(to) && from >= to;
    return isWrong
      ? [
          problem(`/province/officeHours/${at}/to`, 'unexpected', {
            got: received(to),
            expected: `a time after ${quote(from)}`,
          }),
        ]
      : [];
  });
  const days = Object.entries({ daysOff, workdays }).flatMap(([name, given]) =>
    list(given).flatMap((day, at) =>
      typeof day === 'string' && !isRealDate(day)
        ? [
            problem(`/province/${name}/${at}`, 'unexpected', {
              got: received(day),
              expected: 'a real date such as 2026-02-16',
            }),
          ]
        : [],
    ),
  );
  return [...hours, ...days];
}

function partyProblems(id: string, party: unknown): readonly Problem[] {
  const path = `/parties/${pointer(id)}`;
  const problems: Problem[] = [];
  if (!new RegExp(ID).test(id))
    problems.push(problem(path, 'setting', { what: `the party's name is to be ${ID_MEANS}` }));
  const { pull, reconcile, tls } = members(party);
  for (const [name, schedule] of Object.entries(members(pull)))
    problems.push(...scheduleProblems(`${path}/pull/${pointer(name)}`, schedule, '*/15 * * * *'));
  problems.push(...tlsProblems(`${path}/tls`, members(tls)));
  problems.push(...scheduleProblems(`${path}/reconcile/schedule`, members(reconcile).schedule, '0 30 3 * * *'));
  return problems;
}

/** With the same prefix in two parties a dossier's owner would be undefined. */
function ownedTwice(parties: Readonly<Record<string, unknown>>): readonly Problem[] {
  const owned = new Map<string, string>();
  return Object.entries(parties).flatMap(([id, party]) =>
    ['codes', 'agencies', 'services'].flatMap((kind) =>
      list(members(members(party).owns)[kind]).flatMap((prefix, at) => {
        const path = `/parties/${pointer(id)}/owns/${kind}/${at}`;
        const other = owned.get(`${kind} ${prefix}`);
        owned.set(`${kind} ${prefix}`, path);
        return other === undefined
          ? []
          : [problem(path, 'setting', { what: `got ${quote(prefix)}, which ${other} owns already` })];
      }),
    ),
  );
}

/** Reported at the start, not at the first call: an unreadable file, and a key of another certificate. */
function tlsProblems(path: string, tls: Readonly<Record<string, unknown>>): readonly Problem[] {
  if (Object.values(tls).some((value) => typeof value !== 'string')) return [];
  for (const [one, other] of [
    ['certificate', 'key'],
    ['key', 'certificate'],
  ] as const)
    if (tls[one] !== undefined && tls[other] === undefined)
      return [
        problem(`${path}/${other}`, 'setting', {
          what: `is missing, expected the ${other} that belongs to ${path}/${one}`,
        }),
      ];
  try {
    createTls(tls);
    return [];
  } catch (error) {
    const { code, message, path: file } = error as Error & { code?: string; path?: string };
    const why = file === undefined ? message : `${code}: ${file}`;
    return [
      problem(path, 'setting', {
        what: `cannot be used: ${why}; expected ${PEM_MEANS}, and a certificate with its own key`,
      }),
    ];
  }
}

function scheduleProblems(path: string, schedule: unknown, example: string): readonly Problem[] {
  if (typeof schedule !== 'string' || isSchedule(schedule)) return [];
  return [problem(path, 'unexpected', { got: received(schedule), expected: `a cron schedule such as ${example}` })];
}

function isSchedule(text: string): boolean {
  try {
    return new Cron(text, { paused: true }).nextRun() !== null;
  } catch {
    return false;
  }
}

/** A share is defined for dossiers only. */
function shareProblems(path: string, { share, operation }: Readonly<Record<string, unknown>>): readonly Problem[] {
  const { from, to } = members(share);
  if (typeof from === 'number' && typeof to === 'number' && from >= to)
    return [problem(`${path}/to`, 'setting', { what: `got ${to}, expected more than ${path}/from, which is ${from}` })];
  return share !== undefined && typeof operation === 'string' && !operation.startsWith('dossier.')
    ? [problem(path, 'setting', { what: `is set, expected nothing: ${quote(operation)} is not about dossiers` })]
    : [];
}

/** A key is found by its secret and named by its id, so both must be unique. */
function repetitions(keys: readonly unknown[], member: 'id' | 'secret' | 'certificate'): readonly Problem[] {
  const values = keys.map((key) => members(key)[member]);
  return values.flatMap((value, at) =>
    typeof value === 'string' && values.indexOf(value) < at
      ? [
          problem(`/keys/${at}/${member}`, 'setting', {
            what: `is the ${member} of /keys/${values.indexOf(value)} too`,
          }),
        ]
      : [],
  );
}

/** Each door belongs to one party, so such a key would be refused at all of them. */
function withoutDoor(path: string, { scopes, party }: Readonly<Record<string, unknown>>): readonly Problem[] {
  if (party !== undefined || !list(scopes).includes('dossier:write')) return [];
  return [
    problem(path, 'setting', { what: 'is missing, expected the party whose door the key opens (scope dossier:write)' }),
  ];
}

function proxyProblems(path: string, proxy: unknown): readonly Problem[] {
  if (typeof proxy !== 'string' || proxy === '') return [];
  try {
    proxyAddr.compile(proxy);
    return [];
  } catch {
    return [problem(path, 'unexpected', { got: received(proxy), expected: PROXY_MEANS })];
  }
}

function certificateProblems(path: string, certificate: unknown): readonly Problem[] {
  if (typeof certificate !== 'string' || !certificate.startsWith('-----')) return [];
  try {
    new X509Certificate(certificate);
    return [];
  } catch {
    return [
      problem(path, 'setting', {
        what: 'cannot be read as a certificate, expected PEM (-----BEGIN CERTIFICATE-----…)',
      }),
    ];
  }
}

/** A client that guesses it may write dossiers, so the hub refuses to start. */
function guessable(path: string, secret: unknown): readonly Problem[] {
  const weakness = typeof secret === 'string' ? weaknessOf(secret) : undefined;
  return weakness ? [problem(path, 'setting', { what: `${weakness}; make one with: lienthong keys new` })] : [];
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
