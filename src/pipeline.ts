import { randomUUID } from 'node:crypto';
import { msToInstant } from '#core/dates';
import { maskNamesIn } from '#core/masking';
import type { Ownership } from '#core/ownership';
import type { Route } from '#core/route';
import type { Alerts } from './alerts.ts';
import { createKnownCodes } from './catalogue/known-codes.ts';
import type { Part } from './database/parts.ts';
import type { Database } from './database/pool.ts';
import { createUuids } from './database/uuid.ts';
import { gather } from './gather.ts';
import type { LastWrite } from './last-write.ts';
import type { CodeEntries } from './ledger/code-entries.ts';
import { partiesWithWork } from './ledger/deliveries.ts';
import { findIdempotent, IDEMPOTENCY_CONFLICT } from './ledger/idempotency.ts';
import { AWAY_KINDS } from './ledger/incidents.ts';
import { loadResults } from './ledger/messages.ts';
import { saveBreaker } from './ledger/party-states.ts';
import { loadReleasable, loadWaitingFor, waitInstead } from './ledger/quarantine.ts';
import { releaseDeliveries, type Settled, settleAll } from './ledger/settle.ts';
import type { Party } from './parties.ts';
import type { Queue } from './queue/port.ts';
import { acceptBatch } from './steps/accept/accept.ts';
import { codesNamedBy } from './steps/accept/dossiers.ts';
import { createGuess } from './steps/accept/guess.ts';
import type { Accepted, AcceptMeans, Submission } from './steps/accept/submission.ts';
import { heedBesides } from './steps/besides.ts';
import { carryOutReplay, carryOutReplays, carryOutResolutions } from './steps/carry-out.ts';
import { createIngestQueue } from './steps/ingest-queue.ts';
import { createJustKept } from './steps/just-kept.ts';
import { createLane, type Lane, type LaneMeans } from './steps/lane.ts';
import { createReread, type LetGoMeans, letGo } from './steps/let-go.ts';
import type { Originals } from './steps/originals.ts';
import { pauseByHub } from './steps/pause.ts';
import { runPull } from './steps/pull.ts';
import type { Readers } from './steps/read-again.ts';
import type { Telemetry } from './telemetry.ts';
import type { Vault } from './vault.ts';
import type { ShapeWatch } from './watch/shapes.ts';

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

export type KeyedSubmission = Submission & Required<Pick<Submission, 'idempotency'>>;
export type OnceResult = ({ readonly kind: 'done' } & Accepted) | { readonly kind: 'other-body' };

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

/** Messages that one transaction may take; see stack measurements: more rows in one statement gain nothing. */
const BATCH_ITEMS = 1_000;
/** Measured at 16 clients: batches of twice the size, and a third less work for the database. */
const LINGER_MS = 2;
/**
 * Another process may change the same dossiers meanwhile. A batch that lost begins again: at once at first, then after
 * pauses, because many small batches in a row would win against a large one each time.
 */
const TRIES = 8;
const PAUSED_FROM = 3;
const CONFLICTS_MS = 3_000;
const RELEASE_MS = 20;

/** Doubtful text waits for a person first: what waits for its dossier has none, or a person took it as it stands. */
const JUDGED = true;

