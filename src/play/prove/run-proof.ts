import { createAcknowledgements } from '../clients/acknowledgements.ts';
import { readCatalogue } from '../clients/catalogue.ts';
import { createHubClient } from '../clients/hub-client.ts';
import { patient } from '../clients/reading.ts';
import { createSender } from '../clients/sending.ts';
import { handOver } from '../day/evening.ts';
import { bringTrouble } from './inject-faults.ts';
import { createLoad, playLoad } from './load.ts';
import { waitForPull, waitForQuiet } from './quiet.ts';
import { rebuilt } from './rebuild.ts';
import { createReport, type Report } from './report.ts';
import type { Stage } from './stage.ts';
import { judge } from './verdict.ts';

export interface ProofMeans {
  readonly seed: number;
  readonly minutes: number;
  /** Items a second that the one-stop systems tell, at the most. */
  readonly rate: number;
  readonly signal: AbortSignal;
  readonly show: (what: string, done: number, total: number) => void;
}

const QUIET_WITHIN_MS = 180_000;

/** Load and trouble for so long, then quiet, then the comparison. */
export async function runProof(stage: Stage, means: ProofMeans): Promise<Report> {
  const { seed, minutes, rate, signal, show } = means;
  const { database, partners, secrets } = stage;
  const client = createHubClient(stage.url, signal);
  const ask = patient(client, signal);
  const acknowledgements = createAcknowledgements();
  const trouble: Record<string, number> = {};
  show('loading the catalogue', 0, 0);
  await waitForPull(database, 'catalogue', signal);
  const load = createLoad(await readCatalogue(ask, secrets.portal), seed, Date.now());
  const send = createSender({ client, hubUrl: stage.url, partners, secrets, acknowledgements, signal });

  const forMs = minutes * 60_000;
  const began = performance.now();
  const timer = setInterval(() => {
    const times = Object.values(trouble).reduce((sum, count) => sum + count, 0);
    const doing = `${acknowledgements.items} items acknowledged, ${times} troubles`;
    show(doing, Math.min(Math.round((performance.now() - began) / 1_000), forMs / 1_000), Math.round(forMs / 1_000));
  }, 500);
  try {
    await Promise.all([
      playLoad(load, { send, rate, forMs, signal }),
      bringTrouble(stage, {
        seed,
        forMs,
        signal,
        onTrouble(name) {
          trouble[name] = (trouble[name] ?? 0) + 1;
        },
      }),
    ]);
  } finally {
    clearInterval(timer);
  }

  const specials = load.specialsOf(new Set(acknowledgements.all().map(({ told }) => told.code)));
  const quietBegan = performance.now();
  show('waiting for what the ministry registered', 0, 0);
  const unheard = await handOver(specials, { partners, send, signal }, QUIET_WITHIN_MS);
  const onLook = (waitsFor: string): void => show(`waiting for quiet: ${waitsFor}`, 0, 0);
  const unquiet = await waitForQuiet(database, { signal, limitMs: QUIET_WITHIN_MS, onLook });
  const quietAfterSeconds = Math.round((performance.now() - quietBegan) / 100) / 10;
  show('comparing', 0, 0);
  const verdict = await judge({ database, partners, secrets, acknowledgements, specials, ask, signal });
  show('building the index anew', 0, 0);
  const rebuild = await rebuilt(stage.env, signal);
  return createReport({
    seed,
    minutes,
    on: stage.on,
    trouble,
    acknowledged: acknowledgements.items,
    retries: acknowledgements.retries,
    verdict,
    rebuild,
    unfinished: [...unheard.map((code) => `${code}: the one-stop system never heard what became of it`), ...unquiet],
    deaths: stage.deaths,
    failures: stage.failures,
    quietAfterSeconds,
  });
}
