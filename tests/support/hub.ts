import { pino } from 'pino';
import Type from 'typebox';
import type { Outcome } from '#core/dossier/settle';
import type { Kind } from '#core/records/kind';
import type { Operation } from '#schemas/operations';
import type { Config, HubFile } from '../../src/config/config.ts';
import { createHub, type Hub, type HubOverrides } from '../../src/hub.ts';
import { ALL_KINDS } from '../../src/kinds/all-kinds.ts';
import { type Adapter, defineAdapter } from '../../src/kit/adapter.ts';
import type { Puller } from '../../src/kit/puller.ts';
import type { Outgoing } from '../../src/kit/sender.ts';
import type { LoadedAdapter } from '../../src/parties/load-adapters.ts';
import type { Queue } from '../../src/queue/port.ts';
import { migratedDatabase } from './database.ts';
import type { Json } from './json.ts';
import { MORNING } from './template.ts';

/** A clock that moves only on demand. */
export interface Clock {
  nowMs: number;
}

/** A partner inside the test: it records what it gets, and answers as the test says. */
export interface Partner {
  readonly sent: Outgoing[];
  /** The next answers, in order; delivered when there are no more. */
  readonly script: (Outcome | ((items: readonly Outgoing[]) => Promise<readonly Outcome[]>))[];
  readonly adapter: Adapter;
}

