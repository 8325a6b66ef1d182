import { firstUuidOf, msOf, NIL_UUID } from '../database/uuid.ts';
import type { HubContext } from '../process/hub-context.ts';
import { notCovered } from './compare.ts';
import type { Difference, Findings } from './difference.ts';
import type { RebuildLanes } from './lanes.ts';
import { createRecall, type Recall, type RecallDeps, type Recalled } from './recall.ts';
import { storedItems } from './recorded-items.ts';
import { countRecorded, recordedMessages } from './recorded-messages.ts';

export type Tell = (at: { readonly what: string; readonly done: number; readonly total: number }) => void;

export interface CatchUp {
  /** Messages applied so far. */
  readonly messages: number;
  /** Items that were applied at first and that today's code cannot read. */
  readonly unreadable: number;
  /** When the oldest stored message was received. */
  readonly oldestAt: string | undefined;
  /** Applies the messages that the second index lacks. */
  run(): Promise<void>;
}

/** Covers messages with an older id than the last one read that were committed after it. */
const LATE_MS = 3_600_000;

/** @param findings receives problems of the messages themselves */
export function createCatchUp(
  deps: RecallDeps & Pick<HubContext, 'nowMs'>,
  lanes: Pick<RebuildLanes, 'apply' | 'mask'>,
  findings: Findings,
  tell: Tell,
): CatchUp {
  const { live, codes, nowMs } = deps;
  const recall = createRecall(deps);
  // Ids of a clock that ran ahead are later than those that the hub assigns from now on.
  let earliestMs = Number.POSITIVE_INFINITY;
  const progress = { messages: 0, unreadable: 0, oldestAt: undefined as string | undefined, lastId: NIL_UUID };

  async function apply(recalled: readonly Recalled[]): Promise<void> {
    for (const { id, submission, unreadable } of recalled) {
      findings.add(unreadable);
      progress.unreadable += unreadable.length;
      if (progress.oldestAt === undefined || submission.receivedAt < progress.oldestAt)
        progress.oldestAt = submission.receivedAt;
      if (id > progress.lastId) progress.lastId = id;
    }
    findings.add(await ofCovered(await lanes.apply(recalled)));
    progress.messages += recalled.length;
  }

  /** Dossiers that the messages cannot restore fully are expected to differ; they are no findings. */
  async function ofCovered(found: readonly Difference[]): Promise<readonly Difference[]> {
    if (found.length === 0) return found;
    const codes = [...new Set(found.map(({ code }) => code))];
    const left = await notCovered(live.pool, codes, progress.oldestAt as string);
    return found.filter(({ code }) => !left.has(code));
  }

  return {
    get messages() {
      return progress.messages;
    },
    get unreadable() {
      return progress.unreadable;
    },
    get oldestAt() {
      return progress.oldestAt;
    },
    async run() {
      await codes.reload();
      const isFirst = progress.lastId === NIL_UUID;
      const total = isFirst ? await countRecorded(live) : 0;
      earliestMs = Math.min(earliestMs, nowMs());
      const after = isFirst ? NIL_UUID : firstUuidOf(Math.min(msOf(progress.lastId), earliestMs) - LATE_MS);
      await overlapping(recalledPages(deps, recall, after), async (page) => {
        await apply(page);
        tell({ what: 'applying messages', done: progress.messages, total: Math.max(total, progress.messages) });
      });
      await lanes.mask();
    },
  };
}

async function* recalledPages(
  { live, vault, kinds }: RecallDeps,
  recall: Recall,
  after: string,
): AsyncGenerator<readonly Recalled[]> {
  for await (const page of recordedMessages(live, vault, after)) {
    const stored = await storedItems({ db: live.pool, vault, kinds }, page);
    const recalled: Recalled[] = [];
    for (const message of page) recalled.push(await recall(message, stored));
    yield recalled;
  }
}

/** Works on one page after another, while the next one is read. */
async function overlapping<T>(pages: AsyncIterable<T>, work: (page: T) => Promise<void>): Promise<void> {
  let working: Promise<void> = Promise.resolve();
  try {
    for await (const page of pages) {
      await working;
      working = work(page);
      // Its failure is thrown where it is awaited, after the next page was read.
      working.catch(() => undefined);
    }
  } finally {
    await working;
  }
}
