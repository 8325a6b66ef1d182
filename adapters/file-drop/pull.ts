import { type Connection, formatLocal, type HubQueries, msToInstant, type Page, type Puller } from '#kit';
import { readFrame } from './frames.ts';
import { listOf } from './lists.ts';
import { type ReadDrop, readDrop, refuseUnread } from './read-drop.ts';
import { mostBytesOf } from './read-file.ts';
import type { ListName, Settings } from './settings.ts';

type Hub = Connection<Settings>;
type Place = Parameters<Parameters<Hub['places']['within']>[1]>[0];
type Listed = Awaited<ReturnType<Place['list']>>[number];

/** What the hub knows of the place between two looks. It stores it together with each part of a file. */
interface Checkpoint {
  /** Files that may still be written: size and time as they were, and since when they are so. */
  readonly seen?: Readonly<Record<string, Seen>>;
  /** The file whose parts are being stored. */
  readonly current?: Taken | undefined;
}

interface Seen {
  readonly bytes: number;
  readonly changedMs: number;
  readonly sinceMs: number;
}

interface Taken {
  readonly name: string;
  /** Of the content. A file that was too large to be read has a mark of its name, size and time here. */
  readonly sha256: string;
  readonly at: string;
  /** How many bodies of it are stored. */
  readonly stored: number;
  /** All of it was stored before. */
  readonly isRepeat?: true;
  /** Where the file goes. Its report is written, and the hub knows what became of it. */
  readonly target?: string;
}

/** Bodies that the hub stores in one transaction: about a thousand rows. */
const PAGE_BODIES = 20;
/** How long a process keeps a file that it has read: a file with many rows takes minutes to store. */
const READ_MS = 600_000;
const STABLE_S = 30;
const KEEP_DAYS = 90;
const DAY_MS = 86_400_000;

/**
 * Takes files from the party's place, one after the other. A file that is complete moves to `taking/<list>/`, and its parts are
 * stored with the checkpoint. Then its report is written, and it moves to `done/` or `refused/`. After a kill at any moment the
 * next run continues there: a part is stored once, and a repeated report is the same.
 */
export function pullerOf(name: ListName): Puller<Settings> {
  return {
    schedule: '20 * * * * *',
    async next(hub, checkpoint, asks) {
      const known = (checkpoint ?? {}) as Checkpoint;
      const { place, pull } = hub.settings;
      if (!place || !pull[name]) return { bodies: [], checkpoint: known, more: false };
      return hub.places.within(place, (open) => nextPage({ hub, place: open, asks, name }, known));
    },
    members({ pull }) {
      const fields = Object.entries(pull[name]?.fields ?? {});
      return new Map(
        fields.flatMap(([member, field]) => {
          const { from } = typeof field === 'string' ? { from: field } : field;
          return from === undefined ? [] : [[member, [from].flat().join(' or ')] as const];
        }),
      );
    },
    read: (body, settings, codes) => readFrame(body, settings, codes, name),
  };
}

interface Taking {
  readonly hub: Hub;
  readonly place: Place;
  readonly asks: HubQueries;
  readonly name: ListName;
}

async function nextPage(taking: Taking, { current, seen }: Checkpoint): Promise<Page> {
  if (current) return continueFile(taking, current, seen);
  const { place, name } = taking;
  // Moved here before a kill, and not stored yet.
  const [left] = await place.list(`taking/${name}`);
  if (left) return beginFile(taking, left.name, seen);
  const look = await lookFor(taking, seen);
  if (look.ready === undefined) {
    await removeOld(taking);
    return { bodies: [], checkpoint: { seen: look.seen }, more: false };
  }
  await place.move(look.ready, pathOf(name, look.ready));
  return beginFile(taking, look.ready, look.seen);
}

const pathOf = (list: ListName, file: string): string => `taking/${list}/${file}`;

/** The first complete file, in the order of the names. */
async function lookFor({ hub, place, name }: Taking, seen: Checkpoint['seen'] = {}) {
  const { marker, stableS = STABLE_S } = hub.settings;
  const listed = await place.list('');
  const names = new Set(listed.map((file) => file.name));
  const files = listed.filter(({ name: file }) => !isTemporary(file) && listOf(hub.settings, file) === name);
  const nowMs = hub.now();
  const now = Object.fromEntries(files.map((file) => [file.name, sightOf(file, seen[file.name], nowMs)]));
  const isComplete = ({ name: file }: Listed): boolean =>
    marker === undefined
      ? nowMs - (now[file] as Seen).sinceMs >= stableS * 1000
      : names.has(file + marker) || names.has(file.replace(/\.[^.]*$/, marker));
  return { ready: files.find(isComplete)?.name, seen: now };
}

function sightOf({ bytes, changedMs }: Listed, before: Seen | undefined, nowMs: number): Seen {
  const isSame = before !== undefined && before.bytes === bytes && before.changedMs === changedMs;
  return { bytes, changedMs, sinceMs: isSame ? before.sinceMs : nowMs };
}

/** Names that programs give to files that they still write, and the locks of Office. */
function isTemporary(name: string): boolean {
  return /^(?:\.|~)|\.(?:tmp|part|partial|filepart|crdownload)$/i.test(name);
}

