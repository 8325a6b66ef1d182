import { grade } from '../checks/checks.ts';
import { gatherEvidence } from '../checks/evidence.ts';
import type { Acknowledgements } from '../clients/acknowledgements.ts';
import { openSession } from '../clients/session.ts';
import { waitForErrands } from '../day/errands.ts';
import { handOver } from '../day/evening.ts';
import type { Push } from '../day/events.ts';
import type { ProvedName } from '../participants/participants.ts';
import type { StageRedis } from '../stage/redis.ts';
import type { Stage } from '../stage/stage.ts';
import { waitUntilIdle } from '../stage/wait-idle.ts';
import { bringTrouble } from './inject-faults.ts';
import { createLoad, type Load, playLoad } from './load.ts';
import { createPayers } from './payers.ts';
import { readTables } from './read-tables.ts';
import { rebuilt } from './rebuild.ts';
import { createReport, type Report } from './report.ts';

export interface ProofOptions {
  readonly redis: StageRedis;
  readonly seed: number;
  /** The longest duration of load and faults. */
  readonly minutes: number;
  /** They end earlier after this many faults of processes and servers. */
  readonly kills: number;
  /** Maximum of items a second that the one-stop systems send. */
  readonly rate: number;
  readonly signal: AbortSignal;
  readonly show: (what: string, done: number, total: number) => void;
}

const IDLE_WITHIN_MS = 180_000;
/** Nodes behind a proxy with a standby serve again within this time, whatever fails. */
const BACK_WITHIN_SECONDS = 15;

/** Runs load and faults for a time. When the hub is idle again, the proof compares everything. */
export async function runProof(stage: Stage<ProvedName>, options: ProofOptions): Promise<Report> {
  const { redis, seed, minutes, signal, show } = options;
  const { database, participants: partners, secrets } = stage;
  show('loading the catalogue', 0, 0);
  const { client, ask, catalogue, acknowledgements, send } = await openSession(stage, signal);
  const load = createLoad(catalogue, seed, Date.now());
  const payers = createPayers({ hub: client, platformUrl: partners['payment-platform'].url, signal });
  const sendAndPay = (push: Push): Promise<void> => send(push).then(() => payers.notice(push));
  const pauses = createPauses();
  const noted = (push: Push): Promise<void> => sendAndPay(push).then(pauses.end);
  const trouble = await loadWithFaults(stage, { ...options, load, send: noted, acknowledgements });
  const longestPauseSeconds = pauses.longestSeconds();

  const specials = load.specialsOf(new Set(acknowledgements.all().map(({ event }) => event.code)));
  const idleBegan = performance.now();
  show('waiting for the results of the ministry', 0, 0);
  const unanswered = await handOver(specials, { partners, send, signal }, IDLE_WITHIN_MS);
  show('waiting for the post and the payment platform', 0, 0);
  const unpaid = await payers.done(IDLE_WITHIN_MS);
  const asking = { hub: client, participants: partners, secrets, signal };
  const open = await waitForErrands(asking, specials.errands, IDLE_WITHIN_MS);
  const onLook = (waitsFor: string): void => show(`waiting until the hub is idle: ${waitsFor}`, 0, 0);
  const workLeft = await waitUntilIdle(client, secrets.ops, { signal, limitMs: IDLE_WITHIN_MS, onLook });
  const quietAfterSeconds = Math.round((performance.now() - idleBegan) / 100) / 10;
  show('comparing', 0, 0);
  const tables = await readTables(database, acknowledgements);
  const participants = Object.values(partners);
  const evidence = await gatherEvidence({ ask, secrets, acknowledgements, specials, participants, tables, signal });
  show('rebuilding the index', 0, 0);
  const rebuild = await rebuilt(stage.env, signal);
  return createReport({
    seed,
    minutes,
    on: [database.says, redis.says],
    trouble,
    evidence,
    findings: grade(evidence),
    rebuild,
    unfinished: [
      ...unanswered.map((code) => `${code}: the one-stop system never got its result`),
      ...unpaid,
      ...open,
      ...workLeft,
    ],
    deaths: stage.deaths,
    failures: stage.failures,
    quietAfterSeconds,
    longestPauseSeconds,
    // Without a second machine, an outage is as long as its start.
    longestAllowedSeconds: stage.nodes && stage.database.failOver ? BACK_WITHIN_SECONDS : undefined,
  });
}

/** The time between acknowledgements under load: after a fault, the time until the service is back. */
function createPauses() {
  let lastMs = performance.now();
  let longestMs = 0;
  const end = (): void => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  };
  return { end, longestSeconds: () => Math.round(longestMs / 100) / 10 };
}

interface Loading extends ProofOptions {
  readonly load: Load;
  readonly send: (push: Push) => Promise<void>;
  readonly acknowledgements: Acknowledgements;
}

/** Counts of the injected faults, by name. */
async function loadWithFaults(stage: Stage<ProvedName>, loading: Loading): Promise<Readonly<Record<string, number>>> {
  const { redis, seed, minutes, kills, rate, signal, show, load, send, acknowledgements } = loading;
  const trouble: Record<string, number> = {};
  const forMs = minutes * 60_000;
  const began = performance.now();
  const timer = setInterval(() => {
    const times = Object.values(trouble).reduce((sum, count) => sum + count, 0);
    const doing = `${acknowledgements.items} items acknowledged, ${times} faults`;
    show(doing, Math.min(Math.round((performance.now() - began) / 1_000), forMs / 1_000), Math.round(forMs / 1_000));
  }, 500);
  const onTrouble = (name: string): void => {
    trouble[name] = (trouble[name] ?? 0) + 1;
  };
  let killed = 0;
  const onKilled = (): void => {
    killed += 1;
  };
  const isOverIn = (ms: number): boolean => killed >= kills || performance.now() - began + ms > forMs;
  try {
    await Promise.all([
      playLoad(load, { send, rate, isOver: () => isOverIn(0), signal }),
      bringTrouble({ ...stage, redis }, { seed, isOverIn, signal, onTrouble, onKilled }),
    ]);
  } finally {
    clearInterval(timer);
  }
  return trouble;
}
