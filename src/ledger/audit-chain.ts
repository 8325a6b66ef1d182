import { hash } from 'node:crypto';
import type pg from 'pg';
import { instantToMs, msToInstant } from '#core/dates/dates';
import { say, type Words } from '#messages/message';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';
import type { ChangedText } from './officer-texts.ts';

/**
 * The entries of the audit form a hash chain. `link` is the SHA-256 of the previous link and of the entry as the JSON
 * `[position, milliseconds since 1970, actor, action, subject, why]`, with a blank after each comma. HUB_SECRET signs
 * the newest entry of each day (an anchor). Without the secret nobody can change, remove, insert or move an entry
 * before an anchor unnoticed, even with write access to the database. Somebody may delete anchors too, and
 * change the entries after them: see findLateSigned, and the anchors that the log repeats.
 *
 * An erasure of a person's data changes the reasons that mention the person. Such an entry keeps the link of its first
 * content, and `erased` is HUB_SECRET's signature of that link with the present content.
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
  readonly erased: string | null;
}

/** A position in the chain. */
export interface Anchor {
  readonly position: number;
  /** In hexadecimal. */
  readonly link: string;
}

export interface DatedAnchor extends Anchor {
  readonly day: string;
}

export interface ChainReport {
  /** The last position up to which the chain is intact. */
  readonly upTo: Anchor;
  /** The first break, in words. Undefined if the chain is intact. */
  readonly broken: Words | undefined;
}

/** Before the first entry. */
const BEGINNING: Anchor = { position: 0, link: hash('sha256', '') };
const PAGE = 2_000;

/**
 * Follows the chain to the entry that is newest at the time of the call.
 *
 * @param from a trusted anchor to start from, otherwise the first entry
 * @param anchors positions that must lie on the chain
 * @param vault verifies entries that an erasure changed; without it they are breaks
 */
export async function followChain(
  { pool }: Pick<Database, 'pool'>,
  from: Anchor = BEGINNING,
  anchors: readonly Anchor[] = [],
  vault?: Pick<Vault, 'verify'>,
): Promise<ChainReport> {
  const { head, last } = await endOf({ pool });
  const expected = new Map(anchors.map(({ position, link }) => [position, link]));
  let upTo = from;
  const found = (broken: Words): ChainReport => ({ upTo, broken });
  if (from.position > 0 && (await linkAt({ pool }, from.position)) !== from.link)
    return found(say('audit-signed-entry-gone', { position: from.position }));
  while (upTo.position < head.position) {
    const entries = await entriesAfter({ pool }, upTo.position);
    if (entries.length === 0) return found(missing(upTo.position + 1, head.position));
    for (const entry of entries) {
      const { position, id } = entry;
      if (position !== upTo.position + 1) return found(missing(upTo.position + 1, position - 1));
      const link = isErased(entry, vault) ? entry.link.toString('hex') : linkOf(upTo.link, entry);
      if (link !== entry.link.toString('hex')) return found(say('audit-entry-changed', { position, id }));
      if (expected.has(position) && expected.get(position) !== link)
        return found(say('audit-entry-not-as-signed', { position, id }));
      upTo = { position, link };
      if (position === head.position) break;
    }
  }
  if (upTo.position === head.position && upTo.link !== head.link)
    return found(say('audit-entry-not-last', { position: head.position }));
  if (last > head.position) return found(say('audit-entry-behind-last', { position: head.position + 1 }));
  const beyond = anchors.find(({ position }) => position > head.position);
  if (beyond) return found(missing(head.position + 1, beyond.position));
  return { upTo, broken: undefined };
}

function missing(first: number, last: number): Words {
  return first === last ? say('audit-entry-missing', { first }) : say('audit-entries-missing', { first, last });
}

/** Not keyed: the entry is stored in clear beside it, and copies outside the hub can be checked without a secret. */
function linkOf(before: string, { position, at, actor, action, subject, why }: Entry): string {
  const members = [position, instantToMs(at), actor, action, subject, why].map((member) => JSON.stringify(member));
  return hash('sha256', Buffer.concat([Buffer.from(before, 'hex'), Buffer.from(`[${members.join(', ')}]`)]));
}

/** What `erased` signs. */
function erasedText(link: string, entry: Entry): string {
  return `${entry.position} ${link} ${linkOf(link, entry)}`;
}

function isErased(entry: Entry, vault: Pick<Vault, 'verify'> | undefined): boolean {
  if (entry.erased === null || vault === undefined) return false;
  return vault.verify('erased audit', entry.erased) === erasedText(entry.link.toString('hex'), entry);
}

/**
 * Changes reasons in the audit, for an erasure. Each changed entry is signed, so that the chain stays intact.
 *
 * @returns how many entries
 */
export async function hideInAudit(
  tx: pg.PoolClient,
  vault: Pick<Vault, 'sign'>,
  changed: readonly ChangedText[],
): Promise<number> {
  const reasons = new Map(changed.map(({ before, after }) => [before, after]));
  const { rows } = await tx.query<Entry>({
    name: 'audit with reasons',
    text: `SELECT id, position, at, actor, action, subject, why, link, erased FROM audit WHERE why = ANY($1::text[])`,
    values: [[...reasons.keys()]],
  });
  const hidden = rows.map((entry) => ({ ...entry, why: reasons.get(entry.why ?? '') ?? entry.why }));
  await tx.query({
    name: 'hide in audit',
    text: `UPDATE audit a SET why = given.why, erased = given.erased
           FROM unnest($1::int8[], $2::text[], $3::text[]) AS given(position, why, erased) WHERE a.position = given.position`,
    values: [
      hidden.map(({ position }) => position),
      hidden.map(({ why }) => why),
      hidden.map((entry) => vault.sign('erased audit', erasedText(entry.link.toString('hex'), entry))),
    ],
  });
  return hidden.length;
}