/** Stores the first part of a file, or recognises a file that is stored already. */
async function beginFile(taking: Taking, file: string, seen: Checkpoint['seen']): Promise<Page> {
  const { hub, place, asks } = taking;
  const { marker } = hub.settings;
  if (marker !== undefined)
    for (const left of [file + marker, file.replace(/\.[^.]*$/, marker)]) await place.remove(left);
  const drop = await readOnce(taking, file);
  if (drop === undefined) return { bodies: [], checkpoint: { seen }, more: true };
  const taken = { name: file, sha256: drop.sha256, at: msToInstant(hub.now()), stored: 0 };
  const { length } = await asks.results(drop.receipt);
  if (length < drop.items) return storePart(drop, taken, seen);
  // Its moment is stored before its report is written: after a kill, the report has the same name again.
  const current = { ...taken, stored: drop.bodies.length, isRepeat: true } as const;
  return { bodies: [], checkpoint: { seen, current }, more: true };
}

async function continueFile(taking: Taking, taken: Taken, seen: Checkpoint['seen']): Promise<Page> {
  const { place, name } = taking;
  if (taken.target !== undefined) {
    await place.move(pathOf(name, taken.name), taken.target);
    return { bodies: [], checkpoint: { seen }, more: true };
  }
  const drop = await readOnce(taking, taken.name);
  // The report is written before the file moves, so it is complete.
  if (drop === undefined) return { bodies: [], checkpoint: { seen }, more: true };
  if (drop.sha256 !== taken.sha256) return beginFile(taking, taken.name, seen);
  if (taken.stored < drop.bodies.length) return storePart(drop, taken, seen);
  return endFile(taking, drop, taken, seen);
}

/** A file as it was read, without its items: they may take more memory than the rest. */
interface KeptDrop extends Pick<ReadDrop, 'sha256' | 'receipt' | 'bodies' | 'refused' | 'report'> {
  readonly items: number;
  readonly file: Listed;
}

const keptAs = (list: ListName): string => `file of ${list}`;

/**
 * Reads a file, and keeps it while its parts are stored: each part would otherwise cost a transfer and a parse of the whole file.
 * Keeps one file for each list. Reads it again if its size or time differs. Undefined if the file is gone.
 */
async function readOnce({ hub, place, name }: Taking, fileName: string): Promise<KeptDrop | undefined> {
  const file = (await place.list(`taking/${name}`)).find((one) => one.name === fileName);
  if (!file) return undefined;
  const read = async () => {
    const drop = await readListed(hub, place, file, name);
    if (drop === undefined) return { value: undefined, ttlMs: 0 };
    const { sha256, receipt, bodies, refused, report, items } = drop;
    const value: KeptDrop = { sha256, receipt, bodies, refused, report, items: items.length, file };
    return { value, ttlMs: READ_MS };
  };
  const kept = await hub.sessions.get(keptAs(name), read);
  if (kept === undefined || isSame(kept.file, file)) return kept;
  hub.sessions.drop(keptAs(name), kept);
  return hub.sessions.get(keptAs(name), read);
}

/** A file may have any size, so its listed size decides whether it is read at all. */
async function readListed(hub: Hub, place: Place, file: Listed, list: ListName): Promise<ReadDrop | undefined> {
  const mostBytes = mostBytesOf(hub.settings);
  if (file.bytes > mostBytes) return refuseUnread(hub, file, list);
  // One byte more than allowed: a file that has grown since is refused for its size.
  const bytes = await place.read(pathOf(list, file.name), mostBytes + 1);
  return bytes && readDrop(hub, { name: file.name, bytes }, list);
}

function isSame(one: Listed, other: Listed): boolean {
  return one.name === other.name && one.bytes === other.bytes && one.changedMs === other.changedMs;
}

function storePart(drop: KeptDrop, taken: Taken, seen: Checkpoint['seen']): Page {
  const bodies = drop.bodies.slice(taken.stored, taken.stored + PAGE_BODIES);
  const current = { ...taken, stored: taken.stored + bodies.length };
  return { bodies, receipt: drop.receipt, checkpoint: { seen, current }, more: true };
}

/** Writes the report. The file moves with the next page, when the hub has stored what became of it. */
async function endFile(
  { hub, place, asks, name: list }: Taking,
  drop: KeptDrop,
  taken: Taken,
  seen: Checkpoint['seen'],
): Promise<Page> {
  const { isRepeat = false } = taken;
  const folder = drop.refused ? 'refused' : 'done';
  const target = `${folder}/${formatLocal('yyyyMMddHHmmss', taken.at)}-${taken.name}`;
  const results = await asks.results(drop.receipt);
  await place.write(`${target}.report.csv`, Buffer.from(drop.report(results, taken.at, isRepeat)));
  hub.sessions.drop(keptAs(list), drop);
  const outcome = drop.refused ? 'refused' : isRepeat ? 'repeat' : 'taken';
  const name = isRepeat ? taken.name : undefined;
  const ended = { receipt: drop.receipt, place: hub.settings.place?.kind ?? 'folder', outcome, name, results } as const;
  const current = { ...taken, stored: drop.bodies.length, target };
  return { bodies: [], checkpoint: { seen, current }, more: true, ended };
}

/** Deletes what is older than the settings keep, by the time in its name: these files have personal data. */
async function removeOld({ hub, place }: Taking): Promise<void> {
  const { keepDays = KEEP_DAYS } = hub.settings;
  const before = formatLocal('yyyyMMddHHmmss', msToInstant(hub.now() - keepDays * DAY_MS));
  for (const folder of ['done', 'refused'])
    for (const { name } of await place.list(folder)) {
      const time = /^(\d{14})-/.exec(name)?.[1];
      if (time !== undefined && time < before) await place.remove(`${folder}/${name}`);
    }
}
