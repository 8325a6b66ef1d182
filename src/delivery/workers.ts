import { randomUUID } from 'node:crypto';
import { maskWords } from '#core/masking/mask-words';
import { maskNamesIn } from '#core/masking/masking';
import { type Sentence, say, textOrWordsOf, type Words, wordsOf } from '#messages/message';
import { render } from '#messages/render';
import type { Background } from '../concurrency/background.ts';
import { partiesWithWork } from '../ledger/deliveries.ts';
import { AWAY_KINDS } from '../ledger/incidents.ts';
import { saveBreaker } from '../ledger/party-states.ts';
import type { Party } from '../parties/party.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { Queue } from '../queue/port.ts';
import type { Made } from './breaker.ts';
import { type PartyReports, PartyWorker, type WorkerDeps } from './party-worker.ts';
import { pauseByHub } from './pause.ts';
import { createSettle } from './settle-batches.ts';

export interface WorkersDeps extends WorkerDeps {
  readonly parties: ReadonlyMap<string, Party>;
  readonly queue: Queue;
  readonly background: Background;
}

/** The workers of this process, one for each party. */
export interface Workers {
  /** Starts to deliver due work of a party. */
  wake(party: string): void;
  /** Makes a call beside the deliveries. See PartyWorker. */
  beside<M extends Made>(party: string, call: () => Promise<M>): Promise<M | undefined>;
  /** The parties with due deliveries, with or without a notification. */
  due(): Promise<readonly string[]>;
  idle(): Promise<void>;
  /** Finishes running calls, for at most `ms`, and starts none. */
  drain(ms: number): Promise<void>;
}

export function createWorkers(hub: HubContext, deps: WorkersDeps): Workers {
  const { database, vault, nowMs } = hub;
  const { parties, queue } = deps;
  const processId = randomUUID();
  const settle = createSettle(database, vault);
  const workers = new Map<string, PartyWorker>();
  for (const party of parties.values()) {
    const reports = reportsOf(hub, deps.background, party.id, processId);
    const notifyOthers = (): Promise<void> => queue.notify([party.id]);
    workers.set(party.id, new PartyWorker(hub, deps, { party, processId, settle, notifyOthers, ...reports }));
  }
  return {
    wake: (party) => workers.get(party)?.wake(),
    beside: async (party, call) => workers.get(party)?.beside(call),
    due: () => partiesWithWork(database, [...parties.keys()], nowMs()),
    async idle() {
      await Promise.all([...workers.values()].map((worker) => worker.idle()));
      await deps.background.settled();
    },
    async drain(ms) {
      await Promise.all([...workers.values()].map((worker) => worker.drain(ms)));
    },
  };
}

/** A reason and what a partner said, without names. */
function withReason({ reason, ...last }: { readonly reason: string } & Sentence): Words {
  const words = maskWords(wordsOf(textOrWordsOf(last)), maskNamesIn);
  return say('with-reason', { reason, why: words });
}

/** Reports to operators that a partner goes away, comes back, or asks for a pause. */
function reportsOf(
  { database, alerts, nowMs }: HubContext,
  background: Background,
  party: string,
  processId: string,
): PartyReports {
  return {
    onBreak(last) {
      const cause = 'message' in last ? withReason(last) : last.kind;
      background.run('breaker', saveBreaker(database, party, processId, 'open', nowMs()));
      background.run('alert', alerts.open(party, alerts.kindOf(last), cause));
    },
    onClose() {
      background.run('breaker', saveBreaker(database, party, processId, 'closed', nowMs()));
      background.run('alert', alerts.close(party, AWAY_KINDS));
    },
    async pause(outcome) {
      const why = withReason(outcome);
      await pauseByHub(database, party, render(why, 'en'), nowMs());
      background.run('alert', alerts.open(party, 'paused-by-partner', why));
    },
  };
}
