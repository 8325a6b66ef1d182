import { databaseHosts } from '#core/identifiers/database-hosts';
import { render } from '#messages/render';
import type { Config } from '../../config/config.ts';
import { weaknessOf } from '../../config/weak-secrets.ts';
import type { Database } from '../../database/pool.ts';
import { unopenedMessages } from '../../database/reseal.ts';
import type { Vault } from '../../secrets/vault.ts';
import { hasTable } from './check-database.ts';
import { type Finding, findingsOf } from './finding.ts';

const finding = findingsOf('secrets');
const ADVICE = 'agree on a random one with the partner';

/** Checks the secrets that partners gave (the hub does not start with a weak one of its own). Shows none. */
export function checkSecrets({ file, databaseUrl, redisUrl }: Config): readonly Finding[] {
  const inParties = Object.entries(file.parties ?? {}).flatMap(([party, { settings }]) =>
    secretsIn(settings ?? {}, `/parties/${party}/settings`),
  );
  const inUrls = { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl };
  const given = [...inParties, ...Object.entries(inUrls).flatMap(([name, url]) => (url ? passwordOf(name, url) : []))];
  const weak = given.flatMap(({ place, secret }) => {
    const weakness = weaknessOf(secret);
    return weakness ? [finding('warn', `${place}: ${render(weakness, 'en')}`, ADVICE)] : [];
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

/** Settings of a ministry that are no secrets: the sources of its requests' members, and the place of the session in its answer. */
const SOURCES_AND_PLACES = /\/request$|\/session\/token$/;

/** The texts of a list have the name of the list. */
function secretsIn(value: object, place: string, listName?: string): readonly Given[] {
  return Object.entries(value).flatMap(([name, member]) => {
    if (SOURCES_AND_PLACES.test(`${place}/${name}`)) return [];
    if (typeof member === 'object' && member !== null)
      return secretsIn(member, `${place}/${name}`, Array.isArray(member) ? name : undefined);
    const isSecret = typeof member === 'string' && SECRET_NAME.test(listName ?? name);
    return isSecret ? [{ place: `${place}/${name}`, secret: member }] : [];
  });
}

function passwordOf(place: string, url: string): readonly Given[] {
  const { password } = new URL(databaseHosts(url)[0] as string);
  return password === '' ? [] : [{ place, secret: decodeURIComponent(password) }];
}

/** Checks that the secrets decrypt the newest and the oldest messages. */
export async function checkSealing(database: Database, vault: Pick<Vault, 'knows'>): Promise<readonly Finding[]> {
  if (!(await hasTable(database, 'messages'))) return [];
  const looks = Object.entries(await unopenedMessages(database, vault, LOOKED_AT));
  return looks.map(([which, { looked, unopened }]) =>
    unopened === 0
      ? finding('ok', `HUB_SECRET decrypts the ${which} ${looked} messages`)
      : finding(
          'fail',
          `${unopened} of the ${which} ${looked} messages are encrypted with a secret that neither HUB_SECRET nor HUB_SECRET_OLD gives`,
          'is HUB_SECRET that of this database? Give the previous secret in HUB_SECRET_OLD, and run lienthong keys reseal',
        ),
  );
}

interface Rekeying {
  readonly table: string;
  readonly looked: number;
  readonly unopened: number;
  readonly hasEnded: boolean;
}

/** Checks for unkeyed hashes of personal data and words of names, as versions before migration 019 wrote them. */
export async function checkKeyed(
  database: Pick<Database, 'pool'>,
  vault: Pick<Vault, 'hashKeyId'>,
): Promise<readonly Finding[]> {
  if (!(await hasTable(database, 'rekeying'))) return [];
  const { pool } = database;
  const { rows } = await pool.query<Rekeying>(
    `SELECT table_name AS table, looked, unopened, ended_at IS NOT NULL AS "hasEnded" FROM rekeying ORDER BY 1`,
  );
  const left = rows.flatMap(({ table, looked, unopened, hasEnded }) => {
    if (!hasEnded)
      return [finding('warn', `${table}: rows after the first ${looked} may hold hashes in clear`, KEYING)];
    return unopened > 0 ? [finding('warn', `${table}: ${unopened} rows hold hashes in clear`, UNOPENED)] : [];
  });
  if (left.length > 0) return left;
  const { rows: newest } = await pool.query<{ hash: Buffer }>(
    `(SELECT body_hash AS hash FROM messages WHERE body_hash IS NOT NULL ORDER BY id DESC LIMIT $1)
     UNION ALL (SELECT content_hash FROM dossiers ORDER BY status_at DESC, code LIMIT $1)`,
    [LOOKED_AT],
  );
  const inClear = newest.filter(({ hash }) => vault.hashKeyId(hash) === undefined).length;
  if (inClear === 0) return [finding('ok', 'hashes of personal data and words of names are keyed')];
  return [finding('warn', `${inClear} of the newest ${newest.length} rows hold hashes in clear`, OLD_PROCESS)];
}

const KEYING = 'a hub with the role scheduler keys them in the background; lienthong keys reseal does it now';
const UNOPENED = 'give the secret of these rows in HUB_SECRET_OLD and run lienthong keys reseal';
const OLD_PROCESS = 'stop the processes of an older version that still write here, then run lienthong keys reseal';

const LOOKED_AT = 1_000;