export function createPipeline(means: PipelineMeans): Pipeline {
  const { database, vault, queue, parties, routes, nowMs, telemetry, alerts } = means;
  const justKept = means.delivers ? createJustKept() : undefined;
  const acceptMeans: AcceptMeans = {
    database,
    vault,
    routes,
    knownCodes: createKnownCodes(database, nowMs),
    ownership: means.ownership,
    ownedSince: means.ownedSince,
    stepsAreByMoment: (party) => parties.get(party)?.adapter.stepsAreByMoment ?? false,
    uuids: createUuids(nowMs),
    guess: createGuess(),
    ...(justKept && { justKept }),
  };
  const settleTogether = gather(
    async (lists: readonly (readonly Settled[])[]) => {
      await settleSplitting(lists.flat());
      return lists.map(() => undefined);
    },
    { size: 200, lanes: 2, weigh: (settled) => settled.length },
  );

  /** One outcome that the database refuses must not keep the others of its batch from being kept. */
  async function settleSplitting(settled: readonly Settled[]): Promise<void> {
    try {
      await settleAll(database, vault, settled);
    } catch (error) {
      if (!isRefusedByDatabase(error) || settled.length === 1) throw error;
      const half = Math.ceil(settled.length / 2);
      const halves = [settled.slice(0, half), settled.slice(half)];
      const done = await Promise.allSettled(halves.map(settleSplitting));
      for (const one of done) if (one.status === 'rejected') throw one.reason;
    }
  }

  const processId = randomUUID();
  /** Work behind a reply: nobody waits for it but the end of the process. */
  const behind = new Set<Promise<unknown>>();
  function noted(where: string, work: Promise<unknown>): void {
    const done = work.catch((error) => telemetry.failed(where, error)).finally(() => behind.delete(done));
    behind.add(done);
  }
  const onBreaker: LaneMeans['onBreaker'] = (party) => ({
    onBreak(last) {
      const cause = 'message' in last ? `${last.reason}: ${maskNamesIn(last.message)}` : last.kind;
      noted('breaker', saveBreaker(database, party, processId, 'open', nowMs()));
      noted('alert', alerts.open(party, alerts.kindOf(last), cause));
    },
    onClose() {
      noted('breaker', saveBreaker(database, party, processId, 'closed', nowMs()));
      noted('alert', alerts.close(party, AWAY_KINDS));
    },
  });
  const pause: LaneMeans['pause'] = async (party, { reason, message }) => {
    const why = `${reason}: ${maskNamesIn(message)}`;
    await pauseByHub(database, party, why, nowMs());
    noted('alert', alerts.open(party, 'paused-by-partner', why));
  };
  const lanes = new Map<string, Lane>(
    [...parties.values()].map((party) => [
      party.id,
      createLane({
        ...means,
        ...(justKept && { justKept }),
        party,
        processId,
        settle: settleTogether,
        ringAgain: () => queue.ring([party.id]),
        onBreaker,
        pause,
      }),
    ]),
  );

  const gathered = createIngestQueue(
    (submissions: readonly Submission[], report) => acceptAll(submissions, [], { report }),
    {
      size: BATCH_ITEMS,
      lingerMs: LINGER_MS,
      weigh: (submission) => Math.max(submission.items.length, 1),
      senderOf: ({ party }) => party,
      keysOf: codesNamedBy,
    },
  );
  const acceptTogether = async (submission: Submission): Promise<Accepted> => keptOf(await gathered(submission));

  /**
   * Commit a batch, and do what follows a commit. A batch that met a concurrent change is read and applied anew; one
   * that the database refuses is split, in order, until what it refuses is alone.
   *
   * @param together what is to be kept with all of it: with its last part, and only when all before that are kept
   */
  async function acceptAll(
    submissions: readonly Submission[],
    together: readonly Part[] = [],
    trying: Trying = {},
  ): Promise<readonly (Accepted | NotKept)[]> {
    const { tried = 0, sinceMs = performance.now(), report } = trying;
    try {
      const heeded = await heedBesides(database, acceptMeans, submissions);
      const { accepted, ring, created, learnt, judged } = await acceptBatch(acceptMeans, heeded, together, tried === 0);
      report?.(judged);
      means.lastWrite.kept();
      telemetry.accepted(submissions, accepted, nowMs());
      means.shapes.told(submissions);
      means.onCommit();
      void queue.ring(ring);
      if (created.length > 0) releaseFor(created);
      if (learnt.length > 0) noted('release', releaseCauses(learnt));
      return accepted;
    } catch (error) {
      means.lastWrite.failed(error);
      if (isRetryable(error) && (tried + 1 < TRIES || performance.now() - sinceMs < CONFLICTS_MS)) {
        await pauseAfter(tried, means.random);
        return acceptAll(submissions, together, { ...trying, tried: tried + 1, sinceMs });
      }
      if (!isRefusedByDatabase(error) || submissions.length <= 1) throw error;
      const half = Math.floor(submissions.length / 2);
      const first = await acceptHalf(submissions.slice(0, half), []);
      const isWhole = first.every((one) => !('notKept' in one));
      return [...first, ...(await acceptHalf(submissions.slice(half), isWhole ? together : []))];
    }
  }

  async function acceptHalf(
    half: readonly Submission[],
    together: readonly Part[],
  ): Promise<readonly (Accepted | NotKept)[]> {
    return acceptAll(half, together).catch((notKept) => half.map(() => ({ notKept })));
  }

  /** A page of a pull, with where it ended: all of it, or its own error. */
  async function acceptPage(submissions: readonly Submission[], together: readonly Part[]): Promise<void> {
    for (const one of await acceptAll(submissions, together)) keptOf(one);
  }

  /** Steps that came before their dossier are applied when it comes; one look for all dossiers of a moment. */
  const arrived = new Set<string>();
  function releaseFor(codes: readonly string[]): void {
    if (arrived.size === 0) setTimeout(look, RELEASE_MS).unref();
    for (const code of codes) arrived.add(code);
  }

  function look(): void {
    if (arrived.size === 0) return;
    const codes = [...arrived];
    arrived.clear();
    noted(
      'release',
      loadWaitingFor(database, codes).then((waiting) => letGo(letGoMeans, waiting, JUDGED)),
    );
  }

  /** What these causes held of deliveries is due again, in their order. */
  async function releaseCauses(causeKeys: readonly string[]): Promise<void> {
    const freed = await releaseDeliveries(database, causeKeys, msToInstant(nowMs()));
    await queue.ring(freed);
  }

  const letGoMeans: LetGoMeans = {
    reread: createReread(means),
    accept: acceptTogether,
    waitInstead: (id, cause) => waitInstead(database, id, cause, msToInstant(nowMs())),
    isRetryable,
  };

  /** One order after the other: each has a transaction open while it is worked on. */
  let orders: Promise<void> = Promise.resolve();
  function carryOut(): Promise<void> {
    orders = orders
      .catch(() => undefined)
      .then(() => carryOutResolutions(letGoMeans, means))
      .finally(() => carryOutReplays(means));
    return orders;
  }

  /** One request with a key at a time: the second one finds the first one's receipt. */
  const underKey = new Map<string, Promise<unknown>>();

  async function acceptOnce(submission: KeyedSubmission): Promise<OnceResult> {
    const { party, key, bodyHash } = submission.idempotency;
    const known = await findIdempotent(database, vault, party, key, submission.receivedAt);
    if (known) {
      if (!known.bodyHash.equals(bodyHash)) return { kind: 'other-body' };
      return { kind: 'done', receipt: known.receipt, results: await loadResults(database, known.receipt) };
    }
    try {
      return { kind: 'done', ...(await acceptTogether(submission)) };
    } catch (error) {
      // Another process was first.
      if ((error as { constraint?: string }).constraint === IDEMPOTENCY_CONFLICT) return acceptOnce(submission);
      throw error;
    }
  }

  /** Wake the lanes of all parties that something is due for, whether or not anybody has rung. @returns these parties */
  async function wakeDue(): Promise<readonly string[]> {
    const due = await partiesWithWork(database, [...parties.keys()], nowMs());
    if (means.delivers) for (const party of due) lanes.get(party)?.wake();
    return due;
  }

  return {
    accept: acceptTogether,
    async acceptOnce(submission) {
      const name = `${submission.idempotency.party} ${submission.idempotency.key}`;
      const turn = (underKey.get(name) ?? Promise.resolve()).then(() => acceptOnce(submission));
      const settled = turn
        .catch(() => undefined)
        .finally(() => underKey.get(name) === settled && underKey.delete(name));
      underKey.set(name, settled);
      return turn;
    },
    async refuse(message) {
      try {
        await acceptTogether({ ...message, party: message.party ?? '', items: [] });
      } catch (error) {
        telemetry.failed('refuse', error);
      }
    },
    deliver: (party) => lanes.get(party)?.wake(),
    async deliverDue() {
      await wakeDue();
    },
    pull: (party, name) => runPull({ ...means, keep: acceptPage }, party, name),
    carryOut,
    carryOutReplay: (id) => carryOutReplay(means, id),
    async sweep() {
      // The ring may be heard by a process whose settings do not have the party yet.
      await queue.ring(await wakeDue());
      // What cannot be let go, whatever the reason, holds up no order.
      try {
        await letGo(letGoMeans, await loadReleasable(database, msToInstant(nowMs()), 500), JUDGED);
      } finally {
        await carryOut();
      }
    },
    async idle() {
      await Promise.all([...lanes.values()].map((lane) => lane.idle()));
    },
    async drain(ms) {
      await Promise.all([...lanes.values()].map((lane) => lane.drain(ms)));
      // Nothing that came just now is left to a moment when the database is closed.
      look();
      await Promise.all(behind);
      await means.shapes.flush();
    },
  };
}

