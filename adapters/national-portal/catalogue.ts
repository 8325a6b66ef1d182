import {
  type CodesOf,
  cleanCode,
  type Item,
  type Outcome,
  type Page,
  say,
  type TextOrWords,
  textOf,
  textOrWordsOf,
  unavailable,
  wordsText,
} from '#kit';
import { readListedCode } from '#mappings/national-portal/dictionaries';
import { type Answer, outcomeOfError } from './answers.ts';
import { atOnce } from './at-once.ts';
import { call, type Portal, type Request } from './client.ts';
import { type KeptReply, readKept } from './kept-replies.ts';
import type { Settings } from './settings.ts';

type Stage = 'agencies' | 'fields' | 'services';

/**
 * The position of a run. Each process caches its list of procedures; another process fetches the list again and
 * continues.
 */
interface Checkpoint {
  readonly stage: Stage;
  readonly after?: string;
  /** When the run began, epoch milliseconds. */
  readonly run: number;
}

const DICTIONARIES = {
  agencies: { service: 'LayDanhMucCoQuan', kind: 'agency', code: 'MADONVI', next: 'fields' },
  fields: { service: 'LayDanhMucLinhVuc', kind: 'field', code: 'MALINHVUC', next: 'services' },
} as const;
const PAGE = 8;
/** Dictionary entries stored at once. Each takes 50 µs to read, and no request may wait long for them. */
const PART = 200;
const AT_ONCE = 4;
const LIST_MS = 6 * 3_600_000;

/** The next page of a run: all agencies and all fields part by part, then the procedures, some at a time. */
export async function nextPage(portal: Portal, checkpoint: unknown): Promise<Page | Outcome> {
  const { stage, after, run } = (checkpoint ?? { stage: 'agencies', run: portal.now() }) as Checkpoint;
  return stage === 'services' ? servicesPage(portal, after, run) : dictionaryPage(portal, stage, after, run);
}

async function dictionaryPage(
  portal: Portal,
  stage: 'agencies' | 'fields',
  after: string | undefined,
  run: number,
): Promise<Page | Outcome> {
  const { service, kind, next } = DICTIONARIES[stage];
  const name = `${service} ${run}`;
  const list = await portal.sessions.get(name, () => fetchDictionary(portal, stage));
  if ('outcome' in list) return list.outcome;
  const { entries, text } = list;
  const from = after === undefined ? 0 : entries.findIndex(({ code }) => code > after);
  const part = from === -1 ? [] : partFrom(entries, from);
  const isWhole = part.length === entries.length;
  const reply = isWhole ? text : JSON.stringify({ error_code: 0, result: part.map(({ entry }) => entry) });
  const bodies = part.length > 0 ? [bodyOf({ service, reply })] : [];
  const isLast = from === -1 || from + part.length === entries.length;
  if (!isLast) return { bodies, checkpoint: { stage, after: part.at(-1)?.code, run }, more: true };
  portal.sessions.drop(name, list);
  const codes = [...new Set(entries.flatMap(({ code }) => code || []))];
  return { bodies, checkpoint: { stage: next, run }, more: true, complete: { kind, codes } };
}

interface Dictionary {
  /** Ordered by code. Entries with the same code keep the portal's order. */
  readonly entries: readonly { readonly code: string; readonly entry: unknown }[];
  /** The portal's text. */
  readonly text: string;
}

async function fetchDictionary(
  portal: Portal,
  stage: 'agencies' | 'fields',
): Promise<{ readonly value: Dictionary | { readonly outcome: Outcome }; readonly ttlMs: number }> {
  const { service, code } = DICTIONARIES[stage];
  const answer = await call(portal, { group: 'share', service, effect: 'ask', about: undefined });
  const failure = failureOf(portal, answer);
  if (answer.kind !== 'ok') return { value: { outcome: failure as Outcome }, ttlMs: 0 };
  const entries = answer.result
    .map((entry) => ({ code: cleanCode(textOf((entry as Row | null)?.[code]) ?? ''), entry }))
    .sort((a, b) => (a.code < b.code ? -1 : Number(a.code > b.code)));
  if (entries.every((one) => one.code === '')) return { value: { outcome: emptyList(service) }, ttlMs: 0 };
  return { value: { entries, text: answer.text }, ttlMs: LIST_MS };
}

type Row = Readonly<Record<string, unknown>>;

