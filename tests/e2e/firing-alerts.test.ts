import type { ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../src/play/stage/ports.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { dossier } from '../support/hub.ts';
import { type HubProcess, startHubProcess, testFolder } from '../support/process.ts';
import { askPrometheus, hasPrometheus, seriesOf, startPrometheus } from '../support/prometheus.ts';

const SENDER = 'e2e-secret-of-the-one-stop-system';
const why = hasPrometheus ? '' : ' (skipped: prometheus missing)';
const WAIT = { timeout: 180_000, interval: 500 };

/** A bad day for a hub that a real Prometheus watches by the rules of this repository, with seconds for minutes of waiting. */
describe.skipIf(!hasPrometheus)(`alerts of a bad day${why}`, () => {
  let database: TestDatabase;
  let folder: ReturnType<typeof testFolder>;
  let hub: HubProcess;
  let prometheus: ChildProcess;
  let prometheusUrl: string;
  let subscriberPort: number;
  let subscriber: Server | undefined;

  beforeAll(async () => {
    subscriberPort = await freePort('127.0.0.1', 0);
    folder = testFolder(configOf(subscriberPort));
    database = await testDatabase();
    hub = await startHubProcess({
      DATABASE_URL: database.url,
      HUB_SECRET: 'a-secret-of-the-tests-that-is-long-enough',
      HUB_CONFIG: folder.configPath,
      HUB_RETRY_DELAYS_S: '1',
    });
    const port = await freePort('127.0.0.1', 0);
    prometheusUrl = `http://127.0.0.1:${port}`;
    prometheus = startPrometheus(folder.path, { target: new URL(hub.url).host, port, everyS: 1, hastened });
  });
  afterAll(async () => {
    prometheus?.kill('SIGKILL');
    hub?.child.kill('SIGKILL');
    await hub?.ended;
    subscriber?.closeAllConnections();
    subscriber?.close();
    await database?.drop();
    folder?.remove();
  });

  // Changed now: an older one lags, and raises an alert of its own as soon as two samples see it.
  const now = new Date();
  const times = {
    statusAt: now.toISOString(),
    receivedAt: now.toISOString(),
    dueAt: new Date(now.getTime() + 7 * 86_400_000).toISOString(),
  };
  const push = (n: number, more: object = {}) =>
    fetch(`${hub.url}/api/v1/parties/one-stop/dossiers`, {
      method: 'POST',
      headers: { authorization: `Bearer ${SENDER}`, 'content-type': 'application/json' },
      body: JSON.stringify(dossier({ code: `H60.01-250812-${String(n).padStart(4, '0')}`, ...times, ...more })),
    });
  const invalidSeen = async (): Promise<number> =>
    Number(await sampleOf(prometheusUrl, 'sum(hub_items_total{outcome="invalid"})'));

  test('are those of the partner that is away and of the sender that errs, end with them, and no others fire', async () => {
    await expect.poll(() => upOf(prometheusUrl), WAIT).toBe('1');
    for (let n = 1; n <= 8; n++) expect((await push(n)).status).toBe(201);
    await push(90, { status: 'no-such-status' });
    // A counter grows only from its second sample on.
    await expect.poll(invalidSeen, WAIT).toBe(1);
    for (let n = 0; n < 40; n++) await push(100 + n, { status: 'no-such-status' });
    await expect
      .poll(() => firing(prometheusUrl), WAIT)
      .toEqual([
        'PartnerAway portal docs/operate/runbook.md#partner-away',
        'SenderIsWrong one-stop docs/operate/runbook.md#a-sender-pushes-invalid-items',
      ]);

    subscriber = createServer((_, reply) => void reply.writeHead(204).end()).listen(subscriberPort, '127.0.0.1');
    await expect
      .poll(() => firing(prometheusUrl), WAIT)
      .toEqual(['SenderIsWrong one-stop docs/operate/runbook.md#a-sender-pushes-invalid-items']);

    hub.child.kill('SIGTERM');
    await hub.ended;
    await expect
      .poll(() => firing(prometheusUrl), WAIT)
      .toContain('HubDown  docs/operate/runbook.md#a-process-does-not-start');
  });
});

function configOf(port: number): object {
  return {
    keys: [{ id: 'one-stop', secret: SENDER, scopes: ['dossier:write'], party: 'one-stop' }],
    parties: {
      'one-stop': { adapter: 'one-stop' },
      portal: {
        adapter: 'webhook-subscriber',
        settings: { url: `http://127.0.0.1:${port}/hook`, secrets: ['a-secret-of-the-subscriber-2026'] },
      },
    },
    routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
  };
}

/** Memory and event loop say how busy the machine of the tests is: those two alerts keep their minutes. */
function hastened(rules: string): string {
  const kept = /(alert: (?:HubIsSlow|HubNeedsMemory)\n(?: .*\n)*? +for: \d+)m/g;
  return rules
    .replace(kept, '$1M')
    .replace(/for: (\d+)m/g, 'for: $1s')
    .replace(/for: (\d+)M/g, 'for: $1m');
}

async function sampleOf(url: string, query: string): Promise<string | undefined> {
  return (await seriesOf(url, query))?.[0]?.value[1];
}

const upOf = (url: string): Promise<string | undefined> => sampleOf(url, 'up{job="lienthong"}');

interface Alert {
  readonly state: string;
  readonly labels: { readonly alertname: string; readonly party?: string };
  readonly annotations: { readonly runbook: string };
}

/** Name, party and page of each firing alert. */
async function firing(url: string): Promise<readonly string[] | undefined> {
  const found = (await askPrometheus(url, 'alerts'))?.data?.alerts as readonly Alert[] | undefined;
  return found
    ?.filter(({ state }) => state === 'firing')
    .map(({ labels, annotations }) => `${labels.alertname} ${labels.party ?? ''} ${annotations.runbook}`)
    .sort();
}
