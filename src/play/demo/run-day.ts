import type { Standing } from '../checks/evidence.ts';
import { waitForMinistries } from '../checks/ministries.ts';
import { type Acknowledgements, createAcknowledgements } from '../clients/acknowledgements.ts';
import { waitForCatalogue } from '../clients/catalogue.ts';
import { type AskHub, createHubClient } from '../clients/hub-client.ts';
import { patient } from '../clients/reading.ts';
import { createSender } from '../clients/sending.ts';
import { type Day, writeDay } from '../day/day.ts';
import { handOver } from '../day/evening.ts';
import { fileWithMinistries } from '../day/filing.ts';
import { itemsOf, sendDay } from '../day/send-day.ts';
import { pushStatuses } from '../day/status-pushes.ts';
import { waitUntilIdle } from '../stage/wait-idle.ts';
import type { DemoStage } from './demo-stage.ts';
import { bringTrouble } from './faults.ts';

/** The day's events, as far as its actors know. */
export interface DayRun {
  readonly day: Day;
  readonly services: number;
  readonly acknowledgements: Acknowledgements;
  /** Work that did not finish in time. */
  readonly unfinished: readonly string[];
  /** Dossiers that the hub has from the ministries, as the ministries report them. */
  readonly pulled: readonly Standing[];
  /** Retries until the hub answers 200. */
  readonly ask: AskHub;
}

export interface DayOptions {
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** Shows progress: the current work, done and total. */
  readonly show: (what: string, done: number, total: number) => void;
}

/** Minimum length of the day, long enough for its faults. */
const DAY_MS = 18_000;
const QUIET_WITHIN_MS = 60_000;

/** Loads the catalogue, plays the day with its faults, and waits until all events have arrived. */
export async function runDay(stage: DemoStage, options: DayOptions): Promise<DayRun> {
  const { folder, participants, secrets } = stage;
  const { seed, signal, say, show } = options;
  const client = createHubClient(stage.url, signal);
  const ask = patient(client, signal);
  const acknowledgements = createAcknowledgements();
  const phase = (name: string): void => folder.note({ phase: name, acknowledged: acknowledgements.items });

  phase('catalogue');
  show('loading the catalogue', 0, 0);
  const catalogue = await waitForCatalogue(ask, secrets, signal);
  say(`the catalogue has arrived: ${catalogue.services.length} services, ${catalogue.agencies.length} agencies`);

  const day = writeDay(catalogue, seed, Date.now());
  const total = itemsOf(day);
  const send = createSender({ client, hubUrl: stage.url, partners: participants, secrets, acknowledgements, signal });
  phase('day');
  let sent = 0;
  const onSent = (items: number): void => {
    sent += items;
    show('playing the day', sent, total);
    phase('day');
  };
  const [filed] = await Promise.all([
    fileWithMinistries(participants, catalogue, { seed, dayMs: DAY_MS, signal }),
    sendDay(day, { send, signal, dayMs: DAY_MS, onSent }),
    pushStatuses(participants['civil-status'], client, day.atMinistry, { dayMs: DAY_MS, signal }),
    bringTrouble(participants, { dayMs: DAY_MS, signal, say }),
  ]);

  phase('evening');
  show('handing over the results of the ministry', 0, 0);
  const unanswered = await handOver(day, { partners: participants, send, signal }, QUIET_WITHIN_MS);
  show('waiting for the reports of the ministries', 0, 0);
  const pulled = await waitForMinistries(
    { ask: client, portalKey: secrets.portal, ministries: participants, signal },
    filed,
    QUIET_WITHIN_MS,
  );
  const onLook = (waitsFor: string): void => show(`waiting until the hub is idle: ${waitsFor}`, 0, 0);
  const workLeft = await waitUntilIdle(client, secrets.ops, { signal, limitMs: QUIET_WITHIN_MS, onLook });
  phase('quiet');
  const unfinished = [
    ...unanswered.map((code) => `${code}: the one-stop system never got the ministry's decision`),
    ...pulled.findings.map(({ text }) => text),
    ...workLeft.map((work) => `after ${QUIET_WITHIN_MS / 1000} s: ${work}`),
  ];
  return { day, services: catalogue.services.length, acknowledgements, unfinished, pulled: pulled.standings, ask };
}
