import { createKnownCodes } from '../catalogue/known-codes.ts';
import { isRefusal } from '../database/failures.ts';
import type { Part } from '../database/parts.ts';
import { createUuids } from '../database/uuid.ts';
import type { Accepted, Submission } from '../ledger/submission.ts';
import type { LastWrite } from '../observe/last-write.ts';
import type { Party } from '../parties/party.ts';
import type { HubContext } from '../process/hub-context.ts';
import { acceptBatch } from './accept.ts';
import type { Acceptance, AcceptDeps } from './accept-deps.ts';
import { isRetryable, mayTryAgain, pauseAfter } from './conflict.ts';
import { codesNamedBy } from './dossiers.ts';
import { createIngestQueue } from './ingest-queue.ts';
import { createOptimism } from './optimism.ts';

export interface CommitDeps extends Pick<AcceptDeps, 'routes' | 'ownership' | 'ownedSince' | 'recentCommits'> {
  readonly parties: ReadonlyMap<string, Party>;
  readonly lastWrite: LastWrite;
  /** Called after each commit. */
  readonly onCommit: (submissions: readonly Submission[], acceptance: Acceptance) => void;
}

interface Committing {
  readonly accept: AcceptDeps;
  readonly random: () => number;
  readonly lastWrite: LastWrite;
  readonly onCommit: CommitDeps['onCommit'];
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

export function createCommit(
  hub: Pick<HubContext, 'database' | 'vault' | 'nowMs' | 'random'>,
  deps: CommitDeps,
): Commit {
  const committing: Committing = {
    accept: acceptDepsOf(hub, deps),
    random: hub.random,
    lastWrite: deps.lastWrite,
    onCommit: deps.onCommit,
  };
  const queue = createIngestQueue(
    (submissions: readonly Submission[], report) => commitAll(committing, submissions, [], { report }),
    {
      size: BATCH_ITEMS,
      lingerMs: LINGER_MS,
      weigh: (submission) => Math.max(submission.items.length, 1),
      senderOf: ({ party }) => party,
      keysOf: codesNamedBy,
    },
  );
  return {
    one: async (submission) => storedOf(await queue(submission)),
    async page(submissions, together) {
      for (const one of await commitAll(committing, submissions, together)) storedOf(one);
    },
  };
}

function acceptDepsOf(
  { database, vault, nowMs }: Pick<HubContext, 'database' | 'vault' | 'nowMs'>,
  { routes, ownership, ownedSince, recentCommits, parties }: CommitDeps,
): AcceptDeps {
  return {
    database,
    vault,
    routes,
    ownership,
    ownedSince,
    recentCommits,
    knownCodes: createKnownCodes(database, nowMs),
    stepsAreByMoment: (party) => parties.get(party)?.adapter.stepsAreByMoment ?? false,
    uuids: createUuids(nowMs),
    optimism: createOptimism(),
  };
}

/** How often a batch was tried, since when, and who learns how much work it is. */
interface Trying {
  readonly tried?: number;
  readonly sinceMs?: number;
  readonly report?: (work: number) => void;
}

/** A message of a batch that the database refused. */
interface NotStored {
  readonly notStored: unknown;
}

/**
 * Commits a batch. A batch that met a concurrent change is loaded and applied again. A batch that the database refuses is
 * split, in order, until the refused message is alone.
 *
 * @param together is kept with the last part, and only when all parts before are kept
 */
async function commitAll(
  deps: Committing,
  submissions: readonly Submission[],
  together: readonly Part[] = [],
  trying: Trying = {},
): Promise<readonly (Accepted | NotStored)[]> {
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
  deps: Committing,
  submissions: readonly Submission[],
  together: readonly Part[],
): Promise<readonly (Accepted | NotStored)[]> {
  const commitHalf = (half: readonly Submission[], parts: readonly Part[]) =>
    commitAll(deps, half, parts).catch((notStored) => half.map(() => ({ notStored })));
  const half = Math.floor(submissions.length / 2);
  const first = await commitHalf(submissions.slice(0, half), []);
  const isWhole = first.every((one) => !('notStored' in one));
  return [...first, ...(await commitHalf(submissions.slice(half), isWhole ? together : []))];
}

function storedOf(one: Accepted | NotStored): Accepted {
  if ('notStored' in one) throw one.notStored;
  return one;
}
