import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type Item, type Outcome, type Page, sentenceOf } from '#kit';
import { testConnection } from '#kit/testing';
import adapter from './adapter.ts';
import type { Settings } from './settings.ts';
import { agricultureAt } from './simulator/connect.ts';

/** How the ministry answers for a detail. `cut` breaks the connection, `half` sends half an answer. */
type Manner = { readonly status: number; readonly body?: string; readonly retryAfter?: string } | 'cut' | 'half';

const open: (Server | { close(): unknown })[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

const codeOf = (at: number): string => `H60.08-250812-${String(at).padStart(4, '0')}`;
const codes = (count: number): string[] => Array.from({ length: count }, (_, at) => codeOf(at));
const NOW = Date.parse('2025-08-13T10:00:00+07:00');
const DAY_MS = 86_400_000;

/** A ministry that lists these dossiers. Its details fail in the manner of `broken`. */
async function scene(listed: readonly string[], settings: Partial<Settings> = {}) {
  const broken = new Map<string, Manner>();
  const state = { listed, nowMs: NOW, asked: [] as string[], records: [] as object[] };
  const server = createServer((request, response) => {
    const send = (body: object | string, status = 200, headers = {}): unknown =>
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(typeof body === 'string' ? body : JSON.stringify(body));
    const code = /\/dossiers\/([^?]+)/.exec(request.url ?? '')?.[1];
    if (!code) {
      const items = state.listed.map((one) => ({ code: one, status: 'DONE', statusAt: '2025-08-12T08:00:00+07:00' }));
      return send({ items, next: null });
    }
    state.asked.push(code);
    const manner = broken.get(code);
    if (manner === 'cut') return request.socket.destroy();
    if (manner === 'half') return send('{"dossier":{"procedure":');
    if (manner)
      return send(manner.body ?? '{}', manner.status, manner.retryAfter && { 'retry-after': manner.retryAfter });
    const dossier = {
      procedure: { code: '1.003618' },
      agency: 'H60.08',
      status: 'DONE',
      statusAt: '2025-08-12T08:00:00+07:00',
    };
    return send({ dossier: { ...dossier, summary: `Hồ sơ ${code}` } });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(server);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const given = { ...agricultureAt(url), answer: {}, ...settings } as Settings;
  const connection = testConnection(given, { now: () => state.nowMs, totalMs: 500 });
  open.push(connection);
  const puller = adapter.pull?.dossiers;
  if (!puller) throw new Error('no pull');

  let checkpoint: unknown;
  /** One run, as the hub does it: dossiers with their detail, invalid ones, and what the last page lacks. */
  async function run() {
    const [stored, invalid]: [string[], string[]] = [[], []];
    for (;;) {
      const page = (await puller?.next(connection, checkpoint, undefined as never)) as Page | Outcome;
      if ('kind' in page) return { stored, invalid, failure: page };
      for (const { body } of page.bodies)
        for (const item of puller?.read(body, given, connection.codes) ?? []) {
          if (item.kind === 'record') state.records.push(item.record);
          (item.kind === 'record' ? stored : invalid).push(codeIn(item));
        }
      checkpoint = JSON.parse(JSON.stringify(page.checkpoint));
      const lacks = page.lacks && sentenceOf(page.lacks).message;
      if (!page.more) return { stored, invalid, lacks };
    }
  }
  return { state, broken, run };
}

function codeIn(item: Item): string {
  if (item.kind === 'record') return (item.record as { code: string }).code;
  return `${item.kind === 'invalid' ? item.code : ''} ${item.problems.find(({ path }) => path.endsWith('/detail'))?.message}`;
}

describe('details of a list', () => {
  test.each<[Manner, string]>([
    [{ status: 500, body: '{"message":"NullPointerException"}' }, 'status 500'],
    [{ status: 404, body: '<html>404</html>' }, 'status 404'],
    [{ status: 503 }, 'status 503'],
    [{ status: 200, body: '{}' }, 'dossier'],
    ['cut', 'the connection broke'],
    ['half', 'JSON'],
  ])('a record whose detail fails (%j) delays no other one, and comes when it is answered', async (manner, why) => {
    const { broken, run } = await scene(codes(3));
    broken.set(codeOf(1), manner);
    const first = await run();
    expect(first).toMatchObject({ stored: [codeOf(0), codeOf(2)], lacks: expect.stringContaining(why) });
    expect(first.invalid).toEqual([expect.stringMatching(`^${codeOf(1)} its detail: .*${why}`)]);
    const second = await run();
    expect(second).toMatchObject({ stored: [], invalid: [], lacks: expect.stringContaining(why) });
    broken.clear();
    expect(await run()).toMatchObject({ stored: expect.arrayContaining([codeOf(1)]), invalid: [], lacks: false });
    expect(await run()).toEqual({ stored: [], invalid: [], lacks: undefined });
  });

  test('a detail adds to an object of its row, and replaces there only what it says', async () => {
    const { pull, codes: codeTables } = agricultureAt('http://127.0.0.1:9');
    const { fields, detail } = pull.dossiers;
    const dossiers = {
      ...pull.dossiers,
      fields: {
        ...fields,
        'applicant.kind': { from: 'status', codes: 'kind' },
        'applicant.name': 'code',
        'applicant.address': 'code',
      },
      detail: {
        ...detail,
        fields: { ...detail.fields, 'applicant.kind': { value: 'citizen' }, 'applicant.address': 'summary' },
      },
    };
    const kinds = { ...codeTables, kind: { DONE: 'organisation' } };
    const { state, run } = await scene(codes(1), { codes: kinds, pull: { ...pull, dossiers } } as Partial<Settings>);
    await run();
    const applicant = { kind: 'organisation', name: codeOf(0), address: `Hồ sơ ${codeOf(0)}` };
    expect(state.records).toMatchObject([{ applicant }]);
  });

  test('a record whose detail fails again is stored as invalid once, also on another page', async () => {
    const { state, broken, run } = await scene(codes(3));
    broken.set(codeOf(1), { status: 500 });
    expect((await run()).invalid).toHaveLength(1);
    state.listed = codes(4);
    expect(await run()).toMatchObject({ stored: [codeOf(0), codeOf(2), codeOf(3)], invalid: [] });
    state.listed = [codeOf(1)];
    expect(await run()).toMatchObject({ stored: [], invalid: [], lacks: expect.stringContaining('status 500') });
  });

  test('a detail comes also if the list no longer has its record', async () => {
    const { state, broken, run } = await scene(codes(3));
    broken.set(codeOf(1), { status: 500 });
    await run();
    state.listed = [];
    expect(await run()).toMatchObject({ stored: [], lacks: expect.stringContaining('status 500') });
    broken.clear();
    expect(await run()).toEqual({ stored: [codeOf(1)], invalid: [], lacks: false });
    state.asked = [];
    await run();
    expect(state.asked).toEqual([]);
  });

  test('a record is given up after seven days, and the incident ends', async () => {
    const { state, broken, run } = await scene(codes(3));
    broken.set(codeOf(1), { status: 500 });
    await run();
    state.listed = [];
    state.nowMs += 7 * DAY_MS;
    expect(await run()).toEqual({ stored: [], invalid: [], lacks: false });
  });

  test('a ministry that answers for no record stops the pull', async () => {
    const { broken, run } = await scene(codes(30));
    for (const code of codes(30).slice(20)) broken.set(code, { status: 500 });
    const { stored, invalid, failure } = await run();
    expect([stored, invalid]).toEqual([codes(20), []]);
    expect(failure).toMatchObject({ kind: 'unknown', reason: 'status-500' });
    broken.clear();
    expect((await run()).stored).toEqual(codes(30).slice(20));
  });

  test('a ministry that says when to ask again is not asked for the next record', async () => {
    const { state, broken, run } = await scene(codes(5));
    broken.set(codeOf(1), { status: 429, retryAfter: '40' });
    expect((await run()).failure).toMatchObject({ kind: 'unavailable', retryAfterMs: 40_000 });
    expect(state.asked).toEqual(codes(2));
  });

  test('a ministry that is busy for three records in a row is asked for no fourth one', async () => {
    const { state, broken, run } = await scene(codes(9));
    for (const code of codes(5).slice(1)) broken.set(code, { status: 503 });
    expect((await run()).failure).toMatchObject({ kind: 'unavailable', reason: 'status-503' });
    expect(state.asked).toEqual(codes(4));
  });

  test('many failed details stop the pull until some are answered', async () => {
    const listed = codes(220);
    const { state, broken, run } = await scene(listed);
    const isWhole = (at: number): boolean => at % 2 === 0;
    for (const [at, code] of listed.entries()) if (!isWhole(at)) broken.set(code, { status: 500 });
    const first = await run();
    expect(first.failure).toMatchObject({ reason: 'status-500' });
    expect([first.stored.length, first.invalid.length]).toEqual([100, 100]);
    expect((await run()).failure).toBeDefined();
    broken.clear();
    const last = await run();
    expect(new Set(last.stored).size).toBe(40);
    for (let runs = 0; runs < 5; runs++) last.stored.push(...(await run()).stored);
    expect(new Set([...first.stored, ...last.stored])).toEqual(new Set(listed));
    state.asked = [];
    await run();
    expect(state.asked).toHaveLength(220);
  });
});
