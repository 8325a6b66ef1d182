import type { EntryCache } from '../catalogue/entry-cache.ts';
import { createEntryCache } from '../catalogue/entry-cache.ts';
import { type Claimed, claim, extendLeases } from '../ledger/claim.ts';
import type { CodeEntries } from '../ledger/code-entries.ts';
import type { Party } from '../parties/party.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { PlanDeps } from './dossier-outgoing.ts';
import { type PlannedCall, planCalls } from './plan-calls.ts';

/** Concurrent calls of one process to one partner. */
export const CONCURRENCY = 16;
/** A worker claims ahead as much as the partner takes in this time. For a slow partner it claims nothing ahead. */
const AHEAD_MS = 100;
const MOST_AHEAD = 128;
/**
 * With little due work, claims at this interval take more each. A claim costs the same for one delivery as for many.
 */
const CLAIM_EVERY_MS = 50;
/** How long a claim with several senders makes another one likely, and the room of such a claim, at least. */
const SHARED_MS = 5_000;
const SHARED_ROOM = 4;

/** The deliveries of a killed process are free after this time. A live process extends its leases. */
export const LEASE_MS = 8_000;
const HEARTBEAT_MS = 2_500;

export interface ClaimDeps extends Omit<PlanDeps, 'entries' | 'fetchesFiles' | 'onUnreadable'> {
  /** The operators' code entries. */
  readonly codes: Pick<CodeEntries, 'fresh'>;
  /** Whether the database was restored, so that a delivery may have been sent before. See RestoreWatch. */
  readonly isDoubtful: () => Promise<boolean>;
}

/** Claims due deliveries of one party as planned calls, and extends their leases until they are dropped. */
export class Claims {
  readonly #hub: HubContext;
  readonly #deps: ClaimDeps;
  readonly #party: Party;
  readonly #processId: string;
  readonly #entries: EntryCache;
  /** The leased deliveries, and when each was leased or extended last (performance.now). */
  readonly #leased = new Map<Claimed, number>();
  readonly #heartbeat: NodeJS.Timeout;
  #claimedMs = Number.NEGATIVE_INFINITY;
  #isMoreDue = false;
  /** Until when several senders are likely to have due deliveries (performance.now). */
  #sharedUntilMs = Number.NEGATIVE_INFINITY;
  #lastSender: string | undefined;
  #meanCallMs = Number.POSITIVE_INFINITY;

  constructor(hub: HubContext, deps: ClaimDeps, party: Party, processId: string) {
    this.#hub = hub;
    this.#deps = deps;
    this.#party = party;
    this.#processId = processId;
    this.#entries = createEntryCache(hub.database, hub.nowMs);
    this.#heartbeat = setInterval(() => this.#extendLeases(), HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  /** Whether the last claim was full. Then there is a backlog, and the next claim need not wait. */
  get isMoreDue(): boolean {
    return this.#isMoreDue;
  }

  /**
   * How many calls to claim now, 0 to wait.
   *
   * @param busy running and ready calls
   * @param room how many calls the breaker allows
   */
  limit(busy: number, room: number): number {
    const most = CONCURRENCY + this.#ahead(room);
    const free = Math.min(most - busy, room);
    // One claim for each free call would cost a statement each: wait until half is free. But a sender beside a backlog waits no
    // longer for its claim than it would without one.
    const nowMs = performance.now();
    const isSoon = nowMs < this.#sharedUntilMs && nowMs >= this.#claimedMs + CLAIM_EVERY_MS;
    if (free >= Math.min(most / 2, room)) return free;
    return isSoon ? Math.min(Math.max(free, SHARED_ROOM), room) : 0;
  }

  /** How long to wait before the next claim. Not positive if there is no need to wait. */
  waitMs(): number {
    return this.#isMoreDue ? 0 : this.#claimedMs + CLAIM_EVERY_MS - performance.now();
  }

  /** Claims deliveries for at most `limit` calls. Fewer calls mean that nothing more is due. */
  async claim(limit: number): Promise<readonly PlannedCall[]> {
    await this.#deps.codes.fresh();
    const leasedMs = performance.now();
    this.#claimedMs = leasedMs;
    const claimed = await this.#claimDeliveries(limit);
    for (const one of claimed) this.#leased.set(one, leasedMs);
    try {
      const { originals, recentCommits } = this.#deps;
      const fetchesFiles = this.#hub.fileFetcher !== undefined;
      const onUnreadable = (error: unknown): void => this.#hub.telemetry.failed(`worker of ${this.#party.id}`, error);
      const deps = { originals, recentCommits, fetchesFiles, entries: this.#entries, onUnreadable };
      const calls = await planCalls(this.#hub, deps, this.#party, claimed);
      this.#isMoreDue = calls.length >= limit;
      this.#noteSenders(claimed);
      return calls;
    } catch (error) {
      this.drop(claimed);
      throw error;
    }
  }

  #noteSenders(claimed: readonly Claimed[]): void {
    for (const { sender } of claimed) {
      if (sender !== this.#lastSender && this.#lastSender !== undefined)
        this.#sharedUntilMs = performance.now() + SHARED_MS;
      this.#lastSender = sender;
    }
  }

  /** Stops extending these leases. */
  drop(claimed: readonly Claimed[]): void {
    for (const one of claimed) this.#leased.delete(one);
  }

  /** Whether a lease of a call has expired because this process stood still. Another process may have it now. */
  hasRunOut({ items }: PlannedCall): boolean {
    const oldestMs = performance.now() - LEASE_MS;
    return items.some(({ claimed }) => (this.#leased.get(claimed) ?? Number.NEGATIVE_INFINITY) < oldestMs);
  }

  /** Reports the duration of a call. For a slow partner nothing is claimed ahead. */
  calledFor(tookMs: number): void {
    const ms = Math.max(tookMs, 0.1);
    this.#meanCallMs = Number.isFinite(this.#meanCallMs) ? this.#meanCallMs * 0.9 + ms * 0.1 : ms;
  }

  /** Stops extending all leases. */
  close(): void {
    clearInterval(this.#heartbeat);
  }

  /** A limit of concurrent dossiers counts leased ones, so nothing is leased ahead. */
  #ahead(room: number): number {
    if (room < CONCURRENCY || this.#party.budget.concurrency !== undefined) return 0;
    return Math.min(Math.floor((CONCURRENCY * AHEAD_MS) / this.#meanCallMs), MOST_AHEAD);
  }

  async #claimDeliveries(limit: number): Promise<readonly Claimed[]> {
    const { id, carries, budget } = this.#party;
    const claimed = await claim(this.#hub.database, {
      party: id,
      process: this.#processId,
      nowMs: this.#hub.nowMs(),
      leaseMs: LEASE_MS,
      limit,
      carries,
      atOnce: budget.concurrency,
    });
    // A new connection may lead to a restored database, which is checked only after the claim.
    const isDoubtful = claimed.length > 0 && (await this.#deps.isDoubtful());
    return isDoubtful ? claimed.map((one) => ({ ...one, doubt: true })) : claimed;
  }

  #extendLeases(): void {
    if (this.#leased.size === 0) return;
    const { database, nowMs, telemetry } = this.#hub;
    const startedMs = performance.now();
    const leased = [...this.#leased.keys()];
    void extendLeases(database, leased, nowMs() + LEASE_MS)
      .then((extended) => {
        // Those that were dropped meanwhile stay so.
        for (const one of leased) if (extended.has(one.id) && this.#leased.has(one)) this.#leased.set(one, startedMs);
      })
      .catch((error) => telemetry.failed('heartbeat', error));
  }
}
