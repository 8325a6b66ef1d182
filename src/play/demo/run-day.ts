import type { Standing } from '../checks/evidence.ts';
import { waitForMinistries } from '../checks/ministries.ts';
import type { Acknowledgements } from '../clients/acknowledgements.ts';
import type { AskHub } from '../clients/hub-client.ts';
import { openSession, type Session } from '../clients/session.ts';
import { askAndAnswer } from '../day/asking.ts';
import { type Day, writeDay } from '../day/day.ts';
import { runErrands } from '../day/errands.ts';
import { handOver } from '../day/evening.ts';
import { type Filed, fileWithMinistries } from '../day/filing.ts';
import { workAtLandOffice } from '../day/land-office.ts';
import { checkOfficeFiles, dropOfficeFiles, type OfficeWork } from '../day/office-files.ts';
import { workWithOpencps } from '../day/opencps-office.ts';
import { askRegisters } from '../day/registers.ts';
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
  const { folder } = stage;
  folder.note({ phase: 'catalogue', acknowledged: 0 });
  options.show('loading the catalogue', 0, 0);
  const session = await openSession(stage, options.signal);
  const { services, agencies } = session.catalogue;
  options.say(
    `the catalogue has arrived; the day uses ${services.length} of its services and ${agencies.length} of its agencies`,
  );
  const day = writeDay(session.catalogue, options.seed, Date.now());
  const done = await playDay(stage, session, day, options);
  const evening = await playEvening(stage, session, day, done, options);
  const { acknowledgements, ask } = session;
  folder.note({ phase: 'quiet', acknowledged: acknowledgements.items });
  return { day, services: services.length, acknowledgements, ask, ...evening };
}

interface DoneByDay {
  /** The dossiers that citizens filed with the ministries. */
  readonly filed: readonly Filed[];
  readonly office: OfficeWork;
}

/** Everything that happens by day. */
async function playDay(
  { folder, participants }: DemoStage,
  { catalogue, client, acknowledgements, send }: Session,
  day: Day,
  { seed, signal, say, show }: DayOptions,
): Promise<DoneByDay> {
  const total = itemsOf(day);
  let sent = 0;
  const onSent = (items: number): void => {
    sent += items;
    show('playing the day', sent, total);
    folder.note({ phase: 'day', acknowledged: acknowledgements.items });
  };
  onSent(0);
  const [filed, office] = await Promise.all([
    fileWithMinistries(participants, catalogue, { seed, dayMs: DAY_MS, signal }),
    dropOfficeFiles(folder.office, Date.now()),
    sendDay(day, { send, signal, dayMs: DAY_MS, onSent }),
    pushStatuses(participants['civil-status'], client, day.atMinistry, { dayMs: DAY_MS, signal }),
    bringTrouble(participants, { dayMs: DAY_MS, signal, say }),
  ]);
  return { filed, office };
}

/** Waits for the results of the ministries, and until the hub has no work left. */
async function playEvening(
  { folder, participants, secrets }: DemoStage,
  { client, acknowledgements, send }: Session,
  day: Day,
  { filed, office }: DoneByDay,
  { signal, show }: DayOptions,
): Promise<Pick<DayRun, 'unfinished' | 'pulled'>> {
  folder.note({ phase: 'evening', acknowledged: acknowledgements.items });
  show('handing over the results of the ministry', 0, 0);
  const unanswered = await handOver(day, { partners: participants, send, signal }, QUIET_WITHIN_MS);
  show('asking the population database', 0, 0);
  const registers = await askRegisters({ hub: client, participants, secrets });
  show('post, fees, questions, the land office, files, OpenCPS and the reports of the ministries', 0, 0);
  const asking = { ask: client, portalKey: secrets.portal, ministries: participants, signal };
  const working = { hub: client, participants, secrets, signal };
  // Each mostly waits for polls.
  const [errands, questions, land, files, opencps, pulled] = await Promise.all([
    runErrands(working, day.atMinistry, QUIET_WITHIN_MS),
    askAndAnswer(working, QUIET_WITHIN_MS),
    workAtLandOffice(working, QUIET_WITHIN_MS),
    checkOfficeFiles({ ...working, folder: folder.office }, QUIET_WITHIN_MS),
    workWithOpencps(working, QUIET_WITHIN_MS),
    waitForMinistries(asking, filed, QUIET_WITHIN_MS),
  ]);
  const onLook = (waitsFor: string): void => show(`waiting until the hub is idle: ${waitsFor}`, 0, 0);
  const workLeft = await waitUntilIdle(client, secrets.ops, { signal, limitMs: QUIET_WITHIN_MS, onLook });
  const unfinished = [
    ...unanswered.map((code) => `${code}: the one-stop system never got the ministry's decision`),
    ...errands,
    ...questions,
    ...registers,
    ...land.wrong,
    ...opencps.wrong,
    ...files,
    ...pulled.findings.map(({ text }) => text),
    ...workLeft.map((work) => `after ${QUIET_WITHIN_MS / 1000} s: ${work}`),
  ];
  return { unfinished, pulled: [...pulled.standings, ...land.standings, ...opencps.standings, ...office.standings] };
}