/** Entries with one code stay in one part, so that a conflict between them is found. */
function partFrom(entries: Dictionary['entries'], from: number): Dictionary['entries'] {
  let to = Math.min(from + PART, entries.length);
  while (to < entries.length && entries[to]?.code === entries[to - 1]?.code) to++;
  return entries.slice(from, to);
}

async function servicesPage(portal: Portal, after: string | undefined, run: number): Promise<Page | Outcome> {
  const name = `LayDanhSachTTHC ${run}`;
  const list = await portal.sessions.get(name, () => fetchList(portal));
  if ('outcome' in list) return list.outcome;
  const left = list.codes.filter((code) => after === undefined || code > after);
  // No page holds a single procedure unless it is the only one: see fetchProcedures.
  const size = left.length > PAGE && left.length < 2 * PAGE ? Math.ceil(left.length / 2) : PAGE;
  const codes = left.slice(0, size);
  const bodies = await fetchProcedures(portal, codes);
  if ('kind' in bodies) return bodies;
  const more = codes.length < left.length;
  if (more) return { bodies, checkpoint: { stage: 'services', after: codes.at(-1), run }, more };
  portal.sessions.drop(name, list);
  return { bodies, checkpoint: null, more, complete: { kind: 'service', codes: list.codes } };
}

type List = { readonly codes: readonly string[] } | { readonly outcome: Outcome };

async function fetchList(portal: Portal): Promise<{ readonly value: List; readonly ttlMs: number }> {
  const answer = await call(portal, { group: 'share', service: 'LayDanhSachTTHC', effect: 'ask', about: undefined });
  const failure = failureOf(portal, answer);
  if (answer.kind !== 'ok') return { value: { outcome: failure as Outcome }, ttlMs: 0 };
  const codes = [...new Set(answer.result.flatMap((entry) => cleanCode(readListedCode(entry) ?? '') || []))].sort();
  if (codes.length === 0) return { value: { outcome: emptyList('LayDanhSachTTHC') }, ttlMs: 0 };
  return { value: { codes }, ttlMs: LIST_MS };
}

/** An empty list is a fault of the portal. Believed, it would put the whole catalogue out of force. */
function emptyList(service: string): Outcome {
  return unavailable('empty-list', say('lists-nothing', { service }));
}

/**
 * Fetches a page of procedures. If some fail, the page stores their failure instead of the reply, and the run
 * continues. If all fail, the portal is unavailable.
 */
async function fetchProcedures(portal: Portal, codes: readonly string[]): Promise<Page['bodies'] | Outcome> {
  const answers = await atOnce(AT_ONCE, codes, (code) => call(portal, procedure(code)));
  const again = codes.filter((_, at) => answers[at]?.kind === 'failed');
  for (const code of again.length < codes.length ? again : [])
    answers[codes.indexOf(code)] = await call(portal, procedure(code));
  const failures = answers.flatMap((answer) => (answer.kind === 'failed' ? [answer.outcome] : []));
  if (failures.length === codes.length && failures[0]) return failures[0];
  return answers.map((answer, at) => bodyOf({ service: 'LayThuTuc', code: codes[at] as string, ...keptOf(answer) }));
}

function procedure(code: string): Request {
  return { group: 'integration', service: 'LayThuTuc', args: { maTTHC: code }, effect: 'ask', about: undefined };
}

function keptOf(answer: Answer): Pick<KeptReply, 'reply' | 'failed'> {
  if (answer.kind === 'ok') return { reply: answer.text };
  if (answer.kind === 'error') return { reply: JSON.stringify({ error_code: answer.code, message: answer.message }) };
  return { failed: 'message' in answer.outcome ? keptText(textOrWordsOf(answer.outcome)) : answer.outcome.kind };
}

function bodyOf(kept: KeptReply): Page['bodies'][number] {
  return { body: Buffer.from(JSON.stringify(kept)), mediaType: 'application/json' };
}

function failureOf({ settings }: Portal, answer: Answer): Outcome | undefined {
  if (answer.kind === 'failed') return answer.outcome;
  return answer.kind === 'error' ? outcomeOfError(answer, settings) : undefined;
}

/** Reads one stored body of a page. */
export function readPage(body: Uint8Array, settings: Settings, entered: CodesOf): readonly Item[] {
  return readKept(JSON.parse(Buffer.from(body).toString()) as KeptReply, settings, entered);
}

function keptText(said: TextOrWords): string {
  return typeof said === 'string' ? said : wordsText(said);
}
