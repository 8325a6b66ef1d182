import { weaknessOf } from '../../config/weak-secrets.ts';
import type { Config } from '../../config.ts';
import type { Database } from '../../database/pool.ts';
import type { Vault } from '../../vault.ts';
import { type Finding, findingsOf } from './finding.ts';

const finding = findingsOf('secrets');
const ADVICE = 'agree on a random one with the partner';

/** Secrets that partners gave: with a weak one of its own the hub does not start. None is shown. */
export function checkSecrets({ file, databaseUrl, redisUrl }: Config): readonly Finding[] {
  const inParties = Object.entries(file.parties ?? {}).flatMap(([party, { settings }]) =>
    secretsIn(settings ?? {}, `/parties/${party}/settings`),
  );
  const inUrls = { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl };
  const given = [...inParties, ...Object.entries(inUrls).flatMap(([name, url]) => (url ? passwordOf(name, url) : []))];
  const weak = given.flatMap(({ place, secret }) => {
    const weakness = weaknessOf(secret);
    return weakness ? [finding('warn', `${place}: ${weakness}`, ADVICE)] : [];
  });
  return weak.length > 0
    ? weak
    : [finding('ok', `no secret that can be guessed; ${given.length} of partners and servers looked at`)];
}

interface Given {
  readonly place: string;
  readonly secret: string;
}

const SECRET_NAME = /pass(?:word|wd)?$|secret|token|api-?key/i;

function secretsIn(value: object, place: string): readonly Given[] {
  return Object.entries(value).flatMap(([name, member]) => {
    if (typeof member === 'object' && member !== null) return secretsIn(member, `${place}/${name}`);
    return typeof member === 'string' && SECRET_NAME.test(name) ? [{ place: `${place}/${name}`, secret: member }] : [];
  });
}

function passwordOf(place: string, url: string): readonly Given[] {
  const { password } = new URL(url);
  return password === '' ? [] : [{ place, secret: decodeURIComponent(password) }];
}

/** The oldest messages tell of a secret of before that is not given, the newest ones of a wrong one. */
export async function checkSealing({ pool }: Database, vault: Pick<Vault, 'knows'>): Promise<readonly Finding[]> {
  const { rows: tables } = await pool.query<{ there: boolean }>(`SELECT to_regclass('messages') IS NOT NULL AS there`);
  if (!tables[0]?.there) return [];
  const { rows } = await pool.query<{ key: number; count: number }>(
    `SELECT body_key AS key, count(*) AS count FROM (
       (SELECT id, body_key FROM messages WHERE body_key IS NOT NULL ORDER BY id LIMIT $1)
       UNION (SELECT id, body_key FROM messages WHERE body_key IS NOT NULL ORDER BY id DESC LIMIT $1)) looked
     GROUP BY 1`,
    [LOOKED_AT],
  );
  const sum = (some: typeof rows): number => some.reduce((total, { count }) => total + count, 0);
  const [all, unopened] = [sum(rows), sum(rows.filter(({ key }) => !vault.knows(key)))];
  if (unopened === 0) return [finding('ok', `HUB_SECRET opens what is kept; ${all} messages looked at`)];
  return [
    finding(
      'fail',
      `${unopened} of ${all} messages are encrypted with a secret that neither HUB_SECRET nor HUB_SECRET_OLD gives`,
      'is HUB_SECRET that of this database? Give the one of before in HUB_SECRET_OLD, and run lienthong keys reseal',
    ),
  ];
}

/** Of the oldest, and of the newest. */
const LOOKED_AT = 1_000;
