import type { Part } from '#core/statistics/parts';
import type { Run } from '../database/transaction.ts';
import { addSums, NO_SUMS, type Sums } from './numbers.ts';
import type { StatisticsQuestion } from './question.ts';
import { readSettledLater } from './read-settled-later.ts';
import { readSums } from './read-sums.ts';
import { sourceOf } from './sources.ts';

/** The changes of each line in each part. */
export interface PartSums {
  readonly keys: readonly (string | null)[];
  of(key: string | null, part: number): Sums;
  sum(part: number): Sums;
}

export async function readParts(run: Run, question: StatisticsQuestion, parts: readonly Part[]): Promise<PartSums> {
  const { source, filter } = await sourceOf(run, question);
  const byPart = parts.map(() => new Map<string | null, Sums>());
  for (const row of await readSums(run, { ...question, filter }, source, parts)) {
    const lines = byPart[row.part] as Map<string | null, Sums>;
    lines.set(row.key, addSums(lines.get(row.key) ?? NO_SUMS, row));
  }
  return {
    keys: [...new Set(byPart.flatMap((lines) => [...lines.keys()]))],
    of: (key, part) => byPart[part]?.get(key) ?? NO_SUMS,
    sum: (part) => [...(byPart[part]?.values() ?? [])].reduce(addSums, NO_SUMS),
  };
}

/** By line, the pending dossiers that become late after now and before the end of a part. */
export async function readDueLater(
  run: Run,
  question: StatisticsQuestion,
  read: PartSums,
  part: number,
  to: string,
): Promise<ReadonlyMap<string | null, number>> {
  const settled =
    read.sum(part).settled > 0 ? await readSettledLater(run, question, to) : new Map<string | null, number>();
  return new Map(
    read.keys.map((key) => {
      return [key, read.of(key, part).overdue - (settled.get(key) ?? 0)];
    }),
  );
}
