import { msToInstant } from '#core/dates/dates';
import { countEffects, type EffectCounts, firstEffectOf } from '#core/dossier/effect';
import { type FileLine, fileLineOf } from '#core/dossier/file-line';
import type { Item } from '#core/dossier/item';
import type { Problem } from '#core/problem';
import type { ReadDrop } from '../kit/drops.ts';
import type { DroppedFileRow } from '../ledger/dropped-files.ts';
import type { HubContext } from '../process/hub-context.ts';
import { type ResultWithEffect, storedResultOf } from './hub-queries.ts';

export interface FileReport {
  readonly list: string;
  readonly receipt: string;
  readonly sha256: string;
  readonly at: string;
  /** `readable`: a preview, nothing was stored. */
  readonly outcome: DroppedFileRow['outcome'] | 'readable';
  /** How many rows were read. */
  readonly read: number;
  /** For a preview, records count as `new`: the hub compares them with nothing. */
  readonly counts: EffectCounts;
  /** Why nothing of the file was taken. */
  readonly problems: readonly Problem[];
  readonly lines: readonly FileLine[];
  /** The same as the hub writes it into a folder. */
  readonly csv: () => string;
}

/** The result of an item that is read and not stored. */
export function previewed(item: Item, index: number): ResultWithEffect {
  const effect = firstEffectOf(item);
  const { code, warnings } = item.kind === 'record' ? { ...item, code: item.record.code } : { ...item, warnings: [] };
  return { index, code, effect, outcome: effect === 'new' ? 'accepted' : effect, warnings };
}

/** What a file says of its rows, with what became of each. */
export function reportOf(
  { nowMs }: Pick<HubContext, 'nowMs'>,
  { list, isPreview }: { readonly list: string; readonly isPreview: boolean },
  drop: ReadDrop,
  results: readonly ResultWithEffect[],
  outcome: FileReport['outcome'],
): FileReport {
  const { refused, receipt, sha256, places } = drop;
  const at = msToInstant(nowMs());
  return {
    list,
    receipt,
    sha256,
    at,
    outcome: refused && isPreview ? 'refused' : outcome,
    read: places.length,
    counts: countEffects(refused ? [] : results.map(({ effect }) => effect)),
    problems: refused ?? [],
    lines: refused ? [] : linesOf(drop, results),
    csv: () => drop.report(results.map(storedResultOf), at, outcome === 'repeat'),
  };
}

/** Problems are those of the reader, with their values. The hub stores them without. */
function linesOf({ items, places }: ReadDrop, results: readonly ResultWithEffect[]): readonly FileLine[] {
  return items.flatMap((item, at) => {
    const result = results[at] ?? previewed(item, at);
    const problems = item.kind === 'record' ? result.problems : item.problems;
    return fileLineOf({ ...result, problems }, places[at]) ?? [];
  });
}
