import { setImmediate } from 'node:timers/promises';
import { asksToPause, type Pausing } from '#core/dossier/settle';
import { nextCallTurn } from '../concurrency/yielding.ts';
import { type Claimed, giveBack } from '../ledger/claim.ts';
import { retryWaiting, type Settled } from '../ledger/settle.ts';
import type { Accepted, Submission } from '../ledger/submission.ts';
import type { Party } from '../parties/party.ts';
import type { HubContext } from '../process/hub-context.ts';
import { acceptAnswers } from './answers.ts';
import { type AttemptDeps, attemptCall } from './attempt.ts';
import { type Breaker, type BreakerDeps, createBreaker, type Made } from './breaker.ts';
import { type ClaimDeps, Claims, CONCURRENCY, LEASE_MS } from './claim-calls.ts';
import { createHealth, type Health } from './health.ts';
import type { PlannedCall } from './plan-calls.ts';
import { ReadyCalls } from './ready-calls.ts';
import { createSettleBuffer, type SettleBuffer } from './settle-buffer.ts';

/** Shared by all workers of a process. */
export interface WorkerDeps extends AttemptDeps, ClaimDeps {
  /** Whether this process delivers. */
  readonly delivers: boolean;
  /** Accepts a message: an answer of a partner may say something of a record. */
  readonly accept: (submission: Submission) => Promise<Accepted>;
}

/** Callbacks for a partner's state. */
export interface PartyReports extends Pick<BreakerDeps, 'onBreak' | 'onClose'> {
  /** Pauses the party. Resolves when every process knows. */
  readonly pause: (outcome: Pausing) => Promise<void>;
}

export interface PartyWorkerDeps extends PartyReports {
  readonly party: Party;
  readonly processId: string;
  readonly settle: (settled: readonly Settled[]) => Promise<unknown>;
  /** Notifies other processes that more may be due than this one claimed. */
  readonly notifyOthers: () => Promise<void>;
}

/** If more outcomes than this wait to be stored, nothing more is claimed. */
const MOST_UNSETTLED = 500;

/**
 * Delivers to one party in this process. A slow party delays only its own worker.
 *
 * A claim leases due deliveries as ready calls, each call is attempted, its outcome is stored, and that wakes the worker for the next
 * claim. Whatever ends calls `#proceed`, which starts all that can begin now. Without room (breaker, maintenance, pause, drain)
 * ready calls return their leases.
 */
export class PartyWorker {
  readonly #hub: HubContext;
  readonly #shared: WorkerDeps;
  readonly #own: PartyWorkerDeps;
  readonly #breaker: Breaker;
  readonly #health: Health;
  readonly #claims: Claims;
  /** Deliveries may be due that no claim has looked for. */
  #isWoken = false;
  #isClaiming = false;
  /** Wakes a claim that waits for its time. */
  #timer: NodeJS.Timeout | undefined;
  /** Claimed calls that have not begun. */
  readonly #ready = new ReadyCalls();
  /** One of them starts in a later turn of the event loop. */
  #isNextScheduled = false;
  #runningCalls = 0;
  /** Outcomes that are not stored yet. */
  readonly #unsettled: SettleBuffer;
  /** Running statements that return leases. */
  #givingBack = 0;
  /** Pauses that are not stored yet. Nothing is claimed meanwhile. */
  #pausing = 0;
  /** After the breaker has closed, resolves when waiting deliveries are due again. */
  #retrying: Promise<void> = Promise.resolve();
  #isDraining = false;
  /** The process is about to end, too late to store an outcome. */
  #hasLeft = false;
  #whenIdle: (() => void)[] = [];

