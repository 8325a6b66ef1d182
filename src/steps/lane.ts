import type { Database } from '../database/pool.ts';
import type { WireRecord } from '../kit/http.ts';
import { type Claimed, claim, extendLeases, giveBack } from '../ledger/claim.ts';
import type { CodeEntries } from '../ledger/code-entries.ts';
import { retryWaiting, type Settled } from '../ledger/settle.ts';
import type { Party } from '../parties.ts';
import type { ShapeWatch } from '../shape-watch.ts';
import type { Telemetry } from '../telemetry.ts';
import type { Vault } from '../vault.ts';
import { makeCall } from './call.ts';
import { type PlannedCall, planCalls } from './deliver.ts';
import { createGate, type GateMeans, isClosedTo } from './gate.ts';
import { createHealth } from './health.ts';

export interface LaneMeans {
  readonly database: Database;
  readonly vault: Vault;
  readonly party: Party;
  readonly processId: string;
  /** What operators have entered of the code tables. */
  readonly codes: CodeEntries;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly retryDelaysMs: readonly number[];
  readonly settle: (settled: Settled) => Promise<unknown>;
  /** Say that there may be more than this process took, so that another one helps. */
  readonly ringAgain: () => Promise<void>;
  readonly telemetry: Telemetry;
  readonly shapes: ShapeWatch;
  /** What to do when a party's breaker opens and closes. */
  readonly onBreaker: (party: string) => Pick<GateMeans, 'onBreak' | 'onClose'>;
}

/** All that this process does for one party. A slow party holds up its own lane and nobody else's. */
export interface Lane {
  wake(): void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  drain(): Promise<void>;
}

const CONCURRENCY = 16;
/** A killed process's deliveries are free after this; a live one extends its leases all the time. */
const LEASE_MS = 8_000;
const HEARTBEAT_MS = 2_500;

export function createLane(means: LaneMeans): Lane {
  const { database, party, processId, nowMs, telemetry } = means;
  const underWay = new Set<Promise<void>>();
  const leased = new Set<Claimed>();
  const { onBreak, onClose } = means.onBreaker(party.id);
  const gate = createGate({
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
  let woken = false;
  let ring = (): void => undefined;
  let running: Promise<void> | undefined;
  let draining = false;

  const heartbeat = setInterval(() => {
    if (leased.size > 0)
      void extendLeases(database, [...leased], nowMs() + LEASE_MS).catch((error) =>
        telemetry.failed('heartbeat', error),
      );
  }, HEARTBEAT_MS);
  heartbeat.unref();

  /** Claim and call until nothing is due. A call that takes long holds up nobody: a ring is heard meanwhile. */
  async function run(): Promise<void> {
    while ((woken || underWay.size > 0) && !draining) {
      woken = false;
      const free = Math.min(CONCURRENCY - underWay.size, gate.room());
      // Claiming one by one costs a statement each: wait until half of the lane is free.
      const calls = free >= Math.min(CONCURRENCY / 2, gate.room()) && free > 0 ? await claimCalls(free) : [];
      for (const call of calls) start(call);
      if (underWay.size > 0) await Promise.race([...underWay, nextRing()]);
    }
  }

  function nextRing(): Promise<void> {
    return new Promise((resolve) => {
      ring = resolve;
      if (woken) resolve();
    });
  }

  async function claimCalls(limit: number): Promise<readonly PlannedCall[]> {
    await means.codes.fresh();
    const now = nowMs();
    const claimed = await claim(database, {
      party: party.id,
      process: processId,
      nowMs: now,
      leaseMs: LEASE_MS,
      limit,
      carries: party.carries,
      ...(party.budget.concurrency !== undefined && { atOnce: party.budget.concurrency }),
    });
    for (const one of claimed) leased.add(one);
    try {
      const calls = await planCalls(means, party, claimed);
      if (calls.length >= limit) void means.ringAgain();
      return calls;
    } catch (error) {
      for (const one of claimed) leased.delete(one);
      throw error;
    }
  }

  function start(call: PlannedCall): void {
    const done = attempt(call)
      .catch((error) => telemetry.failed('settle', error))
      .finally(() => {
        underWay.delete(done);
        // What came behind it may be due now.
        woken = true;
        for (const { claimed } of call.items) leased.delete(claimed);
      });
    underWay.add(done);
  }

  async function attempt(call: PlannedCall): Promise<void> {
    const onBug = (error: unknown): void => telemetry.failed(`adapter of ${party.id}`, error);
    const onWire = (wire: WireRecord): void => means.shapes.answered(party.id, call.operation, wire);
    const settled = await gate
      .pass(() => makeCall({ ...means, onBug, onWire }, party, call))
      .catch((error) => {
        if (isClosedTo(error)) return undefined;
        throw error;
      });
    // The breaker opened between the claim and the call.
    if (!settled)
      return giveBack(
        database,
        call.items.map((item) => item.claimed),
        nowMs() + LEASE_MS,
      );
    await Promise.all(settled.map((one) => means.settle(one)));
    for (const one of settled) {
      telemetry.attempted(one);
      health.note(one.outcome);
    }
  }

  function wake(): void {
    woken = true;
    ring();
    if (draining) return;
    running ??= run()
      .catch((error) => telemetry.failed(`lane of ${party.id}`, error))
      .finally(() => {
        running = undefined;
        // Woken while it was ending.
        if (woken) wake();
      });
  }

  return {
    wake,
    async idle() {
      while (running) await running;
    },
    async drain() {
      draining = true;
      ring();
      clearInterval(heartbeat);
      await running;
      await Promise.all(underWay);
      await health.flush();
    },
  };
}
