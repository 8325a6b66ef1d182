import { X509Certificate } from 'node:crypto';
import { Cron } from 'croner';
import proxyAddr from 'proxy-addr';
import { isRealDate } from '#core/dates/dates';
import { pointer } from '#core/explain';
import { listed, type Problem, problem } from '#core/problem';
import { isOfHub } from '#core/records/kind';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { AGENCY_CODE } from '#schemas/parts';
import { createTls, pemProblems } from '../kit/http/tls.ts';
import { ID } from './hub-file.ts';
import { retentionProblems } from './retention.ts';
import { weaknessOf } from './weak-secrets.ts';

/**
 * Checks beyond the schema: ids are well-formed, unique and exist; schedules have a next time. Works on a file of any shape, so
 * that it reports all problems at once.
 */
export function meaningProblems(file: unknown): readonly Problem[] {
  const { parties, keys, routes, province, proxies, retention, files, deadlines } = members(file);
  const ids = Object.keys(members(parties));
  const known = (path: string, party: unknown): Problem[] =>
    typeof party !== 'string' || ids.includes(party)
      ? []
      : [problem(path, 'unexpected', { got: received(party), expected: say('one-of-parties', { list: listed(ids) }) })];
  return [
    ...provinceProblems(province),
    ...retentionProblems(members(retention)),
    ...deadlineProblems(members(deadlines)),
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
    ...list(routes).flatMap((route, at) =>
      isOfHub(String(members(route).from)) ? [] : known(`/routes/${at}/from`, members(route).from),
    ),
    ...ids.flatMap((id) =>
      list(members(members(parties)[id]).sendsItself).flatMap((party, at) =>
        known(`/parties/${pointer(id)}/sendsItself/${at}`, party),
      ),
    ),
    ...Object.entries(members(parties)).flatMap(([id, party]) => unstoredFiles(id, party, files)),
    ...list(routes).flatMap((route, at) => sentTwice(`/routes/${at}`, members(route), members(parties))),
    ...list(routes).flatMap((route, at) => shareProblems(`/routes/${at}/share`, members(route))),
    ...list(routes).flatMap((route, at) =>
      list(members(route).to).flatMap((party, to) => known(`/routes/${at}/to/${to}`, party)),
    ),
  ];
}

/** Without `files` the hub stores none, so it cannot fetch any. */
function unstoredFiles(id: string, party: unknown, files: unknown): readonly Problem[] {
  if (members(party).files === undefined || files !== undefined) return [];
  return [problem(`/parties/${pointer(id)}/files`, 'files-off')];
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
            expected: say('time-after', { near: received(from) }),
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
              expected: say('day-such', { such: '2026-02-16' }),
            }),
          ]
        : [],
    ),
  );
  return [...hours, ...days];
}

/** The schema checks the days of the agencies, and not their codes. */
function deadlineProblems(deadlines: Readonly<Record<string, unknown>>): readonly Problem[] {
  return Object.entries(deadlines).flatMap(([kind, given]) =>
    Object.keys(members(members(given).agencies))
      .filter((code) => !new RegExp(AGENCY_CODE).test(code))
      .map((code) =>
        problem(`/deadlines/${pointer(kind)}/agencies/${pointer(code)}`, 'unexpected', {
          got: received(code),
          expected: say('schema.agency-code'),
        }),
      ),
  );
}

function partyProblems(id: string, party: unknown): readonly Problem[] {
  const path = `/parties/${pointer(id)}`;
  const problems: Problem[] = [];
  if (!new RegExp(ID).test(id)) problems.push(problem(path, 'party-name', { expected: say('schema.hub-id') }));
  // Citizens and officers send records under these names, so no connected system may have them.
  if (isOfHub(id)) problems.push(problem(path, 'name-of-the-hub'));
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
        return other === undefined ? [] : [problem(path, 'owned-already', { got: received(prefix), place: other })];
      }),
    ),
  );
}

