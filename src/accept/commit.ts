import { isConflict, isRefusal } from '../database/failures.ts';
import type { Part } from '../database/parts.ts';
import { IDEMPOTENCY_CONFLICT } from '../ledger/idempotency.ts';
import type { LastWrite } from '../observe/last-write.ts';
import { acceptBatch } from './accept.ts';
import { codesNamedBy } from './dossiers.ts';
import { createIngestQueue } from './ingest-queue.ts';
import type { Acceptance, Accepted, AcceptMeans, Submission } from './submission.ts';

export interface CommitDeps {
  readonly accept: AcceptMeans;
  readonly random: () => number;
  readonly lastWrite: LastWrite;
  /** Called after each commit, with what it brought. */
  readonly onCommit: (submissions: readonly Submission[], acceptance: Acceptance) => void;
}

export interface Commit {
  /** Commits a message together with others that arrive at the same time. Rejects when nothing of it was kept. */
  one(submission: Submission): Promise<Accepted>;
  /**
   * Commits the messages of a page, in order.
   *
   * @param together what is kept with all of them or not at all
   */
  page(submissions: readonly Submission[], together: readonly Part[]): Promise<void>;
}

/** Messages that one transaction may take: more rows in one statement gain nothing. */
const BATCH_ITEMS = 1_000;
/** Measured at 16 clients: batches of twice the size, and a third less work for the database. */
const LINGER_MS = 2;

export function createCommit(deps: CommitDeps): Commit {
  const queue = createIngestQueue(
    (submissions: readonly Submission[], report) => commitAll(deps, submissions, [], { report }),
    {
      size: BATCH_ITEMS,
      lingerMs: LINGER_MS,
      weigh: (submission) => Math.max(submission.items.length, 1),
      senderOf: ({ party }) => party,
      keysOf: codesNamedBy,
    },
  );
  return {
    one: async (submission) => keptOf(await queue(submission)),
    async page(submissions, together) {
      for (const one of await commitAll(deps, submissions, together)) keptOf(one);
    },
  };
}

/** How often a batch was tried, since when, and who learns how much work it is. */
interface Trying {
  readonly tried?: number;
  readonly sinceMs?: number;
  readonly report?: (work: number) => void;
}

/** A message of a batch that the database refused. */
interface NotKept {
  readonly notKept: unknown;
}

/**
 * Commits a batch. A batch that met a concurrent change is loaded and applied again. A batch that the database refuses is
 * split, in order, until the refused message is alone.
 *
 * @param together is kept with the last part, and only when all parts before are kept
 */
async function commitAll(
  deps: CommitDeps,
  submissions: readonly Submission[],
  together: readonly Part[] = [],
  trying: Trying = {},
): Promise<readonly (Accepted | NotKept)[]> {
  const { tried = 0, sinceMs = performance.now(), report } = trying;
  const { accept, lastWrite, onCommit, random } = deps;
  try {
    const acceptance = await acceptBatch(accept, submissions, together, tried === 0);
    report?.(acceptance.judged);
    lastWrite.kept();
    onCommit(submissions, acceptance);
    return acceptance.accepted;
  } catch (error) {
    lastWrite.failed(error);
    if (isRetryable(error) && mayTryAgain(tried, sinceMs)) {
      await pauseAfter(tried, random);
      return commitAll(deps, submissions, together, { ...trying, tried: tried + 1, sinceMs });
    }
    if (!isRefusal(error) || submissions.length <= 1) throw error;
    return commitHalves(deps, submissions, together);
  }
}

async function commitHalves(
  deps: CommitDeps,
  submissions: readonly Submission[],
  together: readonly Part[],
): Promise<readonly (Accepted | NotKept)[]> {
  const commitHalf = (half: readonly Submission[], parts: readonly Part[]) =>
    commitAll(deps, half, parts).catch((notKept) => half.map(() => ({ notKept })));
  const half = Math.floor(submissions.length / 2);
  const first = await commitHalf(submissions.slice(0, half), []);
  const isWhole = first.every((one) => !('notKept' in one));
  return [...first, ...(await commitHalf(submissions.slice(half), isWhole ? together : []))];
}

function keptOf(one: Accepted | NotKept): Accepted {
  if ('notKept' in one) throw one.notKept;
  return one;
}

/** A conflict that loading and applying again can solve; a used Idempotency-Key is answered with its receipt instead. */
export function isRetryable(error: unknown): boolean {
  return isConflict(error) && (error as { constraint?: string }).constraint !== IDEMPOTENCY_CONFLICT;
}

/**
 * Another process may change the same dossiers meanwhile. A batch that lost starts again at once at first, then after
 * pauses, because many small batches in a row would win against a large one each time.
 */
const TRIES = 8;
const PAUSED_FROM = 3;
const CONFLICTS_MS = 3_000;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;

function mayTryAgain(tried: number, sinceMs: number): boolean {
  return tried + 1 < TRIES || performance.now() - sinceMs < CONFLICTS_MS;
}

async function pauseAfter(tried: number, random: () => number): Promise<void> {
  if (tried < PAUSED_FROM) return;
  const ms = Math.min(FIRST_PAUSE_MS * 2 ** (tried - PAUSED_FROM), LONGEST_PAUSE_MS);
  await new Promise((resolve) => setTimeout(resolve, ms * (0.5 + random() / 2)));
}
