import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Status } from '../../src/play/demo/run-folder.ts';
import { freePort } from '../../src/play/stage/ports.ts';
import { hasPrometheus, type Series, seriesOf, startPrometheus } from '../support/prometheus.ts';

const COMMAND = join(import.meta.dirname, '..', '..', 'bin', 'lienthong.mjs');
const why = hasPrometheus ? '' : ' (skipped: prometheus missing)';
/** The day takes a minute on a quiet machine. */
const WITHIN_MS = 900_000;
const WAIT = { timeout: WITHIN_MS, interval: 1_000 };

/** A real Prometheus watches the hub of the demo: partners fail by plan, senders err, and officers have not decided yet. */
describe.skipIf(!hasPrometheus)(`alerts of the demo's day${why}`, () => {
  let folder: string;
  let demo: ChildProcess;
  let errors = '';
  let hubUrl: string;
  let prometheus: ChildProcess | undefined;
  let prometheusUrl: string;
  let port: number;
  let hubPort: number;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lienthong-alerts-'));
    chmodSync(folder, 0o755); // as root, PostgreSQL runs as another user
    hubPort = await freePort('127.0.0.1', 0);
    port = await freePort('127.0.0.1', 0);
    hubUrl = `http://127.0.0.1:${hubPort}`;
    prometheusUrl = `http://127.0.0.1:${port}`;
    const { HUB_CONFIG: _config, HUB_SECRET: _secret, ...env } = process.env;
    demo = spawn(process.execPath, [COMMAND, 'demo', '--json'], {
      env: { ...env, HUB_DATA_DIR: join(folder, 'data'), PORT: String(hubPort) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    demo.stderr?.on('data', (chunk) => {
      errors += chunk;
    });
  });
  afterAll(async () => {
    prometheus?.kill('SIGKILL');
    if (demo?.exitCode === null) {
      demo.kill('SIGTERM');
      await once(demo, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const isListening = async (): Promise<boolean> => {
    expect(demo.exitCode, errors).toBeNull();
    return (await fetch(`${hubUrl}/health/live`).catch(() => undefined))?.ok === true;
  };
  const runFolder = (): string => join(folder, 'data', readdirSync(join(folder, 'data'))[0] as string);
  const phase = (): string => {
    expect(demo.exitCode, errors).toBeNull();
    return (JSON.parse(readFileSync(join(runFolder(), 'status.json'), 'utf8')) as Status).phase;
  };
  const ask = async (path: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    const { keys } = JSON.parse(readFileSync(join(runFolder(), 'hub.config.json'), 'utf8'));
    const { secret } = keys.find(({ id }: { id: string }) => id === 'ops');
    const reply = await fetch(`${hubUrl}/api/v1/ops/${path}`, { headers: { authorization: `Bearer ${secret}` } });
    expect(reply.status).toBe(200);
    return ((await reply.json()) as { items: readonly Readonly<Record<string, unknown>>[] }).items;
  };
  const ever = async (query: string): Promise<readonly Series[]> =>
    (await seriesOf(prometheusUrl, `max_over_time(${query}[3h]) > 0`)) ?? [];

  test(
    'are those of its incidents and of what waits for a decision, and no others',
    async () => {
      await expect.poll(isListening, WAIT).toBe(true);
      // Two evaluations see each sample.
      prometheus = startPrometheus(folder, { target: `127.0.0.1:${hubPort}`, port, everyS: 2, hastened });
      await expect.poll(phase, WAIT).toBe('up');
      const waiting = (await ask('quarantine?limit=200')).flatMap(({ kind, parties }) =>
        ['dossier-unknown', 'record-unknown', 'ahead-of-time'].includes(kind as string) ? [] : (parties as string[]),
      );
      await expect
        .poll(async () => (await ever('ALERTS{alertname="QuarantineOld",alertstate="firing"}')).length, WAIT)
        .toBeGreaterThanOrEqual(new Set(waiting).size);
      const incidents = await ever('hub_incidents_open');
      const quarantines = await ever('hub_quarantine_oldest_seconds');
      const expected = [
        ...incidents.map(({ metric }) => alertOf(metric)),
        ...quarantines.map(({ metric }) => `QuarantineOld ${metric.party}`),
      ];
      const fired = (await ever('ALERTS{alertstate="firing"}')).map(({ metric }) =>
        [metric.alertname, metric.kind, metric.party].filter(Boolean).join(' '),
      );
      expect(fired.sort()).toEqual(expected.sort());

      // The hub itself lists the same incidents.
      const listed = (await ask('incidents?state=all&limit=200')).map(({ kind, party }) => `${kind} ${party}`);
      expect(
        incidents.map(({ metric }) => `${metric.kind} ${metric.party}`).filter((one) => !listed.includes(one)),
      ).toEqual([]);
      // Which partner's outage meets a delivery is random. The others are in each day.
      expect(fired.join()).toMatch(/PartnerAway [a-z]/);
      expect(fired).toEqual(
        expect.arrayContaining([
          'IncidentOpen schema-drift one-stop',
          'QuarantineOld national-portal',
          'QuarantineOld one-stop',
        ]),
      );
    },
    WITHIN_MS,
  );
});

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
