import { randomUUID } from 'node:crypto';
import { maskNamesIn } from '#core/masking/masking';
import type { Background } from '../concurrency/background.ts';
import { partiesWithWork } from '../ledger/deliveries.ts';
import { AWAY_KINDS } from '../ledger/incidents.ts';
import { saveBreaker } from '../ledger/party-states.ts';
import type { Alerts } from '../observe/alerts.ts';
import type { Party } from '../parties/party.ts';
import type { Queue } from '../queue/port.ts';
import { createPartyWorker, type PartyWorker, type PartyWorkerDeps } from './party-worker.ts';
import { pauseByHub } from './pause.ts';
import { createSettle } from './settle-batches.ts';

type OfEach = 'party' | 'processId' | 'settle' | 'ringAgain' | 'onBreaker' | 'pause';

export interface WorkersDeps extends Omit<PartyWorkerDeps, OfEach> {
  readonly parties: ReadonlyMap<string, Party>;
  readonly queue: Queue;
  readonly alerts: Alerts;
  readonly background: Background;
}

/** The workers of this process, one for each party. */
export interface Workers {
  /** Starts to deliver what is due for a party. */
  wake(party: string): void;
  /** The parties that have deliveries due, whether or not anybody notified. */
  due(): Promise<readonly string[]>;
  idle(): Promise<void>;
  /** Finishes calls that are under way, for at most `ms`; starts none. */
  drain(ms: number): Promise<void>;
}

export function createWorkers(deps: WorkersDeps): Workers {
  const { database, vault, parties, queue, nowMs } = deps;
  const processId = randomUUID();
  const settle = createSettle(database, vault);
  const workers = new Map<string, PartyWorker>(
    [...parties.values()].map((party) => {
      const ringAgain = (): Promise<void> => queue.ring([party.id]);
      const own = { party, processId, settle, ringAgain, ...reportsOf(deps, processId) };
      return [party.id, createPartyWorker({ ...deps, ...own })];
    }),
  );
  return {
    wake: (party) => workers.get(party)?.wake(),
    due: () => partiesWithWork(database, [...parties.keys()], nowMs()),
    async idle() {
      await Promise.all([...workers.values()].map((worker) => worker.idle()));
    },
    async drain(ms) {
      await Promise.all([...workers.values()].map((worker) => worker.drain(ms)));
    },
  };
}

/** Tells operators when a partner goes away, comes back, or asks for a pause. */
function reportsOf(
  { database, alerts, background, nowMs }: WorkersDeps,
  processId: string,
): Pick<PartyWorkerDeps, 'onBreaker' | 'pause'> {
  return {
    onBreaker: (party) => ({
      onBreak(last) {
        const cause = 'message' in last ? `${last.reason}: ${maskNamesIn(last.message)}` : last.kind;
        background.run('breaker', saveBreaker(database, party, processId, 'open', nowMs()));
        background.run('alert', alerts.open(party, alerts.kindOf(last), cause));
      },
      onClose() {
        background.run('breaker', saveBreaker(database, party, processId, 'closed', nowMs()));
        background.run('alert', alerts.close(party, AWAY_KINDS));
      },
    }),
    async pause(party, { reason, message }) {
      const why = `${reason}: ${maskNamesIn(message)}`;
      await pauseByHub(database, party, why, nowMs());
      background.run('alert', alerts.open(party, 'paused-by-partner', why));
    },
  };
}