/** The last written entry, and the last position with an entry, both read in one statement. */
async function endOf({ pool }: Pick<Database, 'pool'>): Promise<{ readonly head: Anchor; readonly last: number }> {
  const { rows } = await pool.query<{ position: number | null; link: Buffer | null; last: number }>(
    `SELECT head.position, head.link, last.position AS last
     FROM (SELECT coalesce(max(position), 0) AS position FROM audit) last LEFT JOIN audit_head head ON true`,
  );
  const [{ position = null, link = null, last = 0 } = {}] = rows;
  return { head: position === null || link === null ? BEGINNING : { position, link: link.toString('hex') }, last };
}

/** The newest entry at the transaction's moment. It dates data of the same transaction against the audit. */
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
    text: `SELECT id, position, at, actor, action, subject, why, link, erased FROM audit
           WHERE position > $1 ORDER BY position LIMIT ${PAGE}`,
    values: [position],
  });
  return rows;
}

/** The anchors, oldest first. `forged` lists the days whose anchor no known secret has signed. */
export async function loadAnchors(
  { pool }: Pick<Database, 'pool'>,
  vault: Pick<Vault, 'verify'>,
): Promise<{ readonly anchors: readonly DatedAnchor[]; readonly forged: readonly string[] }> {
  const { rows } = await pool.query<{ day: string; signed: string }>(
    'SELECT day::text AS day, signed FROM audit_anchors ORDER BY day',
  );
  const anchors: DatedAnchor[] = [];
  const forged: string[] = [];
  for (const { day, signed } of rows) {
    const [signedDay, position, link = ''] = vault.verify('audit', signed)?.split(' ') ?? [];
    if (signedDay === day) anchors.push({ day, position: Number(position), link });
    else forged.push(day);
  }
  return { anchors, forged };
}

/** Entries that were signed later than a running hub signs them, or not yet. */
export interface LateSigned {
  readonly entries: number;
  readonly first: string;
  readonly last: string;
}

/**
 * Entries that were not signed by the end of the next day. A running scheduler signs each minute. So either no scheduler
 * ran, or somebody deleted anchors and changed entries, and the hub then signed the changed chain.
 *
 * @param sinceDay anchors of earlier days are not looked at
 * @returns undefined if all were signed in time
 */
export async function findLateSigned(
  { pool }: Pick<Database, 'pool'>,
  anchors: readonly DatedAnchor[],
  sinceDay: string,
  nowMs: number,
): Promise<LateSigned | undefined> {
  // Entries before the first anchor may be older than the anchors are.
  const unsigned = { position: Number.MAX_SAFE_INTEGER, day: msToInstant(nowMs).slice(0, 10) };
  const spans = [...anchors.slice(1), unsigned].map((to, at) => ({ after: anchors[at]?.position, ...to }));
  const looked = spans.filter(({ after, day }) => after !== undefined && day >= sinceDay);
  const { rows } = await pool.query<LateSigned>({
    name: 'late signed',
    text: `SELECT count(*)::int4 AS entries, min(a.at) AS first, max(a.at) AS last
           FROM unnest($1::int8[], $2::int8[], $3::date[]) AS span(after, up_to, day)
           JOIN audit a ON a.position > span.after AND a.position <= span.up_to AND a.at < span.day - interval '1 day'`,
    values: [looked.map(({ after }) => after), looked.map(({ position }) => position), looked.map(({ day }) => day)],
  });
  return rows[0] && rows[0].entries > 0 ? rows[0] : undefined;
}

/**
 * Signs a position of the chain as the newest of its day.
 *
 * @returns the day
 */
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

/**
 * Signs anchors and erased entries of older secrets with the vault's newest one.
 *
 * @returns how many, without forged ones
 */
export async function resignAnchors(
  { pool }: Pick<Database, 'pool'>,
  vault: Pick<Vault, 'sign' | 'verify'>,
): Promise<number> {
  const { rows: anchors } = await pool.query<{ day: string; signed: string }>(
    'SELECT day::text AS day, signed FROM audit_anchors',
  );
  let renewed = 0;
  for (const { day, signed } of anchors) {
    const resigned = resignedOf(vault, 'audit', signed);
    if (resigned === signed) continue;
    await pool.query('UPDATE audit_anchors SET signed = $3 WHERE day = $1 AND signed = $2', [day, signed, resigned]);
    renewed++;
  }
  const { rows: entries } = await pool.query<{ position: number; erased: string }>(
    'SELECT position, erased FROM audit WHERE erased IS NOT NULL',
  );
  for (const { position, erased } of entries) {
    const resigned = resignedOf(vault, 'erased audit', erased);
    if (resigned === erased) continue;
    await pool.query('UPDATE audit SET erased = $3 WHERE position = $1 AND erased = $2', [position, erased, resigned]);
    renewed++;
  }
  return renewed;
}

/** A signed text, signed again. A forged one stays unchanged. */
function resignedOf(vault: Pick<Vault, 'sign' | 'verify'>, use: 'audit' | 'erased audit', signed: string): string {
  const text = vault.verify(use, signed);
  return text === undefined ? signed : vault.sign(use, text);
}
