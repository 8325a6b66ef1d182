import { msToInstant } from '#core/dates/dates';
import type { Acceptance, CommitDeps } from './accept/accept-deps.ts';
import { createCommit } from './accept/commit.ts';
import { type AcceptOnce, createAcceptOnce } from './accept/once.ts';
import { createReleaseItems } from './accept/release.ts';
import { findRepeats } from './accept/repeats.ts';
import { createWaitingItems } from './accept/waiting.ts';
import { type AskResult, createAsk } from './ask/ask.ts';
import type { AskOrder } from './ask/order.ts';
import { createBackground } from './concurrency/background.ts';
import { inOrder } from './concurrency/in-order.ts';
import { createWorkers, type WorkersDeps } from './delivery/workers.ts';
import { createWordMerging } from './index/merge-words.ts';
import { createRecentCommits } from './index/recent-commits.ts';
import type { CodeEntries } from './ledger/code-entries.ts';
import { causesSettledSince, releaseDeliveries } from './ledger/settle.ts';
import type { Accepted, Submission } from './ledger/submission.ts';
import type { PayloadShapes } from './observe/payload-shapes.ts';
import { createOrderRunner, type OrderRunner } from './operator-orders/run.ts';
import type { Readers } from './parties/read-again.ts';
import type { HubContext } from './process/hub-context.ts';
import { type PullDeps, runPull } from './pull/run-pull.ts';
import { createTakeFile, type TakeFile } from './pull/take-file.ts';

/** The dependencies of the pipeline beside the HubContext. */
export interface PipelineDeps
  extends Omit<CommitDeps, 'recentCommits' | 'onCommit'>,
    Omit<WorkersDeps, 'recentCommits' | 'background' | 'accept'> {
  readonly readers: Readers;
  /** The operators' code entries. */
  readonly codes: CodeEntries;
  readonly shapes: PayloadShapes;
  readonly statistics: PullDeps['statistics'];
  /** Called after each commit of messages, because readers may wait for changes. */
  readonly onCommit: () => void;
}

/** A message that was refused as a whole. */
export type Refused = Omit<Submission, 'party' | 'items'> &
  Required<Pick<Submission, 'refused'>> & { readonly party: string | undefined };

/** The whole hub: messages come in, deliveries go out, and the sweep finds due work without a notification. */
export interface Pipeline {
  /** Stores a message and applies its items. Resolves when that is committed. Rejects when nothing was stored. */
  accept(submission: Submission): Promise<Accepted>;
  /** The same, once for an Idempotency-Key: a repeat gets the receipt of the first, without a call of `accept`. */
  readonly acceptOnce: AcceptOnce;
  /** The indexes of the items that repeat what their sender or the owner said of a record of a kind. */
  repeatsIn(submission: Submission): Promise<ReadonlySet<number>>;
  /** Stores a refused message in the message log only. Never rejects: a failure does not change the refusal. */
  refuse(message: Refused): Promise<void>;
  /** Delivers due work of a party until none is left. */
  deliver(party: string): void;
  /** The same for every party with due work, with or without a notification. */
  deliverDue(): Promise<void>;
  /** Fetches new records from a partner, page by page, and accepts each page. */
  pull(party: string, name: string): Promise<void>;
  /** Takes files that are uploaded, as a pull takes them from a folder. */
  readonly files: TakeFile;
  /** Asks one register one question, for an officer with a purpose. The record holds neither values nor answer. */
  ask(order: AskOrder): Promise<AskResult>;
  /** Carries out orders of operators. */
  readonly orders: OrderRunner;
  /** Notifies parties with due work, releases items whose dossier or moment has come, and continues orders. Logs failures. */
  sweep(): Promise<void>;
  /** Resolves when this process delivers nothing, and has stored what it reports of its deliveries. */
  idle(): Promise<void>;
  /**
   * Finishes running calls and starts none. A delivery without an answer within `ms` is treated as after a kill: due
   * again when its lease ends, in doubt.
   */
  drain(ms: number): Promise<void>;
}

export function createPipeline(hub: HubContext, deps: PipelineDeps): Pipeline {
  const { database, nowMs, telemetry } = hub;
  const background = createBackground(telemetry.failed);
  const mergeWordsOf = createWordMerging(database, background);
  const recentCommits = deps.delivers ? createRecentCommits() : undefined;
  const commit = createCommit(hub, { ...deps, recentCommits, onCommit: logged(hub, afterCommit) });
  const release = createReleaseItems(hub, { ...deps, accept: commit.one });
  const waiting = createWaitingItems(database, release, background);
  const workers = createWorkers(hub, { ...deps, recentCommits, background, accept: commit.one });
  const orders = createOrderRunner(hub, { ...deps, release, accept: commit.one });

  function afterCommit(submissions: readonly Submission[], acceptance: Acceptance): void {
    telemetry.accepted(submissions, acceptance.accepted, nowMs());
    deps.shapes.sampleMessages(submissions);
    deps.onCommit();
    void deps.queue.notify(acceptance.notify);
    waiting.created(acceptance.created);
    mergeWordsOf(submissions.reduce((sum, { items }) => sum + items.length, 0));
    background.run('release', releaseHeld(hub, deps, acceptance.settledCauses));
  }

  async function deliverDue(): Promise<readonly string[]> {
    const due = await workers.due();
    if (deps.delivers) for (const party of due) workers.wake(party);
    return due;
  }

  return {
    accept: commit.one,
    acceptOnce: createAcceptOnce(hub, commit.one),
    repeatsIn: (submission) => findRepeats(hub, submission),
    async refuse({ party = '', ...message }) {
      await commit.one({ ...message, party, items: [] }).catch((error) => telemetry.failed('refuse', error));
    },
    deliver: workers.wake,
    deliverDue: async () => void (await deliverDue()),
    pull: (party, name) => runPull(hub, { ...deps, acceptPage: commit.page }, party, name),
    files: createTakeFile(hub, { ...deps, acceptPage: commit.page }),
    ask: createAsk(hub, { ...deps, beside: workers.beside }),
    orders,
    sweep: () =>
      inOrder(telemetry.failed, {
        // A process whose settings lack the party may get the notification.
        deliveries: async () => deps.queue.notify(await deliverDue()),
        'held deliveries': async () => releaseHeld(hub, deps, await causesSettledSince(database)),
        'waiting items': () => waiting.releaseSome(msToInstant(nowMs())),
        orders: orders.runAll,
      }),
    idle: workers.idle,
    async drain(ms) {
      await workers.drain(ms);
      waiting.lookNow();
      await background.settled();
      await deps.shapes.flush();
    },
  };
}

/** Logs what fails. After a commit it must not look like a failed commit, or the sender pushes again what is stored. */
function logged<In extends unknown[]>({ telemetry }: HubContext, work: (...given: In) => void): (...given: In) => void {
  return (...given) => {
    try {
      work(...given);
    } catch (error) {
      telemetry.failed('after a commit', error);
    }
  };
}

/** Deliveries held by these causes are due again, in order. */
async function releaseHeld(hub: HubContext, { queue }: Pick<PipelineDeps, 'queue'>, causeKeys: readonly string[]) {
  if (causeKeys.length === 0) return;
  await queue.notify(await releaseDeliveries(hub.database, causeKeys, msToInstant(hub.nowMs())));
}
