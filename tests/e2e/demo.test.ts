import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createDice } from '../../src/play/day/dice.ts';
import type { Report } from '../../src/play/demo/report.ts';
import type { Status } from '../../src/play/demo/run-folder.ts';
import { freePort } from '../../src/play/stage/ports.ts';
import { hasPrometheus, type Series, seriesOf, startPrometheus } from '../support/prometheus.ts';

const COMMAND = join(import.meta.dirname, '..', '..', 'bin', 'lienthong.mjs');
/** The day takes a minute on a quiet machine. */
const WITHIN_MS = 900_000;
const WAIT = { timeout: WITHIN_MS, interval: 1_000 };
const ALERTS_WITHIN_MS = 300_000;
const why = hasPrometheus ? '' : ' (skipped: prometheus missing)';

/** One day serves these tests. A real Prometheus watches it: partners fail by plan, senders err, officers have not decided yet. */
describe('lienthong demo', () => {
  let folder: string;
  let demo: Demo;
  let prometheus: ChildProcess | undefined;
  let alerts: Alerts | undefined;
  let report: Report;
  let left: Left;

  beforeAll(async () => {
    folder = testFolder('lienthong-demo-');
    // Of its own: others of the machine write into the usual one.
    const temp = join(folder, 'temp');
    mkdirSync(temp, { mode: 0o755 });
    chmodSync(temp, 0o755);
    const data = join(folder, 'data');
    const [hubPort, port] = [await freePort('127.0.0.1', 0), await freePort('127.0.0.1', 0)];
    demo = startDemo(data, [], { TMPDIR: temp, PORT: String(hubPort) });
    const isListening = async (): Promise<boolean> => {
      expect(demo.isOver(), demo.errors()).toBe(false);
      return (await fetch(`http://127.0.0.1:${hubPort}/health/live`).catch(() => undefined))?.ok === true;
    };
    await vi.waitUntil(isListening, WAIT);
    // Two evaluations see each sample.
    const watch = { target: `127.0.0.1:${hubPort}`, port, everyS: 2, hastened };
    if (hasPrometheus) prometheus = startPrometheus(folder, watch);
    const phase = (): string | undefined => {
      expect(demo.isOver(), demo.errors()).toBe(false);
      return statusIn(data).phase;
    };
    await vi.waitUntil(() => phase() === 'up', WAIT);
    if (prometheus) alerts = await alertsOf(data, `http://127.0.0.1:${hubPort}`, `http://127.0.0.1:${port}`);
    const status = statusIn(data);
    demo.child.kill('SIGTERM');
    const ended = await demo.ended;
    report = ended.report;
    left = { code: ended.code, isHubGone: isGone(status), temporary: readdirSync(temp) };
  }, WITHIN_MS);
  afterAll(async () => {
    prometheus?.kill('SIGKILL');
    if (demo?.isOver() === false) {
      demo.child.kill('SIGTERM');
      await once(demo.child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  });

  test('plays a day of over 560 dossiers, and every partner has what it is to have', () => {
    expect(report, demo.errors()).toMatchObject({ ok: true, hubRestarts: 0 });
    expect(report.dossiers).toBeGreaterThanOrEqual(560);
    expect(report.services).toBeGreaterThanOrEqual(60);
    expect(report.doors['REST (one-stop)']).toMatchObject({ quarantined: 3, invalid: 4 });
    expect(report.doors['national dialect (one-stop-legacy)']).toMatchObject({ quarantined: 2, invalid: 1 });
    expect(report.doors['SOAP (one-stop)']).toMatchObject({ quarantined: 0, invalid: 0 });
    expect(report.doors['SOAP (one-stop)']?.accepted).toBeGreaterThan(80);
    // Pulled and pushed: which comes first is random.
    const pushed = report.doors['called back by civil-status'];
    expect((pushed?.accepted ?? 0) + (pushed?.duplicate ?? 0)).toBeGreaterThan(8);
    for (const ministry of ['construction', 'transport', 'agriculture', 'health']) {
      // Twelve are filed there, each with three steps. How many states a pull sees is random, and so is which steps arrive
      // early or late. But none is missed.
      const dossiers = report.doors[`asking ${ministry}, dossiers`] ?? { accepted: 0, duplicate: 0 };
      expect(dossiers.accepted).toBeGreaterThanOrEqual(12);
      expect(dossiers.accepted + dossiers.duplicate).toBeGreaterThan(15);
      const steps = report.doors[`asking ${ministry}, progress`] ?? { accepted: 0, stale: 0, quarantined: 0 };
      expect(steps.accepted + steps.stale + steps.quarantined).toBeGreaterThanOrEqual(12 * 3);
    }
    // Twelve are filed there too. The check compares the status and the steps of each with the host.
    const { accepted: pulled = 0, stale: late = 0 } = report.doors['asking igate'] ?? {};
    expect(pulled + late).toBeGreaterThanOrEqual(12 * 4);
    for (const counts of Object.values(report.doors).slice(0, 2)) {
      expect(counts.accepted).toBeGreaterThan(400);
      expect(counts.duplicate).toBeGreaterThan(0);
      expect(counts.stale).toBeGreaterThan(0);
    }
    expect(report.partners).toMatchObject({
      'national-portal': { repeats: 0, due: 4, held: 2, refused: 0 },
      'civil-status': { records: 48, repeats: 0, due: 0, held: 0, refused: 0 },
      'one-stop': { repeats: 0, due: 0, held: 0, refused: 0 },
      // The ministry gets all reports of the construction ministry: twelve dossiers, and three steps of each.
      agriculture: { steps: 12 * 3, repeats: 0, due: 0, held: 0, refused: 0 },
    });
    // Each order and each payment once, whatever was lost; each notification three times.
    expect(report.partners).toMatchObject({
      vnpost: { records: 20, repeats: 0, due: 0, held: 0, refused: 0 },
      'payment-platform': { records: 20, repeats: 0, due: 0, held: 0, refused: 0 },
    });
    expect(report.doors['asking vnpost']?.accepted).toBeGreaterThanOrEqual(20);
    // A payment that the look-up after a lost answer finds paid is no news any more.
    const { accepted: paid = 0, duplicate: known = 0 } = report.doors['called back by payment-platform'] ?? {};
    expect(paid).toBeGreaterThanOrEqual(15);
    expect(paid + known).toBe(20 * 3);
    // Three questions of citizens, which wait if the catalogue comes later. The day follows their answers.
    const { accepted = 0, quarantined = 0 } = report.doors['asking national-portal, questions'] ?? {};
    expect(accepted + quarantined).toBeGreaterThanOrEqual(3);
    // Of the 48 registrations; the check compares them with the change feed.
    expect(report.webhooks).toBeGreaterThan(96);
    // Twelve times a question, a petition, a rating, a good and a bad question; then twenty payments and postal orders.
    expect(report.records).toBe(48 + 40);
    expect(report.doors['questions, petitions, ratings (one-stop)']).toMatchObject({ invalid: 12 });
  });

  test('stays up until SIGTERM, and leaves neither a process nor a temporary file', () => {
    expect(left).toEqual({ code: 0, isHubGone: true, temporary: [] });
  });

  test.skipIf(!hasPrometheus)(
    `raises the alerts of its incidents and of what waits for a decision, and no others${why}`,
    () => {
      const { incidents, fired, listed } = alerts as Alerts;
      expect([...fired].sort()).toEqual([...expectedOf(alerts as Alerts)].sort());
      // The hub itself lists the same incidents.
      expect(
        incidents.map(({ metric }) => `${metric.kind} ${metric.party}`).filter((one) => !listed.includes(one)),
      ).toEqual([]);
      // Which partner's outage meets a delivery is random, and so is whether a sampled payload has a new field.
      expect(fired.join()).toMatch(/PartnerAway [a-z]/);
      expect(fired).toEqual(expect.arrayContaining(['QuarantineOld national-portal', 'QuarantineOld one-stop']));
    },
  );
});

describe('lienthong demo --once', () => {
  let folder: string;
  beforeAll(() => {
    folder = testFolder('lienthong-demo-once-');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test(
    'finds every event in its place despite two kills of the hub in mid-day, and ends with 0',
    async () => {
      const dice = createDice(20_251_124);
      const run = startDemo(folder, ['--once'], { PORT: '0' });
      for (const atItems of [dice.whole(200, 1_000), dice.whole(1_100, 2_000)]) {
        const { hubPid } = await statusAt(folder, atItems, run);
        if (hubPid !== undefined) process.kill(hubPid, 'SIGKILL');
      }
      const { code, report, errors } = await run.ended;
      expect(report, errors).toMatchObject({ ok: true, missing: [], hubRestarts: 2 });
      expect(report.retries).toBeGreaterThan(0);
      expect(code).toBe(0);
    },
    WITHIN_MS,
  );
});

interface Left {
  readonly code: number | null;
  readonly isHubGone: boolean;
  readonly temporary: readonly string[];
}

interface Alerts {
  readonly incidents: readonly Series[];
  readonly quarantines: readonly Series[];
  /** Name, kind and party of each. */
  readonly fired: readonly string[];
  /** Kind and party of the incidents that the hub lists. */
  readonly listed: readonly string[];
}

/** What Prometheus saw of the day, after the alerts of all that waits for a decision. */
async function alertsOf(data: string, hubUrl: string, prometheusUrl: string): Promise<Alerts> {
  const { keys } = JSON.parse(readFileSync(join(data, runIn(data), 'hub.config.json'), 'utf8'));
  const { secret } = keys.find(({ id }: { id: string }) => id === 'ops');
  const ask = async (path: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    const reply = await fetch(`${hubUrl}/api/v1/ops/${path}`, { headers: { authorization: `Bearer ${secret}` } });
    expect(reply.status).toBe(200);
    return ((await reply.json()) as { items: readonly Readonly<Record<string, unknown>>[] }).items;
  };
  const ever = async (query: string): Promise<readonly Series[]> =>
    (await seriesOf(prometheusUrl, `max_over_time(${query}[3h]) > 0`)) ?? [];

  const waiting = (await ask('quarantine?limit=200')).flatMap(({ kind, parties }) =>
    ['dossier-unknown', 'record-unknown', 'ahead-of-time'].includes(kind as string) ? [] : (parties as string[]),
  );
  const look = async (): Promise<Alerts> => ({
    incidents: await ever('hub_incidents_open'),
    quarantines: await ever('hub_quarantine_oldest_seconds'),
    fired: (await ever('ALERTS{alertstate="firing"}')).map(({ metric }) =>
      [metric.alertname, metric.kind, metric.party].filter(Boolean).join(' '),
    ),
    listed: (await ask('incidents?state=all&limit=200')).map(({ kind, party }) => `${kind} ${party}`),
  });
  // Two more evaluations may pass after the end of the day.
  const late = new Set(waiting).size;
  for (const untilMs = performance.now() + ALERTS_WITHIN_MS; ; ) {
    const seen = await look();
    const isLate = seen.fired.filter((one) => one.startsWith('QuarantineOld')).length >= late;
    if ((isLate && seen.fired.length >= expectedOf(seen).length) || performance.now() > untilMs) return seen;
    await sleep(1_000);
  }
}

/** The alerts of the incidents and of what waited. */
function expectedOf({ incidents, quarantines }: Alerts): readonly string[] {
  return [
    ...incidents.map(({ metric }) => alertOf(metric)),
    ...quarantines.map(({ metric }) => `QuarantineOld ${metric.party}`),
  ];
}

/** The alert that an incident raises. */
function alertOf({ kind = '', party = '' }: Series['metric']): string {
  if (kind === 'partner-away') return `PartnerAway ${party}`;
  return kind.startsWith('certificate') ? `CertificateExpires ${party}` : `IncidentOpen ${kind} ${party}`;
}

/**
 * The day takes a minute, so an incident raises its alert at once, and a decision is late at once. Some alerts keep their
 * minutes: those of a busy machine, and of changes that reach the hub hours later, as the demo's do.
 */
function hastened(rules: string): string {
  const kept = /(alert: (?:HubDown|HubHasNoData|HubIsSlow|HubNeedsMemory|IndexLags)\n(?: .*\n)*? +for: \d+)m/g;
  const atOnce = /(alert: (?:PartnerAway|IncidentOpen|QuarantineOld)\n(?: .*\n)*? +for: )\d+m/g;
  return rules
    .replace(kept, '$1M')
    .replace(atOnce, (_, before: string) => `${before}0s`)
    .replace('hub_quarantine_oldest_seconds) > 86400', 'hub_quarantine_oldest_seconds) > 0')
    .replace(/for: (\d+)[mh]/g, 'for: $1s')
    .replace(/for: (\d+)M/g, 'for: $1m');
}

interface Demo {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly report: Report; readonly errors: string }>;
  readonly isOver: () => boolean;
  /** The text of stderr so far. */
  readonly errors: () => string;
}

function startDemo(data: string, options: readonly string[], more: Readonly<Record<string, string>>): Demo {
  const { HUB_CONFIG: _config, HUB_SECRET: _secret, ...env } = process.env;
  const child = spawn(process.execPath, [COMMAND, 'demo', '--json', ...options], {
    env: { ...env, HUB_DATA_DIR: data, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { out: '', errors: '' };
  child.stdout.on('data', (chunk) => {
    texts.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    texts.errors += chunk;
  });
  return {
    child,
    isOver: () => child.exitCode !== null || child.signalCode !== null,
    errors: () => texts.errors,
    ended: once(child, 'close').then(([code]) => ({
      code,
      report: JSON.parse(texts.out || '{}'),
      errors: texts.errors,
    })),
  };
}

function testFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  chmodSync(folder, 0o755); // as root, PostgreSQL runs as another user
  return folder;
}

/** Waits until this many items are acknowledged, and no restart is under way. */
async function statusAt(folder: string, items: number, { isOver }: Demo): Promise<Partial<Status>> {
  while (!isOver()) {
    const status = statusIn(folder);
    if ((status.acknowledged ?? 0) >= items) return status;
    await sleep(5);
  }
  return {};
}

const runIn = (folder: string): string => readdirSync(folder)[0] as string;

function statusIn(folder: string): Partial<Status> {
  try {
    return JSON.parse(readFileSync(join(folder, runIn(folder), 'status.json'), 'utf8')) as Status;
  } catch {
    return {};
  }
}

function isGone({ hubPid }: Partial<Status>): boolean {
  try {
    process.kill(hubPid as number, 0);
    return false;
  } catch {
    return true;
  }
}
