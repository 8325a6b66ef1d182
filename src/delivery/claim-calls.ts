import type { EntryCache } from '../catalogue/entry-cache.ts';
import { createEntryCache } from '../catalogue/entry-cache.ts';
import { type Claimed, claim, extendLeases } from '../ledger/claim.ts';
import type { CodeEntries } from '../ledger/code-entries.ts';
import type { Party } from '../parties/party.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { PlanDeps } from './dossier-outgoing.ts';
import { type PlannedCall, planCalls } from './plan-calls.ts';

/** Calls of one process at one partner under way at once. */
export const CONCURRENCY = 16;
/** A worker claims as much ahead as the partner takes in this time. For a slow partner it claims nothing ahead. */
const AHEAD_MS = 100;
const MOST_AHEAD = 128;
/** While little is due, claims this far apart take more each: a claim costs the same for one delivery as for many. */
const CLAIM_EVERY_MS = 50;

/** A killed process's deliveries are free after this time. A live process extends its leases. */
export const LEASE_MS = 8_000;
const HEARTBEAT_MS = 2_500;

export interface ClaimDeps extends Omit<PlanDeps, 'entries'> {
  /** What operators entered in the code tables. */
  readonly codes: Pick<CodeEntries, 'fresh'>;
  /** Whether a delivery sent now may have been sent before, because the database was restored; see RestoreWatch. */
  readonly isDoubtful: () => Promise<boolean>;
}

/** A call that waits to be made, and since when its deliveries are leased (performance.now). */
export interface ReadyCall {
  readonly call: PlannedCall;
  readonly leasedMs: number;
}

/** Claims what is due for one party, as calls that are ready to be made, and keeps the leases while they are. */
export class Claims {
  readonly #hub: HubContext;
  readonly #deps: ClaimDeps;
  readonly #party: Party;
  readonly #processId: string;
  readonly #entries: EntryCache;
  readonly #leased = new Set<Claimed>();
  readonly #heartbeat: NodeJS.Timeout;
  #extendedMs = Number.NEGATIVE_INFINITY;
  #claimedMs = Number.NEGATIVE_INFINITY;
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

  /** How many calls to claim now; 0 to wait. @param busy calls under way or ready @param room what the breaker lets through */
  limit(busy: number, room: number): number {
    const most = CONCURRENCY + this.#ahead(room);
    const free = Math.min(most - busy, room);
    // One claim for each free call would cost a statement each: wait until half is free.
    return free < Math.min(most / 2, room) ? 0 : free;
  }

  /** How long to wait before the next claim; not positive when there is nothing to wait for. */
  waitMs(): number {
    return this.#claimedMs + CLAIM_EVERY_MS - performance.now();
  }

  /** Claims deliveries for at most so many calls. Fewer calls than the limit mean that nothing more is due. */
  async claim(limit: number): Promise<readonly ReadyCall[]> {
    await this.#deps.codes.fresh();
    const leasedMs = performance.now();
    this.#claimedMs = leasedMs;
    const claimed = await this.#claimDeliveries(limit);
    for (const one of claimed) this.#leased.add(one);
    try {
      const { originals, recentCommits } = this.#deps;
      const deps = { originals, recentCommits, entries: this.#entries };
      const calls = await planCalls(this.#hub, deps, this.#party, claimed);
      // There may be more: the next claim need not wait.
      if (calls.length >= limit) this.#claimedMs = Number.NEGATIVE_INFINITY;
      return calls.map((call) => ({ call, leasedMs }));
    } catch (error) {
      this.drop(claimed);
      throw error;
    }
  }

  /** Extends these leases no more. */
  drop(claimed: readonly Claimed[]): void {
    for (const one of claimed) this.#leased.delete(one);
  }

  /** Whether the lease of a call ran out, because this process stood still: another one may have it. */
  hasRunOut({ leasedMs }: ReadyCall): boolean {
    return performance.now() - Math.max(leasedMs, this.#extendedMs) > LEASE_MS;
  }

  /** Reports how long a call took: a slow partner gets nothing claimed ahead. */
  calledFor(tookMs: number): void {
    const ms = Math.max(tookMs, 0.1);
    this.#meanCallMs = Number.isFinite(this.#meanCallMs) ? this.#meanCallMs * 0.9 + ms * 0.1 : ms;
  }

  /** Extends no lease any more. */
  close(): void {
    clearInterval(this.#heartbeat);
  }

  /** A budget of dossiers at once counts what is leased, so nothing is leased ahead. */
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
    void extendLeases(database, [...this.#leased], nowMs() + LEASE_MS)
      .then(() => {
        this.#extendedMs = startedMs;
      })
      .catch((error) => telemetry.failed('heartbeat', error));
  }
}
