import type { Budget } from '../parties/party.ts';

/** Calls of one process at one partner under way at once. */
export const CONCURRENCY = 16;
/** A worker claims as much ahead as the partner takes in this time. For a slow partner it claims nothing ahead. */
const AHEAD_MS = 100;
const MOST_AHEAD = 128;
/** While little is due, claims this far apart take more each: a claim costs the same for one delivery as for many. */
const CLAIM_EVERY_MS = 50;

/** How much a worker claims, and when. */
export interface ClaimPace {
  /** How many deliveries to claim now; 0 to wait. @param busy calls under way or ready @param room what the breaker lets through */
  limit(busy: number, room: number): number;
  /** How long to wait before the next claim; not positive when there is nothing to wait for. */
  waitMs(): number;
  claimed(): void;
  /** The last claim found as much as it asked for: the next one need not wait. */
  foundAll(): void;
  calledFor(tookMs: number): void;
}

export function createClaimPace({ concurrency }: Budget): ClaimPace {
  let meanCallMs = Number.POSITIVE_INFINITY;
  let claimedMs = Number.NEGATIVE_INFINITY;

  /** A budget of dossiers at once counts what is leased, so nothing is leased ahead. */
  function ahead(room: number): number {
    if (room < CONCURRENCY || concurrency !== undefined) return 0;
    return Math.min(Math.floor((CONCURRENCY * AHEAD_MS) / meanCallMs), MOST_AHEAD);
  }

  return {
    limit(busy, room) {
      const most = CONCURRENCY + ahead(room);
      const free = Math.min(most - busy, room);
      // One claim for each free call would cost a statement each: wait until half is free.
      return free < Math.min(most / 2, room) ? 0 : free;
    },
    waitMs: () => claimedMs + CLAIM_EVERY_MS - performance.now(),
    claimed() {
      claimedMs = performance.now();
    },
    foundAll() {
      claimedMs = Number.NEGATIVE_INFINITY;
    },
    calledFor(tookMs) {
      const ms = Math.max(tookMs, 0.1);
      meanCallMs = Number.isFinite(meanCallMs) ? meanCallMs * 0.9 + ms * 0.1 : ms;
    },
  };
}
