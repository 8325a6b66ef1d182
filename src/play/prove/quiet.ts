import { setTimeout as sleep } from 'node:timers/promises';
import type { ProofDatabase } from '../stage/database.ts';

const LOOK_MS = 300;
/** Quiet is what stays so: a delivery that is done may bring about another. */
const LOOKS = 4;

export interface QuietMeans {
  readonly signal: AbortSignal;
  readonly limitMs: number;
  readonly onLook: (waitsFor: string) => void;
}

/** Wait until nothing moves by itself any more. What it still waits for when the time is over; nothing when all is quiet. */
export async function waitForQuiet(database: ProofDatabase, means: QuietMeans): Promise<readonly string[]> {
  let waitsFor: readonly string[] = [];
  let quiet = 0;
  for (const until = performance.now() + means.limitMs; performance.now() < until; ) {
    waitsFor = await unsettled(database);
    means.onLook(waitsFor.join(', ') || 'nothing, as it seems');
    quiet = waitsFor.length === 0 ? quiet + 1 : 0;
    if (quiet === LOOKS) return [];
    await sleep(LOOK_MS, undefined, { signal: means.signal });
  }
  return waitsFor;
}

interface Unsettled {
  readonly due: string;
  readonly party: string;
}

/** What waits behind something that a person must settle is quiet; a step that waits for its dossier is not. */
async function unsettled(database: ProofDatabase): Promise<readonly string[]> {
  const due = await database.rows<Unsettled>(`
    SELECT d.party, count(*) AS due FROM deliveries d
    WHERE d.state = 'due' AND NOT EXISTS (
      SELECT 1 FROM deliveries h
      WHERE h.party = d.party AND h.subject = d.subject AND h.state = 'held')
    GROUP BY 1 ORDER BY 1`);
  const early = await database.rows<{ n: number }>(
    `SELECT count(*)::int AS n FROM quarantine WHERE settled_at IS NULL AND cause_kind = 'dossier-unknown'`,
  );
  const steps = early[0]?.n ?? 0;
  return [
    ...due.map(({ party, due: count }) => `${count} deliveries to ${party}`),
    ...(steps > 0 ? [`${steps} steps that came before their dossier`] : []),
  ];
}

const PULLED_WITHIN_MS = 60_000;

/** Wait until a pull has come to its end; which process does it is nobody's business. */
export async function waitForPull(database: ProofDatabase, name: string, signal: AbortSignal): Promise<void> {
  for (const until = performance.now() + PULLED_WITHIN_MS; ; await sleep(LOOK_MS, undefined, { signal })) {
    const done = await database.rows(
      'SELECT 1 FROM pulls WHERE name = $1 AND last_at IS NOT NULL AND last_error IS NULL',
      [name],
    );
    if (done.length > 0) return;
    if (performance.now() > until) throw new Error(`the pull ${name} was not done within ${PULLED_WITHIN_MS / 1000} s`);
  }
}
