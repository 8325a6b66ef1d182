import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDice } from '../../src/play/day/dice.ts';
import type { Report } from '../../src/play/demo/report.ts';
import type { Status } from '../../src/play/demo/run-folder.ts';

const COMMAND = join(import.meta.dirname, '..', '..', 'bin', 'lienthong.mjs');
const WITHIN_MS = 300_000;

describe('lienthong demo --once', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lienthong-demo-'));
    chmodSync(folder, 0o755); // as root, PostgreSQL runs as another user
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test(
    'plays a day of over 560 dossiers, finds every event in its place, and ends with 0',
    async () => {
      const temp = mkdtempSync(join(folder, 'temp-'));
      const { code, report, errors } = await demo(folder, { TMPDIR: temp }).ended;
      expect(report, errors).toMatchObject({ ok: true, missing: [], hubRestarts: 0 });
      // Other users of the machine could have written there before.
      expect(readdirSync(temp)).toEqual([]);
      expect(code).toBe(0);
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
      expect(report.doors['called back by payment-platform']).toMatchObject({ accepted: 20, duplicate: 40 });
      // Three questions of citizens, which wait if the catalogue comes later. The day follows their answers.
      const { accepted = 0, quarantined = 0 } = report.doors['asking national-portal, questions'] ?? {};
      expect(accepted + quarantined).toBeGreaterThanOrEqual(3);
      // Of the 48 registrations; the check compares them with the change feed.
      expect(report.webhooks).toBeGreaterThan(96);
      // Twelve times a question, a petition, a rating, a good and a bad question; then twenty payments and postal orders.
      expect(report.records).toBe(48 + 40);
      expect(report.doors['questions, petitions, ratings (one-stop)']).toMatchObject({ invalid: 12 });
      expect(isGone(statusIn(folder))).toBe(true);
    },
    WITHIN_MS,
  );

  test(
    'two kills of the hub in mid-day lose nothing that it acknowledged',
    async () => {
      const dice = createDice(20_251_124);
      const run = demo(folder);
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

interface Demo {
  readonly ended: Promise<{ readonly code: number | null; readonly report: Report; readonly errors: string }>;
  readonly isOver: () => boolean;
}

function demo(folder: string, more: Readonly<Record<string, string>> = {}): Demo {
  const { HUB_CONFIG: _config, HUB_SECRET: _secret, ...env } = process.env;
  const child = spawn(process.execPath, [COMMAND, 'demo', '--once', '--json'], {
    env: { ...env, HUB_DATA_DIR: folder, PORT: '0', ...more },
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
    isOver: () => child.exitCode !== null,
    ended: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, report: JSON.parse(texts.out || '{}'), errors: texts.errors }));
    }),
  };
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

function statusIn(folder: string): Partial<Status> {
  try {
    const [run] = readdirSync(folder);
    return JSON.parse(readFileSync(join(folder, run ?? '', 'status.json'), 'utf8')) as Status;
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
