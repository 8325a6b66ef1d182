import { type Claimed, extendLeases } from '../ledger/claim.ts';
import type { HubContext } from '../process/hub-context.ts';

/** A killed process's deliveries are free after this time. A live process extends its leases. */
export const LEASE_MS = 8_000;
const HEARTBEAT_MS = 2_500;

/** The deliveries that one worker has leased. */
export interface Leases {
  add(claimed: readonly Claimed[]): void;
  drop(claimed: readonly Claimed[]): void;
  /** Whether a lease taken then (performance.now) ran out, because this process stood still: another one may have it. */
  hasRunOut(leasedMs: number): boolean;
  /** Extends no more. */
  close(): void;
}

export function createLeases({
  database,
  nowMs,
  telemetry,
}: Pick<HubContext, 'database' | 'nowMs' | 'telemetry'>): Leases {
  const leased = new Set<Claimed>();
  let extendedMs = Number.NEGATIVE_INFINITY;
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
  return {
    add(claimed) {
      for (const one of claimed) leased.add(one);
    },
    drop(claimed) {
      for (const one of claimed) leased.delete(one);
    },
    hasRunOut: (leasedMs) => performance.now() - Math.max(leasedMs, extendedMs) > LEASE_MS,
    close: () => clearInterval(heartbeat),
  };
}
