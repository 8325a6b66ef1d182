import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { storeBackup } from '../../src/ledger/process-runs.ts';
import { progress, type TestHub, testHub } from '../support/hub.ts';
import { question } from '../support/kinds.ts';

/** The files of docs/operate that other programs load. CI tests the alert rules with promtool. */
const OPERATE = join(import.meta.dirname, '..', '..', 'docs', 'operate');
const read = (file: string): string => readFileSync(join(OPERATE, file), 'utf8');
const { loadAll } = createRequire(import.meta.url)('js-yaml') as { loadAll: (text: string) => readonly unknown[] };

let hub: TestHub;
let metrics: ReadonlySet<string>;
beforeAll(async () => {
  hub = await testHub({});
  const text = await (await hub.request('GET', '/metrics')).text();
  // The process itself adds those of prom-client.
  const ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess });
  const added = ofProcess.getMetricsAsArray().map(({ name }) => name);
  const served = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name as string);
  metrics = new Set([...added, ...served]);
});
afterAll(() => hub.close());

/** Without the parts of a histogram. */
const isServed = (name: string): boolean =>
  metrics.has(name) || metrics.has(name.replace(/_(?:bucket|sum|count)$/, ''));

test.each(['overview', 'party', 'database', 'slo'].map((name) => `grafana-${name}.json`))(
  '%s asks for metrics that the hub or a rule serves',
  (file) => {
    const expressions = [...read(`monitoring/${file}`).matchAll(/"expr": "((?:[^"\\]|\\.)*)"/g)].map(([, expr]) =>
      String(expr),
    );
    expect(expressions.length).toBeGreaterThan(5);
    const recorded = new Set([...read('monitoring/rules.yaml').matchAll(/record: (\S+)/g)].map(([, name]) => name));
    const names = expressions.flatMap((expr) => expr.match(/\b(?:hub|nodejs|process)_\w+|\b\w+:hub_[\w:]+/g) ?? []);
    expect(names.filter((name) => !recorded.has(name) && !isServed(name))).toEqual([]);
  },
);

