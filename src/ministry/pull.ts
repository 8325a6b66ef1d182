import type { Outcome } from '#core/dossier/settle';
import { say } from '#messages/message';
import { sentenceOf } from '#messages/render';
import { fingerprint, fingerprintYielding } from '../kit/fingerprint.ts';
import type { Page, Puller } from '../kit/puller.ts';
import { textAt } from '../kit/xml/read-xml.ts';
import type { Answer } from './answer.ts';
import {
  answerWords,
  ask,
  type Failure,
  type Ministry,
  meaning,
  type Transport,
  unavailableFor,
  withTransport,
} from './ask.ts';
import { type Asked, fetchDetails, followLater } from './details.ts';
import { frameRows, type PulledOperation, readRows } from './mapping.ts';
import { afterPage, beginAgain, beginRun, type Checkpoint, type Run } from './run.ts';
import type { Field, List, MinistrySettings } from './settings.ts';

const OPERATIONS = { dossiers: 'dossier.upsert.v1', progress: 'dossier.progress.v1' } as const satisfies Record<
  string,
  PulledOperation
>;
type Name = keyof typeof OPERATIONS;

const BEGINNING: Checkpoint = { said: [] };
/** Records in one stored part. A part is read in one go, and no request may wait long for it. */
const PART_RECORDS = 50;
const PART_CHARACTERS = 100_000;
/** Each record of a list with details costs one call. */
const PART_DETAILS = 20;
/** An answer whose reading stopped is dropped after this time. */
const ANSWER_TTL_MS = 600_000;

/** Pulls dossiers or their steps by the party's settings. */
export function pullerOf<S extends MinistrySettings>(name: Name, transport: Transport<S>): Puller<S> {
  return {
    schedule: '0 */5 * * * *',

    async next(connection, checkpoint): Promise<Page | Outcome> {
      const list = connection.settings.pull?.[name];
      if (!list) return { bodies: [], checkpoint, more: false };
      const ministry = withTransport(transport, connection);
      const settled = settingsMarkOf(list, ministry.settings);
      const given = forSettings((checkpoint ?? BEGINNING) as Checkpoint, settled);
      const found = await nextPageOf(ministry, name, list, given);
      if ('kind' in found) return found;
      const { page, known } = found;
      const part = await partOf(ministry, name, list, known, page);
      if ('kind' in part) return part;
      const { rows, bodies, more, lacks, checkpoint: next } = part;
      const after = await followLater(ministry, list, known.later, { rows, lacks, isEnd: next.run === undefined });
      if ('kind' in after) return after;
      return {
        bodies: [...bodies, ...after.bodies],
        checkpoint: { ...next, later: after.later, ...settled },
        more,
        lacks: after.lacks,
      };
    },

    members({ pull }) {
      const list = pull?.[name];
      const fields = Object.entries({ ...list?.fields, ...list?.detail?.fields });
      return new Map(fields.flatMap(([member, field]) => sourceOf(field).map((source) => [member, source] as const)));
    },

    read(body, settings, codes) {
      const list = settings.pull?.[name];
      return list ? readRows(body, settings, codes, list, OPERATIONS[name]) : [];
    },
  };
}

/** The paths of a field. Empty if its value is constant. */
export function sourceOf(field: Field): readonly string[] {
  const { from, each, of } = typeof field === 'string' ? { from: field, each: undefined, of: undefined } : field;
  const source = each ?? (from === undefined ? undefined : [from].flat().join(' or '));
  return source === undefined ? [] : [of === undefined ? source : `${source} of ${of}`];
}

type SettingsMark = Pick<Checkpoint, 'reading' | 'startAt'>;

function settingsMarkOf({ fields, detail, inferred, period }: List, { codes }: MinistrySettings): SettingsMark {
  const reading = fingerprint([JSON.stringify([fields, detail?.fields, inferred, codes])]);
  return { reading, startAt: period?.startAt };
}

/**
 * Adapts a checkpoint to changed settings. They may read the same records differently, so stored parts count as new. A
 * changed start of the period restarts the pull.
 */
function forSettings(known: Checkpoint, { reading, startAt }: SettingsMark): Checkpoint {
  if (known.startAt !== undefined && known.startAt !== startAt) return BEGINNING;
  if (known.reading === undefined || known.reading === reading) return known;
  return { ...BEGINNING, until: known.until, later: known.later };
}

/** One complete and valid answer of the ministry. */
interface FetchedPage {
  /** Which page it is. */
  readonly key: string;
  readonly answer: Answer;
  readonly print: string;
}

interface OpenPage {
  readonly run: Run;
  readonly open: FetchedPage;
}

/**
 * The next page of a pull. If it fails and the ministry may have forgotten its cursor, the run begins again, unless the first
 * page fails too. Parts that are stored already are not stored again.
 */
async function nextPageOf(
  ministry: Ministry,
  name: Name,
  list: List,
  known: Checkpoint,
): Promise<{ readonly page: OpenPage; readonly known: Checkpoint } | Failure> {
  const run = known.run ?? beginRun(list, known, ministry.now());
  const page = await pageOf(ministry, name, list, run);
  if (!('kind' in page)) return { page, known };
  const again = beginAgain(list, run, ministry.now());
  const first = again && (await pageOf(ministry, name, list, again));
  return !first || 'kind' in first ? page : { page: first, known: { ...known, said: run.saying } };
}

