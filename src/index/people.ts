import { createMentions, type Mentions, type Person } from '#core/masking/mentions';
import { shareByKey } from '../concurrency/batch-calls.ts';
import { mapYielding } from '../concurrency/yielding.ts';
import type { Database } from '../database/pool.ts';
import type { Vault } from '../secrets/vault.ts';
import { dossierNamed, everNamed, loadIndexed } from './load-indexed.ts';

/** All applicants that a dossier ever named, up to one of its events. */
interface Known {
  readonly seq: number;
  readonly messageId: string | undefined;
  /** By their JSON. */
  readonly people: ReadonlyMap<string, Person>;
  readonly mask: Mentions;
  readonly bytes: number;
  readonly atMs: number;
}

/** Cached bytes of applicants. A mask takes some twenty times as much. */
const KEPT_BYTES = 512 * 1024;
/** The database may be replaced, or its index rebuilt. */
const KEPT_MS = 5 * 60_000;

/**
 * Masks of dossiers with many applicants. Each record of a history may name another one, so a mask reads all of them.
 * It is cached and continues from its last event.
 */
export function createMasks(database: Database, vault: Vault): (code: string) => Promise<Mentions> {
  /** The least recently used first. */
  const kept = new Map<string, Known>();
  let keptBytes = 0;

  function forget(code: string): void {
    keptBytes -= kept.get(code)?.bytes ?? 0;
    kept.delete(code);
  }

  function keep(code: string, known: Known): void {
    forget(code);
    if (known.bytes > KEPT_BYTES) return;
    kept.set(code, known);
    keptBytes += known.bytes;
    for (const oldest of kept.keys()) {
      if (keptBytes <= KEPT_BYTES) return;
      forget(oldest);
    }
  }

  return shareByKey(async (code: string) => {
    const before = await stillTrue(database, code, kept.get(code));
    const known = await goOn(database, vault, code, before);
    keep(code, known);
    return known.mask;
  });
}

/** The cached mask of a dossier, if the history still has its last event. */
async function stillTrue({ pool }: Database, code: string, known: Known | undefined): Promise<Known | undefined> {
  if (!known || performance.now() - known.atMs > KEPT_MS) return undefined;
  const { rows } = await pool.query<{ messageId: string }>({
    name: 'message of an event',
    text: 'SELECT message_id AS "messageId" FROM events WHERE code = $1 AND seq = $2',
    values: [code, known.seq],
  });
  return rows[0]?.messageId === known.messageId ? known : undefined;
}

async function goOn(database: Database, vault: Vault, code: string, before: Known | undefined): Promise<Known> {
  const people = new Map(before?.people ?? (await peopleInRow(database, vault, code)));
  let last = { seq: before?.seq ?? 0, messageId: before?.messageId };
  for (let rows = await recordsAfter(database, code, last.seq); rows.length > 0; ) {
    const applicants = await mapYielding(rows, (row) =>
      applicantIn(vault.open({ keyId: row.record_key, bytes: row.record })),
    );
    for (const json of applicants) if (json !== undefined && !people.has(json)) people.set(json, JSON.parse(json));
    const { seq, messageId } = rows.at(-1) as RecordRow;
    last = { seq, messageId };
    rows = await recordsAfter(database, code, seq);
  }
  if (before && people.size === before.people.size) return { ...before, ...last };
  const bytes = [...people.keys()].reduce((sum, json) => sum + json.length, 0);
  const mask = createMentions([...people.values()]);
  // A dossier may have a thousand versions, each with another address.
  await mapYielding(mask.prepare(), () => undefined);
  return { ...last, people, bytes, mask, atMs: performance.now() };
}

/** By their JSON. The events of some of them may be in dropped months. */
async function peopleInRow({ pool }: Database, vault: Vault, code: string): Promise<ReadonlyMap<string, Person>> {
  const found = dossierNamed(await loadIndexed(pool, vault, [code]));
  return new Map((found ? everNamed(found) : []).map((person) => [JSON.stringify(person), person]));
}

interface RecordRow {
  readonly seq: number;
  readonly messageId: string;
  readonly record: Buffer;
  readonly record_key: number;
}

const PAGE_BYTES = 4 * 1024 * 1024;

/** The next complete records of a dossier, in the order of recording. The first one comes whatever its size. */
async function recordsAfter({ pool }: Database, code: string, seq: number): Promise<readonly RecordRow[]> {
  const { rows } = await pool.query<RecordRow>({
    name: 'records after',
    text: `SELECT seq, "messageId", record, record_key FROM (
             SELECT seq, message_id AS "messageId", record, record_key, sum(octet_length(record)) OVER (ORDER BY seq) AS bytes
             FROM (SELECT * FROM events WHERE code = $1 AND seq > $2 AND kind = 'dossier' ORDER BY seq LIMIT 500) found) summed
           WHERE bytes <= ${PAGE_BYTES} OR bytes = octet_length(record) ORDER BY seq`,
    values: [code, seq],
  });
  return rows;
}

const APPLICANT = Buffer.from(',"applicant":{');
const [OPEN, CLOSE, QUOTE, BACKSLASH] = ['{', '}', '"', '\\'].map((one) => one.charCodeAt(0));

/**
 * The JSON of the applicant within that of a record. A record may have a megabyte, the applicant some hundred bytes.
 * Quotes inside a text would be escaped, so this matches only the member.
 */
function applicantIn(json: Buffer): string | undefined {
  const found = json.indexOf(APPLICANT);
  if (found === -1) return undefined;
  const start = found + APPLICANT.length - 1;
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) at = endOfText(json, at);
    else if (byte === OPEN) depth++;
    else if (byte === CLOSE && --depth === 0) return json.toString('utf8', start, at + 1);
  }
  return undefined;
}

/** The position of the quote that ends a text. */
function endOfText(json: Buffer, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at;
}