test('the age of what waits for a decision is a metric by party; what waits for its dossier does not count', async () => {
  const ages = async () =>
    [...(await (await hub.request('GET', '/metrics')).text()).matchAll(/^hub_quarantine_oldest_seconds\{.*$/gm)].map(
      String,
    );
  await hub.push(progress({ code: 'H60.01-250812-0999' }), { what: 'progress' });
  expect(await ages()).toEqual([]);
  await hub.push(question({ content: 'Tôi tố cáo cán bộ nhận hối lộ' }), { what: 'questions' });
  hub.clock.nowMs += 90_000_000;
  expect(await ages()).toEqual(['hub_quarantine_oldest_seconds{party="one-stop"} 90000']);
});

test('the age of the newest backup is a metric, and absent without a backup', async () => {
  const age = async () => {
    const text = await (await hub.request('GET', '/metrics')).text();
    return /^hub_backup_age_seconds (.*)$/m.exec(text)?.[1];
  };
  expect(await age()).toBeUndefined();
  const { nowMs } = hub.clock;
  await storeBackup(hub.hub.database, nowMs - 7_200_000, nowMs);
  await storeBackup(hub.hub.database, nowMs - 90_000_000, nowMs - 89_000_000);
  expect(await age()).toBe('7200');
});

test('requests for metrics at once share one answer, and take two connections at most', async () => {
  const { pool } = hub.hub.database;
  const query = pool.query.bind(pool) as (...given: unknown[]) => Promise<unknown>;
  const asked: string[] = [];
  let underWay = 0;
  let most = 0;
  vi.spyOn(pool, 'query').mockImplementation((async (...given: unknown[]) => {
    const { name = '' } = given[0] as { name?: string };
    if (!QUERIES.includes(name)) return query(...given);
    asked.push(name);
    most = Math.max(most, ++underWay);
    return query(...given).finally(() => underWay--);
  }) as never);
  try {
    const served = Array.from({ length: 20 }, async () => (await hub.request('GET', '/metrics')).text());
    for (const text of await Promise.all(served)) expect(text).toContain('# TYPE hub_anomalies_total counter');
    // The requests during an answer share the next one.
    expect(asked.sort()).toEqual([...QUERIES, ...QUERIES].sort());
    expect(most).toBeLessThanOrEqual(2);
  } finally {
    vi.restoreAllMocks();
  }
});

/** The queries of an answer, by their names. */
const QUERIES = ['backlog', 'quarantine ages', 'last reconciles', 'count anomalies', 'count erased', 'last backup'];

interface ZabbixItem {
  readonly key: string;
  readonly type: string;
  readonly master_item?: { readonly key: string };
  readonly preprocessing?: readonly { readonly type: string; readonly parameters: readonly string[] }[];
  readonly triggers?: readonly ZabbixTrigger[];
  /** Of what is discovered. */
  readonly trigger_prototypes?: readonly ZabbixTrigger[];
}

interface ZabbixTrigger {
  readonly expression: string;
  readonly description: string;
}

interface ZabbixTemplate {
  readonly name: string;
  readonly items: readonly ZabbixItem[];
  readonly discovery_rules: readonly (ZabbixItem & { readonly item_prototypes: readonly ZabbixItem[] })[];
}

/** The addresses of the headings of a page. */
const headingsOf = (file: string): readonly string[] =>
  [...read(file).matchAll(/^#{2,4} (.*)$/gm)].map(([, title]) =>
    String(title)
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );

test('each item of the Zabbix template reads a metric of the hub; each trigger names an existing item and an existing page', () => {
  const [{ zabbix_export: given }] = loadAll(read('monitoring/zabbix.yaml')) as [
    { zabbix_export: { templates: readonly [ZabbixTemplate] } },
  ];
  const [{ name, items: plain, discovery_rules: rules }] = given.templates;
  const items = [...plain, ...rules, ...rules.flatMap(({ item_prototypes }) => item_prototypes)];
  const keys = new Set(items.map(({ key }) => key));
  const pages = new Map(['runbook.md', 'monitor.md'].map((file) => [`docs/operate/${file}`, headingsOf(file)]));
  const isHeading = (description: string): boolean => {
    const [page, heading] = description.replace('runbook: ', '').split('#') as [string, string];
    return pages.get(page)?.includes(heading) === true;
  };
  const wrong = items.flatMap(({ key, type, master_item, preprocessing = [], triggers, trigger_prototypes }) => [
    ...preprocessing
      .filter((step) => step.type === 'PROMETHEUS_PATTERN')
      .map(({ parameters }) => parameters[0]?.replace(/\{.*/s, '') as string)
      .filter((metric) => !isServed(metric))
      .map((metric) => `${key}: the hub has no ${metric}`),
    ...(type === 'DEPENDENT' && !keys.has(master_item?.key ?? '') ? [`${key}: no item ${master_item?.key}`] : []),
    ...(triggers ?? trigger_prototypes ?? []).flatMap(({ expression, description }) => [
      ...[...expression.matchAll(/\(\/([^/]+)\/([\w.]+(?:\[[^\]]*\])?)/g)]
        .filter(([, template, item]) => template !== name || !keys.has(item as string))
        .map(([found]) => `${key}: ${found}`),
      ...(isHeading(description) ? [] : [`${key}: ${description}`]),
    ]),
  ]);
  expect(wrong).toEqual([]);
  // Zabbix refuses an identifier that is there twice, or is no UUID of version 4.
  const ids = [...read('monitoring/zabbix.yaml').matchAll(/uuid: (\S+)/g)].map(([, id]) => id as string);
  expect(
    ids.filter((id, at) => !/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/.test(id) || ids.indexOf(id) !== at),
  ).toEqual([]);
});

interface Manifest {
  readonly kind: string;
  readonly spec: {
    readonly selector: { readonly matchLabels?: Labels } & Labels;
    readonly template?: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
    readonly ports?: readonly { readonly targetPort: number }[];
  };
}
type Labels = Readonly<Record<string, unknown>>;
interface PodSpec {
  readonly containers: readonly [Container];
  readonly volumes: readonly { readonly name: string }[];
}
interface Container {
  readonly ports: readonly { readonly containerPort: number }[];
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly startupProbe: Probe & { readonly periodSeconds: number; readonly failureThreshold: number };
  readonly volumeMounts: readonly { readonly name: string }[];
}
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: number };
}

test('the manifests of Kubernetes select their pods, and probe pages that the hub serves', async () => {
  const text = /^## Kubernetes[\s\S]*?```yaml\n([\s\S]*?)```/m.exec(read('containers.md'))?.[1] as string;
  const [deployment, service] = loadAll(text) as [Manifest, Manifest];
  const template = deployment.spec.template as NonNullable<Manifest['spec']['template']>;
  const [{ ports, readinessProbe, livenessProbe, startupProbe, volumeMounts }] = template.spec.containers;
  expect(template.metadata.labels).toMatchObject(deployment.spec.selector.matchLabels as Labels);
  expect(template.metadata.labels).toMatchObject(service.spec.selector);
  expect(service.spec.ports?.map(({ targetPort }) => targetPort)).toEqual(
    ports.map(({ containerPort }) => containerPort),
  );
  expect(volumeMounts.map(({ name }) => name).sort()).toEqual(template.spec.volumes.map(({ name }) => name).sort());
  for (const { httpGet } of [readinessProbe, livenessProbe, startupProbe]) {
    expect(httpGet.port).toBe(ports[0]?.containerPort);
    expect((await hub.request('GET', httpGet.path)).status).toBe(200);
  }
  // A start that migrates large tables answers no probe until it is done. Ended early, it begins again.
  expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBe(24 * 3_600);
});

test('a start of the image that migrates for up to an hour does not count as unhealthy', () => {
  expect(readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8')).toMatch(
    /^HEALTHCHECK .*--start-period=1h /m,
  );
});