const openName = (name: Name): string => `open ${name}`;

/**
 * The current page of the run, from the cache or from the ministry. If the answer changed, none of its parts counts as
 * stored.
 */
async function pageOf(connection: Ministry, name: Name, list: List, run: Run): Promise<OpenPage | Failure> {
  const { sessions } = connection;
  const key = JSON.stringify([run.since, run.until, run.page, run.cursor, run.pass]);
  const get = (): Promise<FetchedPage | Failure> =>
    sessions.get(openName(name), () => fetchPage(connection, list, run, key));
  let open = await get();
  if ('key' in open && open.key !== key) {
    sessions.drop(openName(name), open);
    open = await get();
  }
  if ('kind' in open) return open;
  const { print } = open;
  if (run.answer === undefined || run.answer === print) return { run: { ...run, answer: print }, open };
  return { run: { ...run, answer: print, part: 0, saying: run.saying.slice(0, run.before) }, open };
}

async function fetchPage(
  connection: Ministry,
  list: List,
  run: Run,
  key: string,
): Promise<{ readonly value: FetchedPage | Failure; readonly ttlMs: number }> {
  const { fields: _, period: __, page, detail: ___, inferred: ____, records, ...question } = list;
  const { since, until, cursor } = run;
  const offset = page && (run.page - (page.first ?? 1)) * page.size;
  const context = { since, until, page: run.page, size: page?.size, offset, cursor };
  const answer = await ask(connection, { question, context, records, idempotent: true });
  if ('kind' in answer) return { value: answer, ttlMs: 0 };
  const verdict = meaning(connection, answer);
  if (verdict !== 'ok' && verdict !== 'none') {
    const words = say('at-list', { why: answerWords(connection, answer) });
    return { value: unavailableFor('no-list', words, answer), ttlMs: 0 };
  }
  const total = page?.total === undefined ? undefined : totalIn(answer, page.total);
  if (answer.records.length === 0 && total !== undefined && total > 0 && run.page === (page?.first ?? 1)) {
    const words = say('records-announced', { count: total, path: records ?? '' });
    return { value: { kind: 'unavailable', reason: 'no-records', ...sentenceOf(words) }, ttlMs: 0 };
  }
  return { value: { key, answer, print: await fingerprintYielding(answer.records) }, ttlMs: ANSWER_TTL_MS };
}

/** A part of a page, and what follows. */
interface PagePart extends Pick<Page, 'bodies' | 'more' | 'lacks'> {
  readonly rows: readonly Asked[];
  readonly checkpoint: Checkpoint;
}

/** The next part of a page, to be stored unless the hub has it. */
async function partOf(
  connection: Ministry,
  name: Name,
  list: List,
  known: Checkpoint,
  { run, open }: OpenPage,
): Promise<PagePart | Failure> {
  const { answer, print } = open;
  const { records } = answer;
  const parts = partsOf(records, list.detail ? PART_DETAILS : PART_RECORDS);
  const [from, to] = parts[run.part] ?? [0, 0];
  const rows = await fetchDetails(connection, list.detail, records.slice(from, to));
  if ('kind' in rows) return rows;
  const says = rows.length === 0 ? [] : [fingerprint(rows.flatMap(printOf))];
  const isKept = says.every((one) => one === known.said[run.saying.length] || run.saying.includes(one));
  // A record that still lacks its detail is in the message log already.
  const news = rows.filter(({ failure, text }) => !failure || !known.later?.some((one) => one.text === text));
  const bodies = isKept || news.length === 0 ? [] : [frameRows(news)];
  const kept = { ...run, part: run.part + 1, saying: [...run.saying, ...says] };
  if (kept.part < parts.length) return { rows, bodies, checkpoint: { ...known, run: kept }, more: true };
  connection.sessions.drop(openName(name), open);
  const next = list.page?.next === undefined ? undefined : textAt(answer.content, list.page.next);
  const total = list.page?.total === undefined ? undefined : totalIn(answer, list.page.total);
  const end = { records: records.length, answer: print, next, total };
  return { rows, bodies, ...afterPage(list, known, kept, end) };
}

/** Two failures of a detail are the same, whatever their words. */
function printOf({ text, detail = '', refusal = '', failure }: Asked): readonly string[] {
  return [text, detail, failure ? 'failed' : refusal];
}

/** The bounds of each part. The same records always give the same parts. */
function partsOf(records: readonly string[], most: number): readonly (readonly [number, number])[] {
  const parts: [number, number][] = [];
  let characters = 0;
  records.forEach((record, at) => {
    const last = parts.at(-1);
    characters += record.length;
    if (last && last[1] - last[0] < most && characters <= PART_CHARACTERS) last[1] = at + 1;
    else {
      parts.push([at, at + 1]);
      characters = record.length;
    }
  });
  return parts;
}

function totalIn({ content }: Answer, path: string): number | undefined {
  const text = textAt(content, path);
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
