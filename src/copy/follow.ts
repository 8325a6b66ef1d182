import { instantToMs, msToInstant } from '#core/dates/dates';
import type { CopyFile } from './copy-file.ts';
import { CHANGES_A_PAGE, type HubClient } from './hub-client.ts';
import { goneLine, recordIn, recordLine } from './record-lines.ts';
import { CATALOGUE_LATE_MS } from './take-snapshot.ts';

export interface FollowMeans {
  readonly hub: HubClient;
  readonly nowMs: () => number;
}

/** What a look at the hub's changes came to. */
export type Followed =
  | { readonly kind: 'all'; readonly heardMs: number }
  | { readonly kind: 'more' }
  /** What follows cannot be told: only a new snapshot has it. */
  | { readonly kind: 'gap' };

/** Each is a request; the hub gathers those that come at once. */
const ASKED_AT_ONCE = 8;
/** So that after a kill a copy knows when it last heard of the hub, though nothing had changed. */
const MARK_EVERY_MS = 60_000;

/**
 * Bring a file up to what the hub has: the changes after its cursor, each dossier as it is now.
 *
 * @param waitS so long the hub may wait where nothing has changed
 */
export async function followDossiers(
  file: CopyFile,
  { hub, nowMs }: FollowMeans,
  waitS: number,
  signal: AbortSignal,
): Promise<Followed> {
  const { items, next, gap } = await hub.changes(file.mark.cursor, waitS, signal);
  if (gap) return { kind: 'gap' };
  const heardMs = nowMs();
  const isAll = items.length < CHANGES_A_PAGE;
  const lines = await eightAtOnce([...new Set(items.map(({ code }) => code))], async (code) => {
    const json = await hub.dossier(code, signal);
    return json === undefined ? goneLine(code) : recordLine('dossier', json);
  });
  const isMarkOld = Math.abs(heardMs - instantToMs(file.mark.heardAt)) >= MARK_EVERY_MS;
  if (lines.length > 0 || (isAll && isMarkOld))
    await file.append(lines, { ...file.mark, cursor: next, ...(isAll && { heardAt: msToInstant(heardMs) }) });
  return isAll ? { kind: 'all', heardMs } : { kind: 'more' };
}

export type FollowCatalogue = (file: CopyFile, signal: AbortSignal) => Promise<number>;

/**
 * Bring the catalogue of a file up to what the hub has. What the hub was told may be seen a little later than what it was
 * told afterwards, so it is asked again for a while: the versions that were met are remembered.
 *
 * @returns how many entries are new or different
 */
export function createFollowCatalogue({ hub, nowMs }: FollowMeans): FollowCatalogue {
  const met = new Map<string, number>();
  return async (file, signal) => {
    const { items, hubMs = nowMs() } = await hub.catalogueChanges(file.mark.catalogueFrom, signal);
    const newest = new Map<string, (typeof items)[number]>();
    for (const item of items) {
      const name = `${item.kind} ${item.code}`;
      if (item.version > Math.max(met.get(name) ?? 0, newest.get(name)?.version ?? 0)) newest.set(name, item);
    }
    const told = await eightAtOnce([...newest.values()], async ({ kind, code }) => {
      const json = await hub.entry(kind, code, signal);
      const known = file.places.entry(kind, code);
      const isSame = json === undefined || (known && recordIn(kind, await file.read(known)) === json);
      return isSame ? undefined : recordLine(kind, json);
    });
    const lines = told.filter((line) => line !== undefined);
    const fromMs = Math.max(hubMs - CATALOGUE_LATE_MS, instantToMs(file.mark.catalogueFrom));
    // Where nothing was told, what is asked for grows by a minute a minute: that costs nothing, and a line each time would.
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