export interface TestHub {
  readonly hub: Hub;
  readonly databaseUrl: string;
  readonly clock: Clock;
  readonly logLines: Record<string, unknown>[];
  /** A request with the key of this id. */
  request(
    method: string,
    path: string,
    keyId?: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Response>;
  /** Pushes to a party's door and reads the reply. */
  push(
    body: unknown,
    options?: { party?: string; what?: string; headers?: Record<string, string> },
  ): Promise<PushReply>;
  read(path: string, keyId?: string): Promise<{ status: number; body: Json; headers: Headers }>;
  /** Notifies the hub of due work and waits until no call is under way. */
  deliver(): Promise<void>;
  close(): Promise<void>;
}

export interface PushReply {
  readonly status: number;
  readonly receipt: string;
  readonly results: readonly {
    readonly index: number;
    readonly code?: string;
    readonly outcome: string;
    readonly problems?: readonly { path: string; code?: string; message: string }[];
    readonly warnings?: readonly { path: string; code?: string; message: string }[];
  }[];
  readonly body: Json;
}

export const HUB_SECRET = 'a-secret-of-the-tests-that-is-long-enough';

export const SECRETS = {
  'one-stop': 'one-stop-secret-of-the-tests',
  other: 'other-secret-of-the-tests',
  portal: 'portal-secret-of-the-tests',
  personal: 'personal-secret-of-the-tests',
} as const;

/** A hub with the parties `one-stop` (authoritative), `other`, and those of the test, on a separate database. */
export async function testHub(
  options: {
    readonly partners?: Readonly<Record<string, Partner>>;
    readonly routes?: HubFile['routes'];
    readonly retention?: HubFile['retention'];
    readonly retentionMonths?: number;
    readonly deadlines?: HubFile['deadlines'];
    readonly daysOff?: string[];
    readonly personLimitPerHour?: number;
    readonly askLimitPerHour?: number;
    readonly stillAfterDays?: HubFile['stillAfterDays'];
    /** Members of each party's configuration besides its adapter. */
    readonly entries?: Readonly<Record<string, object>>;
    readonly retryDelaysMs?: readonly number[];
    readonly maxBodyBytes?: number;
    readonly nowMs?: number;
    readonly answerMs?: number;
    readonly sessionsMs?: number;
    /** Replicas that are checked on demand. */
    readonly replicas?: HubOverrides['replicas'] & { readonly urls: readonly string[] };
    /** How often it polls for due work. By default it delivers only after notifications and by `deliver`. */
    readonly lookMs?: number;
    readonly queue?: Queue;
    /** The machine's time: the hub then uses real time, not a stopped clock. */
    readonly machineMs?: () => number;
    /** The database of another test hub: both are processes on it then. */
    readonly databaseUrl?: string;
    /** Secrets of the vault, newest first. */
    readonly secrets?: readonly [string, ...string[]];
    /** In addition to those of every test. */
    readonly keys?: HubFile['keys'];
    /** The trusted proxies. */
    readonly proxies?: HubFile['proxies'];
    readonly clientCertificateHeader?: string;
    readonly portalDialect?: HubFile['portalDialect'];
    readonly traces?: Config['traces'];
    readonly logLevel?: 'info' | 'debug';
    readonly roles?: Config['roles'];
    readonly files?: HubFile['files'];
    readonly dataDir?: string;
    /** The kinds of record beside dossiers; by default those of the hub. */
    readonly kinds?: readonly Kind[];
  } = {},
): Promise<TestHub> {
  const database = options.databaseUrl
    ? { url: options.databaseUrl, drop: async () => undefined }
    : await migratedDatabase();
  const clock: Clock = { nowMs: options.nowMs ?? MORNING };
  const logLines: Record<string, unknown>[] = [];
  const log = pino(
    { level: options.logLevel ?? 'info' },
    { write: (line: string) => void logLines.push(JSON.parse(line)) },
  );
  const partners = options.partners ?? {};
  const adapters = new Map<string, LoadedAdapter>([
    ['door', loaded('door', defineAdapter({ settings: Type.Object({}) }), true)],
    ['peer', loaded('peer', defineAdapter({ settings: Type.Object({}) }), false)],
    ...Object.entries(partners).map(([name, { adapter }]) => [name, loaded(name, adapter, false)] as const),
  ]);
  const writes = (options.kinds ?? ALL_KINDS).map(({ scope }) => scope);
  const config: Config = {
    databaseUrl: database.url,
    databaseReadUrls: options.replicas?.urls ?? [],
    replicaMaxLagMs: 10_000,
    redisUrl: undefined,
    dataDir: options.dataDir ?? '/nowhere',
    host: '127.0.0.1',
    port: 0,
    probesPort: 0,
    roles: options.roles ?? ['worker'],
    retryDelaysMs: options.retryDelaysMs ?? [5_000, 30_000],
    maxBodyBytes: options.maxBodyBytes ?? 20 * 1024 * 1024,
    logLevel: 'info',
    traces: options.traces,
    secrets: options.secrets ?? [HUB_SECRET],
    file: {
      province: { code: 'H60', name: 'Tỉnh Tuyên Quang', ...(options.daysOff && { daysOff: options.daysOff }) },
      keys: [
        { id: 'one-stop', secret: SECRETS['one-stop'], scopes: ['dossier:write', ...writes], party: 'one-stop' },
        { id: 'other', secret: SECRETS.other, scopes: ['dossier:write', ...writes], party: 'other' },
        { id: 'portal', secret: SECRETS.portal, scopes: ['index:read', 'catalogue:read'] },
        { id: 'personal', secret: SECRETS.personal, scopes: ['index:read', 'index:personal'] },
        ...(options.keys ?? []),
      ],
      parties: {
        'one-stop': { adapter: 'door', ...options.entries?.['one-stop'] },
        other: { adapter: 'peer', ...options.entries?.other },
        ...Object.fromEntries(
          Object.keys(partners).map((name) => [name, { adapter: name, ...options.entries?.[name] }]),
        ),
      },
      routes: options.routes ?? [],
      ...(options.retention && { retention: options.retention }),
      ...(options.retentionMonths && { retentionMonths: options.retentionMonths }),
      ...(options.deadlines && { deadlines: options.deadlines }),
      ...(options.stillAfterDays && { stillAfterDays: options.stillAfterDays }),
      ...(options.personLimitPerHour && { personLimitPerHour: options.personLimitPerHour }),
      ...(options.askLimitPerHour && { askLimitPerHour: options.askLimitPerHour }),
      ...(options.files && { files: options.files }),
      ...(options.proxies && { proxies: options.proxies }),
      ...(options.portalDialect && { portalDialect: options.portalDialect }),
      ...(options.clientCertificateHeader && { clientCertificateHeader: options.clientCertificateHeader }),
    },
    filePath: 'hub.config.json',
  };
  const hub = await createHub(config, database.url, adapters, log, {
    ...(options.machineMs ? { machineMs: options.machineMs } : { nowMs: () => clock.nowMs }),
    random: () => 0,
    lookMs: options.lookMs ?? false,
    ...(options.queue && { queue: options.queue }),
    ...(options.kinds && { kinds: options.kinds }),
    answerMs: options.answerMs,
    sessionsMs: options.sessionsMs,
    ...(options.replicas && { replicas: options.replicas }),
  });
  await hub.start();

  const request: TestHub['request'] = async (method, path, keyId, body, headers = {}) => {
    const secret = keyId === undefined ? undefined : (SECRETS as Record<string, string>)[keyId];
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    return hub.app.request(path, {
      method,
      headers: {
        ...(secret !== undefined && { Authorization: `Bearer ${secret}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: (isRaw ? body : JSON.stringify(body)) as string }),
    });
  };

  return {
    hub,
    databaseUrl: database.url,
    clock,
    logLines,
    request,
    async push(body, { party = 'one-stop', what = 'dossiers', headers } = {}) {
      const response = await request('POST', `/api/v1/parties/${party}/${what}`, party, body, headers);
      const parsed = (await response.json()) as Json;
      return { status: response.status, receipt: parsed.receipt, results: parsed.results ?? [], body: parsed };
    },
    async read(path, keyId = 'portal') {
      const response = await request('GET', path, keyId);
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers };
    },
    async deliver() {
      try {
        await hub.pipeline.sweep();
      } finally {
        // The sweep, and the answers of partners, may have sent notifications, which arrive in the next turn of the event loop.
        for (let round = 0; round < 3; round++) {
          await nextTurn();
          await hub.pipeline.idle();
        }
      }
    },
    async close() {
      await hub.stop();
      await database.drop();
    },
  };
}

/** A timer alone may end before a notification of the same turn, on a machine that stands still meanwhile. */
async function nextTurn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 2));
  await new Promise((resolve) => setImmediate(resolve));
}

function loaded(name: string, adapter: Adapter, authoritative: boolean): LoadedAdapter {
  return {
    manifest: {
      name,
      title: name,
      description: name,
      kit: '1',
      protocol: 'in the test',
      authoritative,
      sends: Object.keys(adapter.send ?? {}),
      pulls: Object.keys(adapter.pull ?? {}),
      callbacks: adapter.callbacksBy ? true : Object.keys(adapter.callbacks ?? {}),
    },
    adapter,
    settingsProblems: () => [],
  };
}

export function testPartner(
  options: { any?: boolean; batch?: number; dossiers?: number; pull?: Readonly<Record<string, Puller<Json>>> } = {},
): Partner {
  const sent: Outgoing[] = [];
  const script: Partner['script'] = [];
  const sender = {
    async send(_: unknown, items: readonly Outgoing[]): Promise<readonly Outcome[]> {
      sent.push(...items);
      const next = script.shift() ?? { kind: 'delivered' };
      return typeof next === 'function' ? next(items) : items.map(() => next);
    },
  };
  const operations: Operation[] = ['dossier.upsert.v1', 'dossier.progress.v1', 'service.upsert.v1'];
  const adapter = defineAdapter({
    settings: Type.Object({}),
    send: {
      ...Object.fromEntries(operations.map((operation) => [operation, sender])),
      'dossier.upsert.v1': { ...sender, batch: () => options.dossiers ?? 1, onePerDossier: true },
      'dossier.progress.v1': { ...sender, batch: () => options.batch ?? 1 },
    },
    ...(options.any && { sendAny: sender }),
    ...(options.pull && { pull: options.pull }),
  });
  return { sent, script, adapter };
}

/** The partner answers its next calls only then. @returns lets it answer */
export function holdAnswers({ script }: Partner, calls = 1): () => void {
  let answer = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const delivered = async (items: readonly Outgoing[]): Promise<readonly Outcome[]> => {
    await held;
    return items.map(() => ({ kind: 'delivered' }));
  };
  script.push(...Array.from({ length: calls }, () => delivered));
  return answer;
}

/** 15 minutes after the dossier of `dossier` was received: the start of tests that count minutes. */
export const AFTER_RECEIPT = Date.parse('2025-08-12T08:30:00+07:00');

/** The code of the dossier with this number, up to 9999. */
export const codeOf = (n: number): string => `H60.01-250812-${String(n).padStart(4, '0')}`;

/** A dossier in the form of a one-stop system's push. */
export function dossier(given: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    code: 'H60.01-250812-0035',
    serviceCode: '1.013225',
    serviceName: 'Thủ tục thử nghiệm',
    agencyCode: 'H60.01',
    channel: 'online',
    status: 'received',
    statusAt: '2025-08-12T08:15:00+07:00',
    receivedAt: '2025-08-12T08:15:00+07:00',
    dueAt: '2025-08-19T17:00:00+07:00',
    applicant: { name: 'Nguyễn Văn An', identityNumber: '001000000001', phone: '0900000001', email: 'an@example.test' },
    ...given,
  };
}

export function progress(given: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    code: 'H60.01-250812-0035',
    at: '2025-08-13T09:00:00+07:00',
    status: 'processing',
    actor: 'Trần Thị B',
    content: 'Đang thẩm định',
    ...given,
  };
}
