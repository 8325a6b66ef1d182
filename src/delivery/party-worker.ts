import { asksToPause, type Pausing } from '#core/dossier/settle';
import { createEntryCache } from '../catalogue/entry-cache.ts';
import type { Database } from '../database/pool.ts';
import type { WireRecord } from '../kit/http/http.ts';
import { type Claimed, claim, extendLeases, giveBack } from '../ledger/claim.ts';
import type { CodeEntries } from '../ledger/code-entries.ts';
import { retryWaiting, type Settled } from '../ledger/settle.ts';
import type { ShapeWatch } from '../observe/payload-shapes.ts';
import type { Telemetry } from '../observe/telemetry.ts';
import type { Party } from '../parties/party.ts';
import type { Vault } from '../secrets/vault.ts';
import { attemptCall } from './attempt.ts';
import { type BreakerDeps, createBreaker, isCircuitOpen } from './breaker.ts';
import { createHealth } from './health.ts';
import type { Originals } from './originals.ts';
import { type PlannedCall, planCalls } from './plan-calls.ts';
import type { RecentCommits } from './recent-commits.ts';
import { createSettleBuffer } from './settle-buffer.ts';

export interface PartyWorkerDeps {
  readonly database: Database;
  readonly vault: Vault;
  readonly party: Party;
  readonly processId: string;
  /** What operators have entered of the code tables. */
  readonly codes: CodeEntries;
  readonly originals: Originals;
  readonly justKept?: RecentCommits;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly retryDelaysMs: readonly number[];
  readonly settle: (settled: readonly Settled[]) => Promise<unknown>;
  /** Say that there may be more than this process took, so that another one helps. */
  readonly ringAgain: () => Promise<void>;
  readonly telemetry: Telemetry;
  readonly shapes: ShapeWatch;
  /** What to do when a party's breaker opens and closes. */
  readonly onBreaker: (party: string) => Pick<BreakerDeps, 'onBreak' | 'onClose'>;
  /** Whether what is told now may have been told before, for the database was put back; see HomeWatch. */
  readonly isDoubtful: () => Promise<boolean>;
  /** Pause a party that wants to be called no more; resolves when every process knows it. */
  readonly pause: (party: string, outcome: Pausing) => Promise<void>;
}

/** All that this process does for one party. A slow party holds up its own worker and nobody else's. */
export interface PartyWorker {
  wake(): void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  /** Resolves when what was under way is done, or after `ms`: what came of nothing by then stays leased. */
  drain(ms: number): Promise<void>;
}

const CONCURRENCY = 16;
/** A killed process's deliveries are free after this; a live one extends its leases all the time. */
const LEASE_MS = 8_000;
const HEARTBEAT_MS = 2_500;
/** What is claimed ahead of the calls is what the partner takes in this time: a slow one gets nothing ahead. */
const AHEAD_MS = 100;
const MOST_AHEAD = 128;
/** While little is due, claims this far apart take more each: one costs as much for one delivery as for many. */
const CLAIM_EVERY_MS = 50;
/** So much may wait to be settled, until no more is claimed. */
const MOST_UNSETTLED = 500;

/** A call that waits for its turn, and since when what it carries is leased. */
interface Ready {
  readonly call: PlannedCall;
  readonly leasedMs: number;
}

