import { maskErrorText } from '#core/masking/masking';
import { say } from '#messages/message';
import {
  claimReconcile,
  dueReconciles,
  extendReconcile,
  finishReconcile,
  postponeReconcile,
  registerReconciles,
} from '../ledger/reconciles.ts';
import type { Party } from '../parties/party.ts';
import { nextRunMs } from '../parties/schedule.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { NightlyReconcile } from '../scheduler.ts';
import type { Finding } from './judge.ts';
import {
  compareThese,
  type ReconcileDeps,
  type ReconcileOptions,
  type ReconcileReport,
  reconcileParty,
  whyNotAsked,
} from './reconcile.ts';

type Hub = Pick<HubContext, 'database' | 'vault' | 'kinds' | 'nowMs' | 'telemetry' | 'alerts'>;

/** Default: at night, after the catalogues were pulled; Vietnam time. */
const SCHEDULE = '0 30 3 * * *';
/** A random sample: all dossiers come up over the nights, and the partner's load stays small. */
const SAMPLE = 1_000;
/** Lease of a comparison; a running one extends it, a killed process's ends. */
const LEASE_MS = 8_000;
const HEARTBEAT_MS = 2_500;
const AFTER_FAILURE_MS = 1_800_000;

/** Compares with these parties at night, if their adapters can; one of several processes does it. */
export function createNightly(hub: Hub, deps: ReconcileDeps, parties: ReadonlyMap<string, Party>): NightlyReconcile {
  const { database, nowMs } = hub;
  const asked = new Map([...parties.values()].flatMap(askedOf));
  const ending = new AbortController();
  return {
    register: () =>
      registerReconciles(
        database,
        [...asked].map(([party, { schedule }]) => ({ party, firstMs: nextRunMs(schedule, nowMs()) })),
        nowMs(),
      ),
    compares: (party) => asked.has(party),
    async due() {
      const due = await dueReconciles(database, nowMs());
      return due.filter((party) => asked.has(party));
    },
    run: (party) => reconcileNightly(hub, deps, asked.get(party) as Asked, ending.signal),
    stop: () => ending.abort(),
  };
}

export type Reconcile = (party: string, options?: ReconcileOptions) => Promise<ReconcileReport>;

/**
 * Compares with one party on demand.
 * @throws an Error when there is no such party; see reconcileParty
 */
export function createReconcile(hub: Hub, deps: ReconcileDeps, parties: ReadonlyMap<string, Party>): Reconcile {
  return async (id, options) => {
    const party = parties.get(id);
    if (!party) throw new Error(`there is no party ${JSON.stringify(id)}`);
    return reconcileParty(hub, deps, party, options);
  };
}

/** Compares dossiers with what a party now has, until a time is over. Undefined when there is no such party. */
export type CompareAtParty = (party: string, codes: readonly string[]) => Promise<readonly Finding[] | undefined>;

/** An officer waits for the answer. */
const COMPARE_WITHIN_MS = 60_000;

export function createCompareAtParty(
  hub: Hub,
  deps: ReconcileDeps,
  parties: ReadonlyMap<string, Party>,
): CompareAtParty {
  return async (id, codes) => {
    const party = parties.get(id);
    return party && compareThese(hub, deps, party, codes, AbortSignal.timeout(COMPARE_WITHIN_MS));
  };
}

interface Asked {
  readonly party: Party;
  readonly schedule: string;
  readonly sample: number | 'all';
}

/** The schedule of a party's comparison; empty when its adapter offers no look-up or it is switched off. */
function askedOf(party: Party): [id: string, Asked][] {
  if (!party.reconcile || whyNotAsked(party) !== undefined) return [];
  const { schedule = SCHEDULE, sample = SAMPLE } = party.reconcile;
  return [[party.id, { party, schedule, sample }]];
}

/** Compares with a party if it is due and no other process does; an interrupted comparison is repeated. */
async function reconcileNightly(hub: Hub, deps: ReconcileDeps, asked: Asked, signal: AbortSignal): Promise<void> {
  const { party, schedule, sample } = asked;
  const { database, nowMs, telemetry } = hub;
  const token = await claimReconcile(database, party.id, nowMs(), LEASE_MS);
  if (token === undefined) return;
  const heartbeat = setInterval(() => {
    void extendReconcile(database, party.id, token, nowMs() + LEASE_MS).catch((error) =>
      telemetry.failed('heartbeat', error),
    );
  }, HEARTBEAT_MS);
  let error: string | undefined;
  try {
    const report = await reconcileParty(hub, deps, party, { sample: sample !== 'all' ? sample : undefined, signal });
    error = report.error;
    telemetry.log.info({ party: party.id, ...report.counts, agreement: report.agreement, error }, 'reconciled');
    await reportDisagreement(hub, report);
  } catch (thrown) {
    error = maskErrorText((thrown as Error).message);
    telemetry.failed('reconcile', thrown);
  } finally {
    clearInterval(heartbeat);
  }
  const nextMs = nextRunMs(schedule, nowMs());
  if (error === undefined) return finishReconcile(database, party.id, token, nextMs);
  const retryMs = Math.min(nextMs ?? Number.POSITIVE_INFINITY, nowMs() + AFTER_FAILURE_MS);
  await postponeReconcile(database, party.id, token, retryMs);
}

/** One incident as long as both sides disagree. An interrupted comparison closes none. */
async function reportDisagreement({ alerts }: Hub, { party, counts, error }: ReconcileReport): Promise<void> {
  const { agrees, differs, absent, behind } = counts;
  const wrong = differs + absent + behind;
  if (wrong > 0) {
    const cause = say('partners-differ', { count: agrees + wrong, differ: differs, absent, behind, party });
    await alerts.open(party, 'disagreement', cause);
  } else if (error === undefined) await alerts.close(party, ['disagreement']);
}
