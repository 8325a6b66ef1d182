import { hash } from 'node:crypto';
import type pg from 'pg';
import { instantToMs, msToInstant } from '#core/dates/dates';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';

/**
 * The audit's entries are linked: `link` is the SHA-256 of the link before it and of the entry as the JSON
 * `[position, milliseconds since 1970, actor, action, subject, why]`, with a blank behind each comma. The newest entry of
 * each day is signed with HUB_SECRET (an anchor). So whoever may write to the database, and has no secret, cannot change,
 * leave out, put in or move an entry that an anchor stands behind without its being found.
 */
interface Entry {
  readonly id: number;
  readonly position: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly why: string | null;
  readonly link: Buffer;
}

/** A place in the chain. */
export interface Anchor {
  readonly position: number;
  /** In hexadecimal. */
  readonly link: string;
}

export interface ChainReport {
  /** The last place up to which everything fits. */
  readonly upTo: Anchor;
  /** The first thing that does not, in words; undefined where all of it does. */
  readonly broken: string | undefined;
}

/** Before the first entry. */
const BEGINNING: Anchor = { position: 0, link: hash('sha256', '') };
const PAGE = 2_000;

/**
 * Follow the chain to its end: the newest entry when this was called.
 *
 * @param from where to begin: an anchor that is trusted, otherwise the first entry
 * @param anchors what has to lie on the way
 */
export async function followChain(
  { pool }: Pick<Database, 'pool'>,
  from: Anchor = BEGINNING,
  anchors: readonly Anchor[] = [],
): Promise<ChainReport> {
  const { head, last } = await endOf({ pool });
  const expected = new Map(anchors.map(({ position, link }) => [position, link]));
  let upTo = from;
  const found = (broken: string): ChainReport => ({ upTo, broken });
  if (from.position > 0 && (await linkAt({ pool }, from.position)) !== from.link)
    return found(`entry ${from.position}, which is signed, is not there any more, or not as it was signed`);
  while (upTo.position < head.position) {
    const entries = await entriesAfter({ pool }, upTo.position);
    if (entries.length === 0) return found(missing(upTo.position + 1, head.position));
    for (const entry of entries) {
      const { position, id } = entry;
      if (position !== upTo.position + 1) return found(missing(upTo.position + 1, position - 1));
      const link = linkOf(upTo.link, entry);
      if (link !== entry.link.toString('hex'))
        return found(`entry ${position} (id ${id}) is not what was written, or not in its place`);
      if (expected.has(position) && expected.get(position) !== link)
        return found(`entry ${position} (id ${id}), or one before it, is not what was signed`);
      upTo = { position, link };
      if (position === head.position) break;
    }
  }
  if (upTo.position === head.position && upTo.link !== head.link)
    return found(`entry ${head.position} is not the one that was written last`);
  if (last > head.position) return found(`entry ${head.position + 1} stands behind the one that was written last`);
  const beyond = anchors.find(({ position }) => position > head.position);
  if (beyond) return found(missing(head.position + 1, beyond.position));
  return { upTo, broken: undefined };
}

function missing(first: number, last: number): string {
  return first === last ? `entry ${first} is missing` : `entries ${first} to ${last} are missing`;
}

/** In clear: the entry that it is made of stands beside it, and copies outside the hub are followed without a secret. */
function linkOf(before: string, { position, at, actor, action, subject, why }: Entry): string {
  const members = [position, instantToMs(at), actor, action, subject, why].map((member) => JSON.stringify(member));
  return hash('sha256', Buffer.concat([Buffer.from(before, 'hex'), Buffer.from(`[${members.join(', ')}]`)]));
}

/** The entry that was written last, and the last place that has one: of one moment. */
async function endOf({ pool }: Pick<Database, 'pool'>): Promise<{ readonly head: Anchor; readonly last: number }> {
  const { rows } = await pool.query<{ position: number | null; link: Buffer | null; last: number }>(
    `SELECT head.position, head.link, last.position AS last
     FROM (SELECT coalesce(max(position), 0) AS position FROM audit) last LEFT JOIN audit_head head ON true`,
  );
  const [{ position = null, link = null, last = 0 } = {}] = rows;
  return { head: position === null || link === null ? BEGINNING : { position, link: link.toString('hex') }, last };
}

/** The newest entry of a transaction's moment: what is told with it has its place in time beside the audit. */
export async function newestEntry(tx: pg.PoolClient): Promise<Anchor> {
  const { rows } = await tx.query<{ position: number; link: string }>(
    "SELECT position, encode(link, 'hex') AS link FROM audit_head",
  );
  return rows[0] ?? BEGINNING;
}

async function linkAt({ pool }: Pick<Database, 'pool'>, position: number): Promise<string | undefined> {
  const { rows } = await pool.query<{ link: Buffer }>('SELECT link FROM audit WHERE position = $1', [position]);
  return rows[0]?.link.toString('hex');
}

async function entriesAfter({ pool }: Pick<Database, 'pool'>, position: number): Promise<readonly Entry[]> {
  const { rows } = await pool.query<Entry>({
    name: 'audit after',
    text: `SELECT id, position, at, actor, action, subject, why, link FROM audit
           WHERE position > $1 ORDER BY position LIMIT ${PAGE}`,
    values: [position],
  });
  return rows;
}

/** The anchors, oldest first; `forged` are the days of those that are not signed with a secret that is given. */
export async function loadAnchors(
  { pool }: Pick<Database, 'pool'>,
  vault: Pick<Vault, 'verify'>,
): Promise<{ readonly anchors: readonly Anchor[]; readonly forged: readonly string[] }> {
  const { rows } = await pool.query<{ day: string; signed: string }>(
    'SELECT day::text AS day, signed FROM audit_anchors ORDER BY day',
  );
  const anchors: Anchor[] = [];
  const forged: string[] = [];
  for (const { day, signed } of rows) {
    const [signedDay, position, link = ''] = vault.verify('audit', signed)?.split(' ') ?? [];
    if (signedDay === day) anchors.push({ position: Number(position), link });
    else forged.push(day);
  }
  return { anchors, forged };
}

/** Sign a place of the chain as the newest of this day. @returns the day */
export async function saveAnchor(
  { pool }: Pick<Database, 'pool'>,
  vault: Pick<Vault, 'sign'>,
  { position, link }: Anchor,
  nowMs: number,
): Promise<string> {
  const day = msToInstant(nowMs).slice(0, 10);
  await pool.query(
    'INSERT INTO audit_anchors (day, signed) VALUES ($1, $2) ON CONFLICT (day) DO UPDATE SET signed = excluded.signed',
    [day, vault.sign('audit', `${day} ${position} ${link}`)],
  );
  return day;
}

/** Sign with the vault's newest key what was signed with an older one. @returns how many were, but for forged ones */
export async function resignAnchors(
  { pool }: Pick<Database, 'pool'>,
  vault: Pick<Vault, 'sign' | 'verify'>,
): Promise<number> {
  const { rows } = await pool.query<{ day: string; signed: string }>(
    'SELECT day::text AS day, signed FROM audit_anchors',
  );
  let renewed = 0;
  for (const { day, signed } of rows) {
    const text = vault.verify('audit', signed);
    const anew = text === undefined ? signed : vault.sign('audit', text);
    if (anew === signed) continue;
    await pool.query('UPDATE audit_anchors SET signed = $3 WHERE day = $1 AND signed = $2', [day, signed, anew]);
    renewed++;
  }
  return renewed;
}
