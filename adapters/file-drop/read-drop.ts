import {
  type Connection,
  type DroppedFile,
  type defineAdapter,
  fingerprint,
  type Item,
  type Page,
  problem,
  sha256Hex,
} from '#kit';
import { framesOf, readFrame, refusalOf } from './frames.ts';
import { type ReadFile, readFile, tooLarge } from './read-file.ts';
import { reportOf } from './report.ts';
import type { List, ListName, Settings } from './settings.ts';
import { createTurns } from './turns.ts';

type Adapter = ReturnType<typeof defineAdapter>;
type Hub = Connection<Settings>;
type Body = Page['bodies'][number];

/** What the adapter reads of a file, for the hub. */
export type ReadDrop = Awaited<ReturnType<NonNullable<Adapter['drops']>['read']>>;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  txt: 'text/plain',
  xml: 'application/xml',
  ods: 'application/vnd.oasis.opendocument.spreadsheet',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};
/** Larger files are kept by their rows alone. */
const KEPT_WHOLE_BYTES = 10 * 1024 * 1024;

/** Reads a file by the settings of a list. One invalid row refuses it if the settings say so. */
export async function readDrop(hub: Hub, file: DroppedFile, name: ListName): Promise<ReadDrop> {
  const list = hub.settings.pull[name] as List;
  const sha256 = sha256Hex(file.bytes);
  const named = { name: file.name, sha256 };
  const given = await readFile(hub, file, list);
  const found = await framesOf(named, given);
  const all = await itemsIn(hub, found, name);
  const read = wholeOf(hub.settings, given, all);
  const frames = read === given ? found : await framesOf(named, read);
  const ending = /[^.]*$/.exec(file.name.toLowerCase())?.[0] ?? '';
  const mediaType = MEDIA_TYPES[ending] ?? 'application/octet-stream';
  const original = file.bytes.length > KEPT_WHOLE_BYTES ? [] : [{ body: file.bytes, mediaType }];
  const items = read === given ? all : await itemsIn(hub, frames, name);
  // The report may be kept longer than the items.
  const { length } = items;
  return {
    sha256,
    receipt: receiptOf([hub.party, name, sha256, readingOf(hub.settings, list)]),
    bodies: [...original, ...frames],
    items,
    places: placesIn(read),
    refused: 'refused' in read ? read.refused : undefined,
    report: (results, at, isRepeat) =>
      // Parts that were stored twice after a failure come first.
      reportOf({ ...named, at, isRepeat, list }, read, results.slice(-length)),
  };
}

/** A file that lies in a place. */
export interface FoundFile {
  readonly name: string;
  readonly bytes: number;
  readonly changedMs: number;
}

/** Refuses a file for its size, without reading it. A mark of its name, size and time replaces the hash of its content. */
export function refuseUnread(hub: Hub, { name: fileName, bytes, changedMs }: FoundFile, name: ListName): ReadDrop {
  const list = hub.settings.pull[name] as List;
  const named = { name: fileName, sha256: undefined };
  const read = tooLarge(hub.settings);
  const bodies = [refusalOf(named, read.refused)];
  const mark = fingerprint(['unread', fileName, String(bytes), String(changedMs)]);
  return {
    sha256: mark,
    receipt: receiptOf([hub.party, name, mark, readingOf(hub.settings, list)]),
    bodies,
    items: bodies.flatMap(({ body }) => readFrame(body, hub.settings, hub.codes, name)),
    places: [],
    refused: read.refused,
    report: (results, at, isRepeat) => reportOf({ ...named, at, isRepeat, list }, read, results),
  };
}

async function itemsIn({ settings, codes }: Hub, bodies: readonly Body[], name: ListName): Promise<readonly Item[]> {
  const turn = createTurns();
  const items: Item[] = [];
  for (const { body } of bodies) {
    items.push(...readFrame(body, settings, codes, name));
    await turn();
  }
  return items;
}

function placesIn(read: ReadFile): ReadDrop['places'] {
  if ('refused' in read) return [];
  return read.rows.map(({ sheet, row }) => ({ sheet: read.sheets[sheet - 1]?.name ?? '', row }));
}

/** What a refused file says of its rows. */
const MOST_PROBLEMS = 50;

function wholeOf({ wholeOrNothing = false }: Settings, read: ReadFile, items: readonly Item[]): ReadFile {
  if ('refused' in read || !wholeOrNothing) return read;
  const problems = items.flatMap((item) => (item.kind === 'invalid' ? item.problems : []));
  if (problems.length === 0) return read;
  const count = items.filter(({ kind }) => kind === 'invalid').length;
  return { refused: [problem('', 'file-rows-invalid', { count }), ...problems.slice(0, MOST_PROBLEMS)] };
}

/** Changed settings may read the same file differently, so it counts as another one. */
function readingOf({ codes, wholeOrNothing }: Settings, list: List): string {
  return fingerprint([JSON.stringify([list, codes, wholeOrNothing])]);
}

/** A UUID of version 8 (RFC 9562 5.8) from a hash. */
function receiptOf(texts: readonly string[]): string {
  const hex = sha256Hex(JSON.stringify(texts));
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join('-');
}
