import { msToInstant } from '#core/dates/dates';
import type { Ownership } from '#core/dossier/ownership';
import type { Route } from '#core/dossier/route';
import { createCommit, isRetryable } from './accept/commit.ts';
import { createGuess } from './accept/guess.ts';
import { createAcceptOnce, type KeyedSubmission, type OnceResult } from './accept/once.ts';
import type { Readers } from './accept/read-again.ts';
import { createReread, type ReleaseDeps } from './accept/release.ts';
import type { Acceptance, Accepted, Submission } from './accept/submission.ts';
import { createWaitingItems } from './accept/waiting.ts';
import { createKnownCodes } from './catalogue/known-codes.ts';
import { createBackground } from './concurrency/background.ts';
import type { Database } from './database/pool.ts';
import { createUuids } from './database/uuid.ts';
import type { Originals } from './delivery/originals.ts';
import { createRecentCommits } from './delivery/recent-commits.ts';
import { createWorkers } from './delivery/workers.ts';
import type { CodeEntries } from './ledger/code-entries.ts';
import { waitInstead } from './ledger/quarantine.ts';
import { releaseDeliveries } from './ledger/settle.ts';
import type { Alerts } from './observe/alerts.ts';
import type { LastWrite } from './observe/last-write.ts';
import type { ShapeWatch } from './observe/payload-shapes.ts';
import type { Telemetry } from './observe/telemetry.ts';
import { createOrderRunner } from './operator-orders/run.ts';
import type { Party } from './parties/party.ts';
import { runPull } from './pull/run-pull.ts';
import type { Queue } from './queue/port.ts';
import type { Vault } from './secrets/vault.ts';

export interface PipelineMeans {
  readonly database: Database;
  readonly vault: Vault;
  readonly queue: Queue;
  /** Whether this process answers rings. */
  readonly delivers: boolean;
  readonly parties: ReadonlyMap<string, Party>;
  readonly routes: readonly Route[];
  readonly ownership: Ownership;
  /** See AcceptMeans. */
  readonly ownedSince: string;
  readonly readers: Readers;
  /** What operators have entered of the code tables. */
  readonly codes: CodeEntries;
  /** What came in a dialect, as it came. */
  readonly originals: Originals;
  readonly retryDelaysMs: readonly number[];
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly telemetry: Telemetry;
  readonly alerts: Alerts;
  readonly shapes: ShapeWatch;
  /** See HomeWatch. */
  readonly isDoubtful: () => Promise<boolean>;
  readonly lastWrite: LastWrite;
  /** Called after each commit of messages: somebody may wait for changes. */
  readonly onCommit: () => void;
}

/** A message that was refused as a whole. */
export type Refused = Omit<Submission, 'party' | 'items'> &
  Required<Pick<Submission, 'refused'>> & { readonly party: string | undefined };

/** The whole hub: what comes in, what goes out, and what rings the bell when nobody else does. */
export interface Pipeline {
  /** Keep a message and apply its items. When this resolves, it is committed; it rejects when nothing was kept. */
  accept(submission: Submission): Promise<Accepted>;
  /** The same, once for an Idempotency-Key: a repetition gets the first one's receipt. */
  acceptOnce(submission: KeyedSubmission): Promise<OnceResult>;
  /** Keep, in the message log alone, what was refused as a whole. Never rejects: the refusal stands anyway. */
  refuse(message: Refused): Promise<void>;
  /** Answer rings: deliver what is due for the party, until nothing is. */
  deliver(party: string): void;
  /** The same for all parties that something is due for, whether or not anybody has rung. */
  deliverDue(): Promise<void>;
  /** Ask a partner what is due by its schedule, page by page, through `accept`. */
  pull(party: string, name: string): Promise<void>;
  /** Carry out what operators have ordered, as far as it goes now: resolutions, and replays at their rate. */
  carryOut(): Promise<void>;
  /** Go on with one replay at its rate. Rejects with what goes wrong with it, and with no other order. */
  carryOutReplay(id: number): Promise<void>;
  /** Ring for whatever is due, and let go what has waited for something that is there now. */
  sweep(): Promise<void>;
  /** Resolves when this process delivers nothing at the moment. */
  idle(): Promise<void>;
  /**
   * Finish the calls that are under way; begin none. What a partner has not answered within `ms` is as after a kill: due
   * again when its lease ends, in doubt.
   */
  drain(ms: number): Promise<void>;
}

export function createPipeline(deps: PipelineMeans): Pipeline {
  const { database, vault, queue, parties, nowMs, telemetry, lastWrite, random } = deps;
  const background = createBackground(telemetry.failed);
  const justKept = deps.delivers ? createRecentCommits() : undefined;
  const recent = justKept && { justKept };

  const commit = createCommit({
    accept: {
      ...deps,
      ...recent,
      knownCodes: createKnownCodes(database, nowMs),
      stepsAreByMoment: (party) => parties.get(party)?.adapter.stepsAreByMoment ?? false,
      uuids: createUuids(nowMs),
      guess: createGuess(),
    },
    random,
    lastWrite,
    onCommit: afterCommit,
  });
  const release: ReleaseDeps = {
    reread: createReread(deps),
    accept: commit.one,
    waitInstead: (id, cause) => waitInstead(database, id, cause, msToInstant(nowMs())),
    isRetryable,
  };
  const waiting = createWaitingItems(database, release, background);
  const workers = createWorkers({ ...deps, ...recent, background });
  const orders = createOrderRunner(release, deps);

  function afterCommit(submissions: readonly Submission[], { accepted, ring, created, learnt }: Acceptance): void {
    telemetry.accepted(submissions, accepted, nowMs());
    deps.shapes.told(submissions);
    deps.onCommit();
    void queue.ring(ring);
    waiting.dossiersCreated(created);
    if (learnt.length > 0) background.run('release', releaseCauses(learnt));
  }

  /** Deliveries that these causes held are due again, in their order. */
  async function releaseCauses(causeKeys: readonly string[]): Promise<void> {
    await queue.ring(await releaseDeliveries(database, causeKeys, msToInstant(nowMs())));
  }

  async function wakeDue(): Promise<readonly string[]> {
    const due = await workers.due();
    if (deps.delivers) for (const party of due) workers.wake(party);
    return due;
  }

  return {
    accept: commit.one,
    acceptOnce: createAcceptOnce({ database, vault, accept: commit.one }),
    async refuse(message) {
      const kept = commit.one({ ...message, party: message.party ?? '', items: [] });
      await kept.catch((error) => telemetry.failed('refuse', error));
    },
    deliver: workers.wake,
    async deliverDue() {
      await wakeDue();
    },
    pull: (party, name) => runPull({ ...deps, keep: commit.page }, party, name),
    carryOut: orders.runAll,
    carryOutReplay: orders.runReplay,
    async sweep() {
      // A process whose settings lack the party may hear the notification.
      await queue.ring(await wakeDue());
      // What cannot be released delays no order.
      try {
        await waiting.releaseAll(msToInstant(nowMs()));
      } finally {
        await orders.runAll();
      }
    },
    idle: workers.idle,
    async drain(ms) {
      await workers.drain(ms);
      waiting.lookNow();
      await background.settled();
      await deps.shapes.flush();
    },
  };
}