export function createPartyWorker(means: PartyWorkerDeps): PartyWorker {
  const { database, party, processId, nowMs, telemetry } = means;
  const leased = new Set<Claimed>();
  const ready: Ready[] = [];
  const { onBreak, onClose } = means.onBreaker(party.id);
  const gate = createBreaker({
    windows: party.maintenance,
    nowMs,
    retryDelaysMs: means.retryDelaysMs,
    onBreak,
    onClose() {
      onClose();
      void retryWaiting(database, party.id, Math.max(nowMs(), gate.askedUntilMs()))
        .then(wake)
        .catch((error) => telemetry.failed('retry waiting', error));
    },
  });
  const health = createHealth(means, party.id);
  const entries = createEntryCache(database, nowMs);
  const unsettled = createSettleBuffer({
    settle: means.settle,
    onKept(settled) {
      for (const one of settled) {
        telemetry.attempted(one);
        health.note(one.outcome);
      }
    },
    onFailed: (error) => telemetry.failed('settle', error),
    onDone(settled) {
      for (const { claimed } of settled) leased.delete(claimed);
      // What came behind it may be due now.
      wake();
    },
  });
  /** Calls on the line, and statements that claim or give back. */
  let calling = 0;
  let claiming = false;
  let givingBack = 0;
  let woken = false;
  let draining = false;
  /** Calls whose answer was that the partner wants no more, until that is kept: what is claimed meanwhile is given back. */
  let pausing = 0;
  /** Whether it is too late to keep what comes of a call: the process is about to end. */
  let hasLeft = false;
  let meanCallMs = Number.POSITIVE_INFINITY;
  let claimedMs = Number.NEGATIVE_INFINITY;
  let extendedMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let whenIdle: (() => void)[] = [];

  const heartbeat = setInterval(() => {
    if (leased.size === 0) return;
    const startedMs = performance.now();
    void extendLeases(database, [...leased], nowMs() + LEASE_MS)
      .then(() => {
        extendedMs = startedMs;
      })
      .catch((error) => telemetry.failed('heartbeat', error));
  }, HEARTBEAT_MS);
  heartbeat.unref();

  /** Make the calls that are ready, and claim more beside them, until nothing is due. Called whenever something ended. */
  function go(): void {
    const room = draining || pausing > 0 ? 0 : gate.room();
    if (room === 0) {
      woken = false;
      giveBackReady();
    }
    for (let left = room; left > 0 && ready.length > 0 && calling < CONCURRENCY; left--) start(ready.shift() as Ready);
    if (woken && !claiming) claimSome(room);
    if (isIdle()) {
      for (const resolve of whenIdle) resolve();
      whenIdle = [];
    }
  }

  function isIdle(): boolean {
    return !woken && !claiming && calling + ready.length + givingBack + unsettled.size() === 0;
  }

  function claimSome(room: number): void {
    const most = CONCURRENCY + ahead(room);
    const free = Math.min(most - calling - ready.length, room);
    // Claiming one by one costs statements each: wait until half is free.
    if (free < Math.min(most / 2, room) || unsettled.size() > MOST_UNSETTLED) return;
    const waitMs = claimedMs + CLAIM_EVERY_MS - performance.now();
    if (waitMs > 0) {
      timer ??= setTimeout(() => {
        timer = undefined;
        go();
      }, waitMs);
      return;
    }
    woken = false;
    claiming = true;
    void claimCalls(free)
      .catch((error) => telemetry.failed(`worker of ${party.id}`, error))
      .finally(() => {
        claiming = false;
        go();
      });
  }

  /** Where dossiers at once are counted, what waits would count as well. */
  function ahead(room: number): number {
    if (room < CONCURRENCY || party.budget.concurrency !== undefined) return 0;
    return Math.min(Math.floor((CONCURRENCY * AHEAD_MS) / meanCallMs), MOST_AHEAD);
  }

  async function claimCalls(limit: number): Promise<void> {
    await means.codes.fresh();
    const leasedMs = performance.now();
    claimedMs = leasedMs;
    const leasedNow = await claim(database, {
      party: party.id,
      process: processId,
      nowMs: nowMs(),
      leaseMs: LEASE_MS,
      limit,
      carries: party.carries,
      ...(party.budget.concurrency !== undefined && { atOnce: party.budget.concurrency }),
    });
    // What was claimed by a connection that is new was claimed before anybody could look where it leads.
    const isDoubtful = leasedNow.length > 0 && (await means.isDoubtful());
    const claimed = isDoubtful ? leasedNow.map((one) => ({ ...one, doubt: true })) : leasedNow;
    for (const one of claimed) leased.add(one);
    try {
      const calls = await planCalls({ ...means, entries }, party, claimed);
      for (const call of calls) ready.push({ call, leasedMs });
      if (calls.length < limit) return;
      // There may be more: for this process at once, and for others.
      woken = true;
      claimedMs = Number.NEGATIVE_INFINITY;
      void means.ringAgain();
    } catch (error) {
      for (const one of claimed) leased.delete(one);
      throw error;
    }
  }

  function start({ call, leasedMs }: Ready): void {
    // This process stood still: another one may have taken it over.
    if (performance.now() - Math.max(leasedMs, extendedMs) > LEASE_MS) {
      forget(call);
      return;
    }
    const startedMs = performance.now();
    calling++;
    void attempt(call)
      .catch((error) => {
        telemetry.failed('attempt', error);
        forget(call);
      })
      .finally(() => {
        calling--;
        const tookMs = Math.max(performance.now() - startedMs, 0.1);
        meanCallMs = Number.isFinite(meanCallMs) ? meanCallMs * 0.9 + tookMs * 0.1 : tookMs;
        go();
      });
  }

  function forget(call: PlannedCall): void {
    for (const { claimed } of call.items) leased.delete(claimed);
  }

  async function attempt(call: PlannedCall): Promise<void> {
    const settled = await gate
      .pass(async () => {
        const made = await attemptCall({ ...means, onBug, onWire, headersOf: telemetry.headersOf }, party, call);
        await heedPause(made);
        return made;
      })
      .catch((error) => {
        if (isCircuitOpen(error)) return undefined;
        throw error;
      });
    if (hasLeft) return;
    if (settled) unsettled.add(settled, calling === 1 && ready.length === 0);
    // The breaker opened between the claim and the call.
    else leave([call]);
  }

  /** Before anything else follows from the call: what is claimed after it is of a paused party. */
  async function heedPause(settled: readonly Settled[]): Promise<void> {
    const asking = settled.map(({ outcome }) => outcome).find(asksToPause);
    if (!asking) return;
    pausing++;
    await means
      .pause(party.id, asking)
      .catch((error) => telemetry.failed('pause', error))
      .finally(() => pausing--);
  }

  const onBug = (error: unknown): void => telemetry.failed(`adapter of ${party.id}`, error);
  const onWire = (operation: string, wire: WireRecord): void => means.shapes.answered(party.id, operation, wire);

  /** What was claimed and is not tried is due again: for others at once when this process ends. */
  function giveBackReady(): void {
    if (ready.length > 0) leave(ready.splice(0).map(({ call }) => call));
  }

  function leave(calls: readonly PlannedCall[]): void {
    const claimed = calls.flatMap(({ items }) => items.map((item) => item.claimed));
    givingBack++;
    void giveBack(database, claimed, draining ? nowMs() : nowMs() + LEASE_MS)
      .catch((error) => telemetry.failed('give back', error))
      .finally(() => {
        givingBack--;
        for (const one of claimed) leased.delete(one);
        go();
      });
  }

  function wake(): void {
    woken = true;
    go();
  }

  function idle(): Promise<void> {
    return isIdle() ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve));
  }

  return {
    wake,
    idle,
    async drain(ms) {
      draining = true;
      clearTimeout(timer);
      go();
      unsettled.flush();
      await Promise.race([idle(), new Promise((resolve) => setTimeout(resolve, ms).unref())]);
      hasLeft = true;
      clearInterval(heartbeat);
      await health.flush();
    },
  };
}