/** How often a batch was tried, since when, and who is told of the work that it is. */
interface Trying {
  readonly tried?: number;
  readonly sinceMs?: number;
  readonly report?: (work: number) => void;
}

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;

async function pauseAfter(tried: number, random: () => number): Promise<void> {
  if (tried < PAUSED_FROM) return;
  const ms = Math.min(FIRST_PAUSE_MS * 2 ** (tried - PAUSED_FROM), LONGEST_PAUSE_MS);
  await new Promise((resolve) => setTimeout(resolve, ms * (0.5 + random() / 2)));
}

/** One of a batch that the database refused. */
interface NotKept {
  readonly notKept: unknown;
}

function keptOf(one: Accepted | NotKept): Accepted {
  if ('notKept' in one) throw one.notKept;
  return one;
}

/** Somebody else wrote the same things meanwhile: serialization, deadlock, a key that came to exist. */
function isRetryable(error: unknown): boolean {
  const { code = '', constraint } = error as { code?: string; constraint?: string };
  return ['40001', '40P01', '23505'].includes(code) && constraint !== IDEMPOTENCY_CONFLICT;
}

/** Something in the batch cannot be kept (class 22: data, 23: integrity): the others in it can. */
function isRefusedByDatabase(error: unknown): boolean {
  return /^(22|23|54)/.test((error as { code?: string }).code ?? '');
}
