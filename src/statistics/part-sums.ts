import type { Part } from '#core/statistics/parts';
import type { Run } from '../database/transaction.ts';
import { addChannels, type ChannelSums, NO_SUMS } from './numbers.ts';
import type { StatisticsQuestion } from './question.ts';
import { readSettledLater } from './read-due-later.ts';
import { readSums, type SumsRow } from './read-sums.ts';
import { sourceOf } from './sources.ts';

/** The changes of each line in each part. */
export interface PartSums {
  readonly keys: readonly (string | null)[];
  of(key: string | null, part: number): ChannelSums;
  sum(part: number): ChannelSums;
}

const NO_CHANNELS: ChannelSums = { online: NO_SUMS, direct: NO_SUMS };

export async function readParts(run: Run, question: StatisticsQuestion, parts: readonly Part[]): Promise<PartSums> {
  const { source, filter } = await sourceOf(run, question);
  const byPart = parts.map(() => new Map<string | null, ChannelSums>());
  for (const row of await readSums(run, { ...question, filter }, source, parts)) {
    const lines = byPart[row.part] as Map<string | null, ChannelSums>;
    lines.set(row.key, addChannels(lines.get(row.key) ?? NO_CHANNELS, channelSumsOf(row)));
  }
  return {
    keys: [...new Set(byPart.flatMap((lines) => [...lines.keys()]))],
    of: (key, part) => byPart[part]?.get(key) ?? NO_CHANNELS,
    sum: (part) => [...(byPart[part]?.values() ?? [])].reduce(addChannels, NO_CHANNELS),
  };
}

function channelSumsOf({ online, received, early, on_time, late, overdue, settled }: SumsRow): ChannelSums {
  const sums = { received, early, on_time, late, overdue, settled };
  return online ? { online: sums, direct: NO_SUMS } : { online: NO_SUMS, direct: sums };
}

/** By line, the pending dossiers that become late after now and before the end of a part. */
export async function readDueLater(
  run: Run,
  question: StatisticsQuestion,
  read: PartSums,
  part: number,
  to: string,
): Promise<ReadonlyMap<string | null, number>> {
  const all = read.sum(part);
  const hasSettled = all.online.settled + all.direct.settled > 0;
  const settled = hasSettled ? await readSettledLater(run, question, to) : new Map<string | null, number>();
  return new Map(
    read.keys.map((key) => {
      const { online, direct } = read.of(key, part);
      return [key, online.overdue + direct.overdue - (settled.get(key) ?? 0)];
    }),
  );
}