  constructor(hub: HubContext, shared: WorkerDeps, own: PartyWorkerDeps) {
    const { party } = own;
    this.#hub = hub;
    this.#shared = shared;
    this.#own = own;
    this.#health = createHealth(hub, party.id);
    this.#claims = new Claims(hub, shared, party, own.processId);
    this.#breaker = createBreaker({
      windows: party.maintenance,
      nowMs: hub.nowMs,
      retryDelaysMs: shared.retryDelaysMs,
      onBreak: own.onBreak,
      onClose: () => this.#breakerClosed(),
    });
    this.#unsettled = createSettleBuffer({
      settle: own.settle,
      onStored: (settled) => this.#report(settled),
      onFailed: (error) => hub.telemetry.failed('settle', error),
      onDone: (settled) => this.#settled(settled),
    });
  }

  /** Starts to deliver due work. */
  wake(): void {
    this.#isWoken = true;
    this.#proceed();
  }

  /**
   * Makes a call beside the deliveries, through the same breaker. Undefined if the party is away, in maintenance or asked for a
   * pause: then no call is made.
   */
  async beside<M extends Made>(call: () => Promise<M>): Promise<M | undefined> {
    if (this.#isDraining || this.#breaker.room() === 0) return undefined;
    // Its requests are not recorded: a refusal counts as the partner's own.
    const [made] = (await this.#breaker.run(async () => [{ ...(await call()), isAnswered: true }])) ?? [];
    if (made) this.#health.note(made);
    return made;
  }

  /** Resolves when nothing is running. */
  idle(): Promise<void> {
    return this.#isIdle() ? Promise.resolve() : new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Resolves when all running calls are done, or after `ms`. Deliveries without an outcome by then stay leased. */
  async drain(ms: number): Promise<void> {
    this.#isDraining = true;
    clearTimeout(this.#timer);
    this.#proceed();
    this.#unsettled.flush();
    await Promise.race([this.idle(), new Promise((resolve) => setTimeout(resolve, ms).unref())]);
    this.#hasLeft = true;
    this.#claims.close();
    await this.#health.flush();
  }

  /** Starts ready calls and claims more. Called whenever something has ended. */
  #proceed(): void {
    const room = this.#room();
    if (room === 0) {
      this.#isWoken = false;
      this.#giveBack(this.#ready.takeAll());
    }
    this.#startCalls(room);
    if (this.#isWoken && !this.#isClaiming) this.#claim(room);
    if (this.#isIdle()) {
      for (const resolve of this.#whenIdle) resolve();
      this.#whenIdle = [];
    }
  }

  /** How many calls may begin: none, a trial call of the breaker, or any number. */
  #room(): number {
    return this.#isDraining || this.#pausing > 0 ? 0 : this.#breaker.room();
  }

  #isIdle(): boolean {
    const underWay = this.#runningCalls + this.#ready.length + this.#givingBack + this.#unsettled.size();
    return !this.#isWoken && !this.#isClaiming && underWay === 0;
  }

  /** Starts a call at once if none is running. Of many calls it starts one a turn, so that other work waits for one only. */
  #startCalls(room: number): void {
    if (this.#isNextScheduled) return;
    if (this.#runningCalls === 0) this.#startNext();
    if (room <= 1 || this.#ready.length === 0 || this.#runningCalls >= CONCURRENCY) return;
    this.#isNextScheduled = true;
    // A backlog gives way to light senders.
    void (this.#claims.isMoreDue ? nextCallTurn() : setImmediate()).then(() => {
      this.#isNextScheduled = false;
      if (this.#room() > 0) this.#startNext();
      this.#proceed();
    });
  }

  /** Starts the next ready call. Leaves those whose lease has run out to the process that may have them now. */
  #startNext(): void {
    let call = this.#ready.take();
    while (call && this.#claims.hasRunOut(call)) {
      this.#claims.drop(claimedIn([call]));
      call = this.#ready.take();
    }
    if (call) this.#start(call);
  }

  #claim(room: number): void {
    const limit = this.#claims.limit(this.#runningCalls + this.#ready.length, room);
    if (limit <= 0 || this.#unsettled.size() > MOST_UNSETTLED) return;
    const waitMs = this.#claims.waitMs();
    if (waitMs > 0) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#proceed();
      }, waitMs);
      return;
    }
    this.#isWoken = false;
    this.#isClaiming = true;
    void this.#claimCalls(limit)
      .catch((error) => this.#hub.telemetry.failed(`worker of ${this.#own.party.id}`, error))
      .finally(() => {
        this.#isClaiming = false;
        this.#proceed();
      });
  }

  async #claimCalls(limit: number): Promise<void> {
    this.#ready.add(await this.#claims.claim(limit));
    if (!this.#claims.isMoreDue) return;
    // For this process at once, and for others.
    this.#isWoken = true;
    void this.#own.notifyOthers();
  }

  #start(call: PlannedCall): void {
    const startedMs = performance.now();
    this.#runningCalls++;
    void this.#attempt(call)
      .catch((error) => {
        this.#hub.telemetry.failed('attempt', error);
        this.#claims.drop(claimedIn([call]));
      })
      .finally(() => {
        this.#runningCalls--;
        this.#claims.calledFor(performance.now() - startedMs);
        this.#proceed();
      });
  }

  async #attempt(call: PlannedCall): Promise<void> {
    const settled = await this.#breaker.run(async () => {
      const made = await attemptCall(this.#hub, this.#shared, this.#own.party, call);
      await this.#pauseIfAsked(made);
      await acceptAnswers(this.#hub, this.#shared.accept, this.#own.party, made);
      return made;
    });
    // The call that closed the breaker keeps its leases meanwhile, so that what it could not deliver waits and is not retried at once.
    await this.#retrying;
    if (this.#hasLeft) return;
    if (settled) this.#unsettled.add(settled, this.#runningCalls === 1 && this.#ready.length === 0);
    // The breaker opened between the claim and the call.
    else this.#giveBack([call]);
  }

  /** Pauses first, so that every later claim sees the pause. */
  async #pauseIfAsked(settled: readonly Settled[]): Promise<void> {
    const asking = settled.map(({ outcome }) => outcome).find(asksToPause);
    if (!asking) return;
    this.#pausing++;
    await this.#own
      .pause(asking)
      .catch((error) => this.#hub.telemetry.failed('pause', error))
      .finally(() => this.#pausing--);
  }

  /** Makes claimed deliveries due again without an attempt: at once if this process ends, so that others can take them. */
  #giveBack(calls: readonly PlannedCall[]): void {
    if (calls.length === 0) return;
    const { database, nowMs, telemetry } = this.#hub;
    const claimed = claimedIn(calls);
    this.#givingBack++;
    void giveBack(database, claimed, this.#isDraining ? nowMs() : nowMs() + LEASE_MS)
      .catch((error) => telemetry.failed('give back', error))
      .finally(() => {
        this.#givingBack--;
        this.#claims.drop(claimed);
        this.#proceed();
      });
  }

  #report(settled: readonly Settled[]): void {
    for (const one of settled) {
      this.#hub.telemetry.attempted(one);
      this.#health.note(one);
    }
  }

  /** The next delivery of the same dossier may be due now. */
  #settled(settled: readonly Settled[]): void {
    this.#claims.drop(settled.map(({ claimed }) => claimed));
    this.wake();
  }

  #breakerClosed(): void {
    const { database, nowMs, telemetry } = this.#hub;
    this.#own.onClose();
    // A process that only asks questions delivers nothing: the sweep of another one finds what is due.
    if (!this.#shared.delivers) return;
    this.#retrying = retryWaiting(database, this.#own.party.id, Math.max(nowMs(), this.#breaker.pausedUntilMs()))
      .then(() => this.wake())
      .catch((error) => telemetry.failed('retry waiting', error));
  }
}

function claimedIn(calls: readonly PlannedCall[]): readonly Claimed[] {
  return calls.flatMap(({ items }) => items.map(({ claimed }) => claimed));
}
