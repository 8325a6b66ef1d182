import { type Item, readItem } from '#core/dossier/item';
import type { CodesOf } from '#core/identifiers/codes';
import { isDossierCode } from '#core/identifiers/identifiers';
import { type Problem, problem } from '#core/problem';
import { inEnglish } from '#messages/render';
import { storedWords } from '#messages/stored';
import { nodesAt, readXml, textAt } from '../kit/xml/read-xml.ts';
import { XmlProblem } from '../kit/xml/text.ts';
import { type Built, type Filled, type FillOptions, fill, isBuilt, setMember, type Value } from './fill.ts';
import type { List, MappedList, MappedSettings, MinistrySettings } from './settings.ts';

export type PulledOperation = 'dossier.upsert.v1' | 'dossier.progress.v1';

/** One unchanged record of a list, with the answer about its details or the reason why that was refused. */
export interface Row {
  readonly text: string;
  readonly detail?: string | undefined;
  readonly refusal?: string | undefined;
}

/** Wraps rows into a body to store. The ministry's texts stay unchanged inside it. */
export function frameRows(rows: readonly Row[]): { readonly body: Uint8Array; readonly mediaType: string } {
  if (!rows[0]?.text.startsWith('<')) {
    const records = rows.map(({ text, detail, refusal }) => {
      const parts = [`"row":${text}`, ...(detail ? [`"detail":${detail}`] : [])];
      return `{${[...parts, ...(refusal ? [`"refusal":${JSON.stringify(refusal)}`] : [])].join(',')}}`;
    });
    return { body: Buffer.from(`{"record":[${records.join(',')}]}`), mediaType: 'application/json' };
  }
  const records = rows.map(({ text, detail, refusal }) => {
    const asked = detail ? `<detail>${detail}</detail>` : refusal ? `<refusal>${escaped(refusal)}</refusal>` : '';
    return `<record><row>${text}</row>${asked}</record>`;
  });
  return { body: Buffer.from(`<records>${records.join('')}</records>`), mediaType: 'text/xml; charset=utf-8' };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/**
 * Reads a stored body with the party's code tables. An unknown code puts the record into quarantine. Nothing is guessed
 * or left out in silence.
 */
export function readRows(
  body: Uint8Array,
  settings: MinistrySettings,
  codes: CodesOf,
  list: List,
  operation: PulledOperation,
): readonly Item[] {
  const kept = readFrame(body);
  if (kept === undefined) return [{ kind: 'invalid', problems: [problem('', 'not-as-kept')] }];
  const options: FillOptions = { settings, codes, way: 'read' };
  return nodesAt(kept.records, 'record').map((record, at) =>
    itemOf(record, `/${at}`, kept.isXml, options, list, operation),
  );
}

function readFrame(body: Uint8Array): { readonly records: unknown; readonly isXml: boolean } | undefined {
  const text = Buffer.from(body).toString();
  const isXml = text.startsWith('<');
  try {
    return { records: isXml ? nodesAt(readXml(text), 'records')[0] : JSON.parse(text), isXml };
  } catch (error) {
    if (error instanceof XmlProblem || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function itemOf(
  record: unknown,
  path: string,
  isXml: boolean,
  options: FillOptions,
  list: List,
  operation: PulledOperation,
): Item {
  // In XML the record has the ministry's element name, one level deeper.
  const within = (name: string): unknown => nodesAt(record, isXml ? `${name}.*` : name)[0];
  const row = fill(list.fields, within('row'), options, path);
  const detail = list.detail && fill(list.detail.fields, within('detail'), options, `${path}/detail`);
  const filled = detail ? mergeDetail(row, detail) : row;
  const refusal = textAt(record, 'refusal');
  const refused = refusal ? [{ path: `${path}/detail`, ...inEnglish(storedWords(refusal)) }] : [];
  return itemFrom({ ...filled, problems: [...filled.problems, ...refused] }, path, operation, list.inferred);
}

/** How one record is read, and where it stands for problems (JSON Pointer). */
export interface ReadBy {
  readonly settings: MappedSettings;
  readonly codes: CodesOf;
  readonly operation: PulledOperation;
  readonly place: string;
}

/** Reads one record of any origin by the fields of a list. Problems begin with its place, warnings do not. */
export function readRecord(list: MappedList, given: unknown, { settings, codes, operation, place }: ReadBy): Item {
  const filled = fill(list.fields, given, { settings, codes, way: 'read' }, place);
  return itemFrom(filled, place, operation, list.inferred);
}

/** The item that a filled record is: a record, invalid, or waiting for a code. */
export function itemFrom(filled: Filled, path: string, operation: PulledOperation, inferred = false): Item {
  const { problems } = filled;
  const written = typeof filled.record.code === 'string' ? filled.record.code.trim().toUpperCase() : undefined;
  const [cause] = filled.causes;
  if (cause && problems.length === filled.causes.length) {
    const code = written !== undefined && isDossierCode(written) ? written : undefined;
    return { kind: 'waiting', operation, code, cause, problems };
  }
  if (problems.length > 0) return { kind: 'invalid', code: written, problems };
  const item = readItem(operation, filled.record, inferred, filled.assumed);
  return item.kind === 'record' ? item : { ...item, problems: item.problems.map((one) => withPlace(one, path)) };
}

/**
 * Merges a record with its details. The details win target by target, such as `applicant.phone`. An assumed value never
 * replaces one that the row has.
 */
function mergeDetail(row: Filled, detail: Filled): Filled {
  const [ours, theirs] = [valuesOf(row.record), valuesOf(detail.record)];
  const isSaid = (path: string): boolean =>
    (ours.has(path) && !row.assumed.includes(path)) || (theirs.has(path) && !detail.assumed.includes(path));
  const better = [...theirs].filter(([path]) => !detail.assumed.includes(path) || !isSaid(path));
  const record: Built = {};
  for (const [path, value] of new Map([...ours, ...better])) setMember(record, path.split('.'), value);
  return {
    record,
    assumed: [...new Set([...row.assumed, ...detail.assumed])].filter((path) => !isSaid(path)),
    problems: [...row.problems, ...detail.problems],
    causes: [...row.causes, ...detail.causes],
  };
}

/** The values of a record by their targets. A list is one value. */
function valuesOf(record: Built, before = ''): ReadonlyMap<string, Value> {
  const values = Object.entries(record).flatMap(([name, value]): (readonly [string, Value])[] =>
    isBuilt(value) ? [...valuesOf(value, `${before}${name}.`)] : [[`${before}${name}`, value]],
  );
  return new Map(values);
}

function withPlace(one: Problem, place: string): Problem {
  return { ...one, path: `${place}${one.path}` };
}