/** A route of dossiers to a party that gets them from their owner without the hub. */
function sentTwice(
  path: string,
  { from, operation, to }: Readonly<Record<string, unknown>>,
  parties: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  const sendsItself = list(members(members(parties)[String(from)]).sendsItself);
  if (!String(operation).startsWith('dossier.')) return [];
  return list(to).flatMap((party, at) =>
    sendsItself.includes(party)
      ? [
          problem(`${path}/to/${at}`, 'sent-twice', {
            got: received(party),
            place: `/parties/${pointer(String(from))}/sendsItself`,
          }),
        ]
      : [],
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
        problem(`${path}/${other}`, 'missing', {
          expected: say('belongs-to', { what: other, place: `${path}/${one}` }),
        }),
      ];
  const unread = ['ca', 'certificate', 'key'].flatMap((name) =>
    tls[name] === undefined ? [] : pemProblems(`${path}/${name}`, tls[name] as string),
  );
  if (unread.length > 0) return unread;
  try {
    createTls(tls);
    return [];
  } catch (error) {
    return [problem(path, 'tls-unusable', { why: (error as Error).message, expected: say('schema.pem') })];
  }
}

/** A schedule that is no cron text, or has no next run. */
export function scheduleProblems(path: string, schedule: unknown, example: string): readonly Problem[] {
  if (typeof schedule !== 'string' || isSchedule(schedule)) return [];
  return [problem(path, 'unexpected', { got: received(schedule), expected: say('schedule-such', { such: example }) })];
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
    return [
      problem(`${path}/to`, 'unexpected', {
        got: to,
        expected: say('more-than-place', { place: `${path}/from`, least: from }),
      }),
    ];
  return share !== undefined && typeof operation === 'string' && !operation.startsWith('dossier.')
    ? [problem(path, 'share-of-others', { got: received(operation) })]
    : [];
}

/** A key is found by its secret and named by its id, so both must be unique. */
function repetitions(keys: readonly unknown[], member: 'id' | 'secret' | 'certificate'): readonly Problem[] {
  const values = keys.map((key) => {
    const value = members(key)[member];
    return member === 'certificate' && typeof value === 'string' ? comparableCertificate(value) : value;
  });
  return values.flatMap((value, at) =>
    typeof value === 'string' && values.indexOf(value) < at
      ? [problem(`/keys/${at}/${member}`, 'used-twice', { what: member, place: `/keys/${values.indexOf(value)}` })]
      : [],
  );
}

/** The same certificate may be given as PEM and as a fingerprint. A text that is neither has a problem of its own. */
function comparableCertificate(certificate: string): string {
  try {
    const isPem = certificate.startsWith('-----');
    return (isPem ? new X509Certificate(certificate).fingerprint256 : certificate).replaceAll(':', '').toUpperCase();
  } catch {
    return certificate;
  }
}

/** Each door belongs to one party, so such a key would be refused at all of them. */
function withoutDoor(path: string, { scopes, party }: Readonly<Record<string, unknown>>): readonly Problem[] {
  if (party !== undefined || !list(scopes).includes('dossier:write')) return [];
  return [problem(path, 'missing', { expected: say('party-of-door') })];
}

function proxyProblems(path: string, proxy: unknown): readonly Problem[] {
  if (typeof proxy !== 'string' || proxy === '') return [];
  try {
    proxyAddr.compile(proxy);
    return [];
  } catch {
    return [problem(path, 'unexpected', { got: received(proxy), expected: say('schema.proxy') })];
  }
}

function certificateProblems(path: string, certificate: unknown): readonly Problem[] {
  if (typeof certificate !== 'string' || !certificate.startsWith('-----')) return [];
  try {
    new X509Certificate(certificate);
    return [];
  } catch {
    return [problem(path, 'pem-unreadable')];
  }
}

/** A client that guesses it may write dossiers, so the hub refuses to start. */
function guessable(path: string, secret: unknown): readonly Problem[] {
  const weakness = typeof secret === 'string' ? weaknessOf(secret) : undefined;
  return weakness ? [problem(path, 'secret-guessable', { why: weakness })] : [];
}

/** The members of a value of any shape: none of anything but an object. */
export function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** The entries of a value of any shape: none of anything but a list. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
