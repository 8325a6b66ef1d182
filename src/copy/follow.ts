import { instantToMs, msToInstant } from '#core/dates/dates';
import type { CopyFile } from './copy-file.ts';
import { CHANGES_A_PAGE, type HubClient } from './hub-client.ts';
import { goneLine, recordIn, recordLine } from './record-lines.ts';
import { CATALOGUE_LATE_MS } from './take-snapshot.ts';

/** The result of one request for changes. */
export type Followed =
  | { readonly kind: 'all'; readonly confirmedMs: number }
  | { readonly kind: 'more' }
  /** The hub no longer knows every change: only a new snapshot has them. */
  | { readonly kind: 'gap' };

/** Parallel requests. The hub answers concurrent reads with one statement. */
const ASKED_AT_ONCE = 8;
/** After a kill the copy still knows when the hub last answered, even without changes. */
const MARK_EVERY_MS = 60_000;

/**
 * Appends the changes after the file's cursor, each dossier in its current state.
 *
 * @param waitS the longest time for which the hub may wait for a change
 */
export async function followDossiers(
  file: CopyFile,
  hub: HubClient,
  nowMs: () => number,
  waitS: number,
  signal: AbortSignal,
): Promise<Followed> {
  const { items, next, gap, position } = await hub.changes(file.mark.cursor, waitS, signal);
  if (gap) return { kind: 'gap' };
  const answeredMs = nowMs();
  const isAll = items.length < CHANGES_A_PAGE;
  const lines = await eightAtOnce([...new Set(items.map(({ code }) => code))], async (code) => {
    const json = await hub.dossier(code, { signal, position });
    return json === undefined ? goneLine(code) : recordLine('dossier', json);
  });
  const isMarkOld = Math.abs(answeredMs - instantToMs(file.mark.heardAt)) >= MARK_EVERY_MS;
  if (lines.length > 0 || (isAll && isMarkOld))
    await file.append(lines, {
      ...file.mark,
      cursor: next,
      heardAt: isAll ? msToInstant(answeredMs) : file.mark.heardAt,
    });
  return isAll ? { kind: 'all', confirmedMs: answeredMs } : { kind: 'more' };
}

/**
 * Appends the changes of all kinds of record after the file's cursors, each record in its current state.
 *
 * @returns how many records changed, or that only a new snapshot has all changes
 */
export async function followRecords(file: CopyFile, hub: HubClient, signal: AbortSignal): Promise<number | 'gap'> {
  let changed = 0;
  for (const { name, path, cursor } of file.head.kinds ?? [])
    for (let isMore = true; isMore; ) {
      const { items, next, gap, position } = await hub.recordChanges(name, file.mark.kinds?.[name] ?? cursor, signal);
      if (gap) return 'gap';
      const lines = await eightAtOnce([...new Set(items.map(({ code }) => code))], async (code) => {
        const json = await hub.record(path, code, { signal, position });
        return json === undefined ? goneLine(code, name) : recordLine(name, json);
      });
      const { kinds = {} } = file.mark;
      if (lines.length > 0) await file.append(lines, { ...file.mark, kinds: { ...kinds, [name]: next } });
      changed += lines.length;
      isMore = items.length === CHANGES_A_PAGE;
    }
  return changed;
}

export type FollowCatalogue = (file: CopyFile, signal: AbortSignal) => Promise<number>;

/**
 * Appends catalogue entries that changed.
 *
 * A change may become visible after a later one, so each request covers some time before the last. The function
 * remembers the versions that it has read, until the file is replaced: a restored hub repeats versions.
 *
 * @returns the number of new or different entries
 */
export function createFollowCatalogue(hub: HubClient, nowMs: () => number): FollowCatalogue {
  const met = new Map<string, number>();
  let metIn: CopyFile | undefined;
  return async (file, signal) => {
    if (file !== metIn) met.clear();
    metIn = file;
    const { items, position, hubMs = nowMs() } = await hub.catalogueChanges(file.mark.catalogueFrom, signal);
    const newest = new Map<string, (typeof items)[number]>();
    for (const item of items) {
      const name = `${item.kind} ${item.code}`;
      if (item.version > Math.max(met.get(name) ?? 0, newest.get(name)?.version ?? 0)) newest.set(name, item);
    }
    const read = await eightAtOnce([...newest.values()], async ({ kind, code }) => {
      const json = await hub.entry(kind, code, { signal, position });
      const known = file.places.entry(kind, code);
      const isSame = json === undefined || (known && recordIn(kind, await file.read(known)) === json);
      return isSame ? undefined : recordLine(kind, json);
    });
    const lines = read.filter((line) => line !== undefined);
    const fromMs = Math.max(hubMs - CATALOGUE_LATE_MS, instantToMs(file.mark.catalogueFrom));
    // Without changes the period only grows, which costs nothing. A mark each time would grow the file.
    if (items.length > 0) await file.append(lines, { ...file.mark, catalogueFrom: msToInstant(fromMs) });
    for (const [name, { version }] of newest) met.set(name, version);
    return lines.length;
  };
}

async function eightAtOnce<In, Out>(inputs: readonly In[], ask: (input: In) => Promise<Out>): Promise<Out[]> {
  const outs: Out[] = [];
  let at = 0;
  const lane = async (): Promise<void> => {
    for (let mine = at++; mine < inputs.length; mine = at++) outs[mine] = await ask(inputs[mine] as In);
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, lane));
  return outs;
}
