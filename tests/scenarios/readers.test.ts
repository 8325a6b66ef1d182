import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { readItem } from '#core/dossier/item';
import { up as markBrokenMasks } from '../../src/database/migrations/068-events-of-messages.ts';
import { createCursors, createFeedCursors } from '../../src/http/cursor.ts';
import { followChain } from '../../src/ledger/audit-chain.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { dossier, HUB_SECRET, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { legacySystem } from '../support/legacy-system.ts';

const EARLY = '2025-08-01T08:00:00+07:00';
const STATUSES = ['submitted', 'received', 'processing', 'resolved', 'returned'];

describe('readers', () => {
  let hub: TestHub;
  const services = Array.from({ length: 7 }, (_, n) => ({
    code: `1.00000${n}`,
    name: n === 3 ? 'Đăng ký khai sinh' : `Thủ tục số ${n}`,
    inForce: true,
    fieldCode: n < 4 ? 'G15-HT01' : 'G03-GD10',
    levels: n % 2 === 0 ? ['commune'] : ['province'],
    audience: n === 5 ? ['Doanh nghiệp'] : ['Công dân'],
    agencies: [{ code: n === 6 ? '001.02.07.H60' : 'H60.01.2', name: 'Sở Tư pháp' }],
  }));
  const partner = testPartner({
    pull: {
      catalogue: {
        schedule: '0 0 2 * * *',
        async next() {
          return {
            bodies: [{ body: Buffer.from(JSON.stringify(services)), mediaType: 'application/json' }],
            checkpoint: null,
            more: false,
            complete: { kind: 'service', codes: services.map((service) => service.code) },
          };
        },
        read: (body) =>
          (JSON.parse(Buffer.from(body).toString()) as unknown[]).map((service) =>
            readItem('service.upsert.v1', service),
          ),
      },
    },
  });

  beforeAll(async () => {
    hub = await testHub({ partners: { source: partner } });
    await hub.push(
      Array.from({ length: 40 }, (_, n) =>
        dossier({
          code: `H60.0${1 + (n % 3)}.1-250812-${String(n).padStart(4, '0')}`,
          serviceCode: n % 2 === 0 ? '1.013225' : '2.000001.000.00.00.H60',
          agencyCode: `H60.0${1 + (n % 3)}.1`,
          channel: n % 4 === 0 ? 'counter' : 'online',
          status: STATUSES[n % 5],
          statusAt: `2025-08-12T0${n % 8}:${String(n).padStart(2, '0')}:00+07:00`,
          receivedAt: `2025-08-${String(1 + (n % 28)).padStart(2, '0')}T08:00:00+07:00`,
          dueAt: n < 20 ? '2025-08-01T17:00:00+07:00' : '2025-12-01T17:00:00+07:00',
          applicant: { name: n === 7 ? 'Đặng Thị Ngọc Ánh' : `Nguyễn Văn ${n}` },
        }),
      ),
    );
    await hub.hub.database.query
      .insertInto('pulls')
      .values({ party: 'source', name: 'catalogue', next_at: '2025-01-01', checkpoint: 'null', token: 0 } as never)
      .execute();
    await hub.hub.pipeline.pull('source', 'catalogue');
  });
  afterAll(() => hub.close());

  test('pages of a list show every dossier once, newest status first, also during changes', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < 20; page++) {
      const query: string = cursor === null ? '?limit=7' : `?limit=7&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await hub.read(`/api/v1/dossiers${query}`);
      seen.push(...body.items.map((item: { code: string }) => item.code));
      cursor = body.next;
      if (cursor === null) break;
      if (page === 0) await hub.push(dossier({ code: 'H60.09-250812-0001', statusAt: '2025-08-13T08:00:00+07:00' }));
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(40);
  });

  test.each([
    ['?status=resolved', 8],
    ['?status=resolved,returned', 16],
    ['?agency=H60.01.1', 14],
    ['?agency=H60.01', 14],
    ['?service=1.013225.000.00.00.H60', 20],
    ['?service=2.000001', 20],
    ['?channel=counter', 10],
    ['?party=one-stop', 40],
    ['?party=other', 0],
    ['?q=dang thi ngoc anh', 1],
    ['?q=ĐẶNG Ánh', 1],
    [`?q=${'Đặng'.normalize('NFD')}`, 1],
    ['?q=250812-0007', 1],
    ['?q=h60.02.1', 13],
    ['?q=thi ngoc an', 1],
    ["?q=' OR 1=1 --", 0],
    ['?q=–', 0],
    ['?q=  ', 40],
    ['?q=nguyen&status=received', 8],
    ['?due=overdue', 12],
    ['?receivedFrom=2025-08-28&receivedTo=2025-08-28', 1],
    ['?receivedFrom=2025-08-05&receivedTo=2025-08-06T08:00:00%2B07:00', 4],
  ])('the list with %s has %i dossiers', async (query, count) => {
    const { body, status } = await hub.read(`/api/v1/dossiers${encodeURI(query).replaceAll('%25', '%')}&limit=200`);
    expect(status).toBe(200);
    expect(body.items.filter((item: { code: string }) => !item.code.startsWith('H60.09'))).toHaveLength(count);
  });

  test.each([
    '?status=done',
    '?limit=0',
    '?limit=201',
    '?unknown=1',
    '?receivedFrom=yesterday',
    '?receivedTo=2025-08-05&receivedFrom=2025-08-06',
    '?cursor=made-up',
    '?status=received&status=resolved',
    `?agency=${'H60.'.repeat(60)}`,
    '?due=tomorrow',
  ])('the list with %s is refused, and the parameter named', async (query) => {
    const { status, body } = await hub.read(`/api/v1/dossiers${query}`);
    expect(status).toBe(400);
    expect(body.detail).toContain(query.split('=')[0]);
    expect(body.problems).toMatchObject([{ path: query.split('=')[0], message: expect.any(String) }]);
  });

  test('an agency of the 2016 era finds those below it, whose codes grow to the left', async () => {
    const agencies = [
      '000.00.05.H60',
      '000.02.05.H60',
      '001.02.05.H60',
      '000.03.05.H60',
      '000.00.06.H60',
      '000.02.05.H61',
    ];
    await hub.push(
      agencies.map((agencyCode, n) => dossier({ code: `${agencyCode}-250812-000${n}`, agencyCode, statusAt: EARLY })),
    );
    const found = async (agency: string) =>
      (await hub.read(`/api/v1/dossiers?agency=${agency}`)).body.items.map((item: Json) => item.agencyCode).sort();
    expect(await found('000.00.00.H60')).toEqual(agencies.slice(0, 5).sort());
    expect(await found('000.00.05.h60')).toEqual(agencies.slice(0, 4).sort());
    expect(await found('000.02.05.H60')).toEqual(agencies.slice(1, 3).sort());
    expect(await found('001.02.05.H60')).toEqual(['001.02.05.H60']);
    expect(await found('000.00.07.H60')).toEqual([]);
  });

  test('a value over its limit gets an answer with the limit', async () => {
    const { body } = await hub.read(`/api/v1/dossiers?agency=${'H60.'.repeat(60)}`);
    expect(body.detail).toMatch(/^\?agency got "H60.*, expected an agency code.*, at most 200 characters$/);
  });

  test.each([
    '/api/v1/dossiers?agency=%00',
    '/api/v1/dossiers/%00',
    '/api/v1/services/%00',
    '/api/v1/agencies?q=%00',
    '/api/v1/dossiers?q=%00',
  ])('%s is answered without a fault', async (path) => {
    const response = await hub.request('GET', path, 'portal');
    expect(response.status).toBeLessThan(500);
  });

  test.each([
    ['/api/v1/dossiers?agency=H60%00&status=received', '?agency'],
    ['/api/public/questions?agency=%00', '?agency'],
    ['/api/v1/services?q=%00', '?q'],
  ])('%s names the parameter that cannot be stored', async (path, parameter) => {
    const { status, body } = await hub.read(path);
    expect([status, body.problems]).toMatchObject([400, [{ path: parameter, code: 'unstorable-text' }]]);
  });

  test('a cursor of one list does not serve another', async () => {
    const { body } = await hub.read('/api/v1/dossiers?limit=1');
    expect((await hub.read(`/api/v1/changes?cursor=${encodeURIComponent(body.next)}`)).status).toBe(400);
    const { session } = await legacySystem(hub);
    expect((await hub.read(`/api/v1/changes?cursor=${encodeURIComponent(session)}`)).status).toBe(400);
    const ofChanges = (await hub.read('/api/v1/changes?limit=1')).body.next;
    for (const path of ['/api/v1/changes?kind=question', '/api/v1/dossiers?'])
      expect((await hub.read(`${path}&cursor=${encodeURIComponent(ofChanges)}`)).status).toBe(400);
  });

  test('the cursors of changes that an earlier version signed, or that an earlier secret made, keep their place', async () => {
    const earlier = 'an-earlier-secret-of-the-tests-long-enough';
    const rotated = await testHub({ databaseUrl: hub.databaseUrl, secrets: [HUB_SECRET, earlier] });
    const [first, second] = (await hub.read('/api/v1/changes?limit=2')).body.items;
    const place = (await hub.hub.database.pool.query('SELECT min(cursor) AS first FROM changes')).rows[0].first;
    const vault = createVault([earlier]);
    const signed = createCursors(vault);
    for (const cursor of [
      first.cursor,
      signed.write('changes', [place]),
      ...createFeedCursors(vault, signed).write('changes', [place]),
    ]) {
      const { items, gap } = (await rotated.read(`/api/v1/changes?limit=1&cursor=${cursor}`)).body;
      expect([items[0].code, gap]).toEqual([second.code, undefined]);
    }
    await rotated.close();
  });

  test('without the scope the applicant is masked, with it each read is audited', async () => {
    const code = 'H60.01-250812-3001';
    const mentioned = {
      abstract: 'Khai sinh cho con ông NGUYỄN VĂN AN',
      note: 'Gọi 0900000001 khi có kết quả',
      documents: [{ name: 'Tờ khai', url: 'https://kho.example.test/001000000001/to-khai.pdf' }],
    };
    await hub.push(dossier({ code, ...mentioned }));
    await hub.push(progress({ code, content: 'Đã gọi ông Nguyễn Văn An' }), { what: 'progress' });
    const paths = ['', '/history'].map((what) => `/api/v1/dossiers/${code}${what}`);
    paths.push('/api/v1/dossiers?q=Nguy%E1%BB%85n%20V%C4%83n%20An%20250812-3001&status=processing');
    const masked = await Promise.all(paths.map((path) => hub.read(path)));
    for (const { body } of masked)
      expect(JSON.stringify(body)).not.toMatch(/Nguyễn|0900000001|001000000001|an@example/i);
    expect(masked[0]?.body.abstract).toBe('Khai sinh cho con ông N***** V** A*');
    expect(await audited()).toEqual([]);

    const one = await hub.read(paths[0] as string, 'personal');
    expect(one.body.applicant).toMatchObject({ name: 'Nguyễn Văn An', phone: '0900000001' });
    expect(one.body).toMatchObject(mentioned);
    const told = await hub.read(paths[1] as string, 'personal');
    expect(told.body.items.map(({ content }: { content: string }) => content)).toEqual([
      mentioned.note,
      'Đã gọi ông Nguyễn Văn An',
    ]);
    const found = await hub.read(paths[2] as string, 'personal');
    expect(found.body.items).toEqual([one.body]);
    // One entry for a request, with the codes and without personal data.
    expect(await audited()).toEqual([
      ['dossier.read-personal', `dossier ${code}`, null],
      ['dossier.history-personal', `dossier ${code}`, null],
      ['dossier.list-personal', `dossiers ?q=…&status=processing: ${code}`, null],
    ]);
    for (const path of paths) expect((await hub.read(path, 'one-stop')).status).toBe(403);

    const why = encodeURIComponent('trả lời đơn của công dân');
    const asked = [
      `${paths[0]}?why=${why}`,
      `${paths[0]}?at=2100-01-01&why=${why}`,
      `${paths[1]}?why=${why}`,
      `${paths[2]}&why=${why}`,
    ];
    const statuses = await Promise.all(asked.map(async (path) => (await hub.read(path, 'personal')).status));
    expect(statuses).toEqual([200, 400, 200, 200]);
    expect((await audited()).slice(3)).toEqual(
      expect.arrayContaining([
        ['dossier.read-personal', `dossier ${code}`, 'trả lời đơn của công dân'],
        ['dossier.history-personal', `dossier ${code}`, 'trả lời đơn của công dân'],
        ['dossier.list-personal', `dossiers ?q=…&status=processing: ${code}`, 'trả lời đơn của công dân'],
      ]),
    );
    // A reader without the scope may ask for masking too, without an entry.
    expect((await hub.read(`${paths[0]}?why=${why}`)).status).toBe(200);
    expect(await audited()).toHaveLength(6);

    async function audited(): Promise<readonly unknown[]> {
      const { rows } = await hub.hub.database.pool.query(
        "SELECT action, subject, why FROM audit WHERE actor <> '' ORDER BY id",
      );
      return rows.map(({ action, subject, why }) => [action, subject, why]);
    }
  });

  test('an applicant who is named after the addresses of papers is masked too', async () => {
    const code = 'H60.01-250812-0901';
    const { applicant, ...rest } = dossier({ code });
    const paper = { name: 'Giấy', url: 'https://tep.example/1' };
    await hub.push({ ...rest, documents: [paper], results: [paper] });
    await hub.push({ ...rest, applicant, status: 'processing', statusAt: '2025-08-13T10:00:00+07:00' });
    const expectMasked = async (): Promise<void> => {
      const shown = await (await hub.request('GET', `/api/v1/dossiers/${code}`, 'portal')).text();
      expect(shown).not.toMatch(/Nguyễn Văn An|0900000001|tep\.example/);
      expect(JSON.parse(shown)).toMatchObject({ applicant: { name: 'N***** V** A*' }, documents: [{ name: 'Giấy' }] });
    };
    await expectMasked();
    // As an older hub wrote it.
    await hub.hub.database.pool.query(
      `UPDATE dossiers SET masked = replace(masked, ',"freshness":', '}],"applicant":{"name":"Nguyễn Văn An"},"freshness":')
       WHERE code = $1`,
      [code],
    );
    await hub.hub.database.pool.query('DROP INDEX record_events_message');
    await markBrokenMasks(hub.hub.database.query as never);
    await expectMasked();
  });

  test('the history shows nothing of a later corrected applicant', async () => {
    const code = 'H60.01-250812-3003';
    const applicant = { name: 'Trần Thị Bưởi', phone: '0900000002', identityNumber: '001000000002' };
    await hub.push(dossier({ code, applicant, note: 'Gọi bà TRẦN THỊ BƯỞI, +84 900 000 002' }));
    await hub.push(
      dossier({ code, statusAt: '2025-08-13T08:00:00+07:00', note: 'CCCD 0010.0000.0001 của Nguyễn Văn An' }),
    );
    const { items } = (await hub.read(`/api/v1/dossiers/${code}/history`)).body;
    expect(items.map(({ content }: { content: string }) => content)).toEqual([
      'Gọi bà T*** T** B***, *************02',
      'CCCD ************01 của N***** V** A*',
    ]);
  });

  test('history pages show every step once, also simultaneous and new ones', async () => {
    const code = 'H60.01-250812-3004';
    const path = `/api/v1/dossiers/${code}/history`;
    await hub.push(dossier({ code }));
    const steps = Array.from({ length: 8 }, (_, n) => progress({ code, content: `bước ${n}` }));
    await hub.push([...steps, progress({ code, status: 'resolved' })], { what: 'progress' });
    const whole = (await hub.read(path)).body;
    expect(whole).toMatchObject({ items: { length: 10 }, next: null });
    const first = (await hub.read(`${path}?limit=3`)).body;
    await hub.push(progress({ code, at: '2025-08-14T09:00:00+07:00', status: 'returned' }), { what: 'progress' });
    const seen = [...first.items];
    for (let cursor = first.next; cursor !== null; ) {
      const page = (await hub.read(`${path}?limit=3&cursor=${encodeURIComponent(cursor)}`)).body;
      expect(page.delays).toMatchObject({ office: expect.any(Number) });
      seen.push(...page.items);
      cursor = page.next;
    }
    expect(seen.slice(0, -1)).toEqual(whole.items);
    expect(seen.at(-1)).toMatchObject({ status: 'returned' });
    const other = '/api/v1/dossiers/H60.01-250812-3003/history';
    for (const query of ['?limit=0', '?limit=201', '?cursor=x', `?cursor=${encodeURIComponent(first.next)}`])
      expect([query, (await hub.read(other + query)).status]).toEqual([query, 400]);
  });

  test('an unchanged dossier answers 304 to its ETag, a changed one 200', async () => {
    const path = '/api/v1/dossiers/H60.01-250812-3002';
    await hub.push(dossier({ code: 'H60.01-250812-3002' }));
    const etag = (await hub.read(path)).headers.get('etag') as string;
    expect((await hub.request('GET', path, 'portal', undefined, { 'If-None-Match': etag })).status).toBe(304);
    await hub.push(progress({ code: 'H60.01-250812-3002' }), { what: 'progress' });
    expect((await hub.request('GET', path, 'portal', undefined, { 'If-None-Match': etag })).status).toBe(200);
    const any = { 'If-None-Match': '*' };
    expect((await hub.request('GET', path, 'portal', undefined, any)).status).toBe(304);
    for (const list of ['/api/v1/dossiers?limit=3', '/api/v1/services', `${path}/history`]) {
      const tag = (await hub.read(list)).headers.get('etag') as string;
      expect((await hub.request('GET', list, 'portal', undefined, { 'If-None-Match': tag })).status).toBe(304);
    }
  });

  test('the change feed shows every change once, without gaps in its numbers, and waits for the next', async () => {
    const start = (await feed(undefined)).next;
    await Promise.all(
      Array.from({ length: 30 }, (_, n) => hub.push(dossier({ code: `H60.05-250812-${String(n).padStart(4, '0')}` }))),
    );
    const seen: string[] = [];
    let cursor = start;
    for (;;) {
      const page = await feed(cursor, 'limit=7');
      seen.push(...page.items.map((item: { code: string }) => item.code));
      cursor = page.next;
      if (page.items.length === 0) break;
    }
    expect(seen).toHaveLength(30);
    expect(new Set(seen).size).toBe(30);
    const waiting = feed(cursor, 'wait=5');
    await hub.push(dossier({ code: 'H60.05-250812-0030' }));
    expect((await waiting).items).toMatchObject([{ code: 'H60.05-250812-0030', status: 'received' }]);
    const { rows } = await hub.hub.database.pool.query(
      'SELECT max(cursor) - min(cursor) + 1 AS span, count(*) AS n FROM changes',
    );
    expect(rows[0].span).toBe(rows[0].n);
  });

  test('the change feed never shows a later change before one that another process still writes', async () => {
    const [early, late] = ['H60.06-250812-0001', 'H60.06-250812-0002'];
    const other = await testHub({ databaseUrl: hub.databaseUrl });
    const gate = new pg.Client({ connectionString: hub.databaseUrl });
    await gate.connect();
    onTestFinished(async () => {
      // The lock goes with the session.
      await gate.query('ROLLBACK; DROP TRIGGER IF EXISTS wait_early ON changes; DROP FUNCTION IF EXISTS wait_early');
      await gate.end();
      await other.close();
    });
    await gate.query(`
      CREATE FUNCTION wait_early() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock_shared(60001); RETURN NULL; END $$;
      CREATE TRIGGER wait_early AFTER INSERT ON changes FOR EACH ROW WHEN (NEW.code = '${early}') EXECUTE FUNCTION wait_early()`);
    const start = (await feed(undefined)).next;
    await gate.query('BEGIN; SELECT pg_advisory_xact_lock(60001)');
    const waiting = async () =>
      (await gate.query(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`))
        .rowCount;
    const first = hub.push(dossier({ code: early }));
    await expect.poll(waiting).toBe(1);
    let isLateCommitted = false;
    const second = other.push(dossier({ code: late })).finally(() => {
      isLateCommitted = true;
    });
    await expect.poll(async () => isLateCommitted || (await waiting()) === 2).toBe(true);
    const before = await feed(start);
    expect(before.items).toEqual([]);
    await gate.query('COMMIT');
    for (const { results } of await Promise.all([first, second]))
      expect(results).toMatchObject([{ outcome: 'accepted' }]);
    const { items } = await feed(before.next);
    expect(items.map(({ code }: Json) => code)).toEqual([early, late]);
  });

  test('services are found by short and long code, by field, level, audience, agency and words without marks', async () => {
    expect((await hub.read('/api/v1/services/1.000003.000.00.00.H60')).body).toMatchObject({
      code: '1.000003',
      name: 'Đăng ký khai sinh',
    });
    expect((await hub.read('/api/v1/services/1.999999')).status).toBe(404);
    const count = async (query: string) => (await hub.read(`/api/v1/services?${query}`)).body.items.length;
    expect(await count('field=G15-HT01')).toBe(4);
    expect(await count('level=commune')).toBe(4);
    expect(await count('audience=Doanh%20nghi%E1%BB%87p')).toBe(1);
    expect(await count('q=dang%20ky%20khai%20sinh')).toBe(1);
    for (const [agency, services] of Object.entries({
      'H60.01.2': 6,
      'h60.01': 6,
      H60: 6,
      'H60.0': 0,
      '000.02.07.H60': 1,
    }))
      expect(await count(`agency=${agency}`), agency).toBe(services);
    expect(await count('limit=3')).toBe(3);
  });

  test('a service missing from a complete list is out of force, and still there', async () => {
    services.splice(6, 1);
    await makePullsDue(hub.hub.database, 'source', ['catalogue'], hub.clock.nowMs);
    await hub.hub.pipeline.pull('source', 'catalogue');
    expect((await hub.read('/api/v1/services/1.000006')).body).toMatchObject({ inForce: false });
    expect((await hub.read('/api/v1/services?inForce=true')).body.items).toHaveLength(6);
  });

  test('the OpenAPI document, the schemas and the page to try them are there', async () => {
    const { body } = await hub.read('/openapi.json');
    expect(body.openapi).toBe('3.1.0');
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining(['/api/v1/dossiers/{code}', '/mapi/g', '/api/v1/parties/{party}/dossiers']),
    );
    expect((await hub.read('/schemas/dossier.upsert.v1.json')).body).toMatchObject({
      title: 'Dossier',
      $schema: expect.stringContaining('2020-12'),
    });
    for (const path of ['/openapi.json', '/schemas/dossier.upsert.v1.json']) {
      const tag = (await hub.request('GET', path)).headers.get('etag') ?? '';
      expect((await hub.request('GET', path, undefined, undefined, { 'If-None-Match': tag })).status, path).toBe(304);
    }
    for (const record of ['dossier', 'Progress', 'service', 'agency', 'field'])
      expect((await hub.read(`/schemas/${record}.json`)).body.title.toLowerCase()).toBe(record.toLowerCase());
    expect((await hub.request('GET', '/docs')).status).toBe(200);
    expect((await hub.request('GET', '/docs/swagger-ui-bundle.js')).status).toBe(200);
    for (const file of ['..%2fpackage.json', 'constructor', '__proto__'])
      expect((await hub.request('GET', `/docs/${file}`)).status).toBe(404);
  });

  test.each([
    ['DELETE', '/api/v1/dossiers', 'GET, HEAD, OPTIONS'],
    ['PUT', '/api/v1/parties/one-stop/dossiers', 'POST, OPTIONS'],
    ['GET', '/mapi/g', 'POST, OPTIONS'],
    ['PATCH', '/soap/v1/one-stop', 'GET, HEAD, POST, OPTIONS'],
  ])('%s %s is answered with the allowed methods: %s', async (method, path, allowed) => {
    const refused = await hub.request(method, path, 'one-stop');
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, allowed]);
    expect(await refused.json()).toMatchObject({
      status: 405,
      detail: `got the method ${method}, expected one of ${allowed}`,
    });
    const options = await hub.request('OPTIONS', path);
    expect([options.status, options.headers.get('allow'), await options.text()]).toEqual([204, allowed, '']);
    expect((await hub.request('OPTIONS', `${path}/no/such`)).status).toBe(404);
  });

  test('audited reads of one moment share commits, and no reply goes out before its entry', async () => {
    const { pool } = hub.hub.database;
    const { rows: old } = await pool.query('SELECT count(*)::int4 AS n FROM audit');
    const holder = await pool.connect();
    await holder.query('BEGIN; SELECT * FROM audit_head FOR UPDATE');
    const statements = vi.spyOn(pg.Client.prototype, 'query');
    let replies = 0;
    const paths = ['', '/history'].flatMap((tail) => Array(20).fill(`/api/v1/dossiers/H60.01.1-250812-0000${tail}`));
    const reads = paths.map((path) => hub.read(path, 'personal').finally(() => replies++));
    const writes = () => statements.mock.calls.filter((call) => JSON.stringify(call[0]).includes('INSERT INTO audit'));
    await expect.poll(() => writes().length).toBe(1);
    // Its answer comes after whatever the reads sent before.
    for (let n = 0; n < 20; n++) await pool.query('SELECT 1');
    expect(replies).toBe(0);
    await holder.query('COMMIT');
    holder.release();
    for (const { status } of await Promise.all(reads)) expect(status).toBe(200);
    expect(writes().length).toBeLessThan(20);
    statements.mockRestore();
    const { rows } = await pool.query('SELECT count(*)::int4 AS n FROM audit');
    expect(rows[0].n - old[0].n).toBe(40);
    expect((await followChain(hub.hub.database)).broken).toBeUndefined();
  });

  test('200 dossiers in full are read in one statement', async () => {
    await hub.push(
      Array.from({ length: 200 }, (_, n) =>
        dossier({ code: `H60.08-250812-${String(n).padStart(4, '0')}`, agencyCode: 'H60.08' }),
      ),
    );
    const statements = vi.spyOn(pg.Client.prototype, 'query');
    const { body } = await hub.read('/api/v1/dossiers?agency=H60.08&limit=200', 'personal');
    expect(body.items).toHaveLength(200);
    expect(body.items.every((item: Json) => item.applicant.name === 'Nguyễn Văn An')).toBe(true);
    const read = statements.mock.calls.filter((call) => /sealed.*from \W*dossiers/i.test(JSON.stringify(call[0])));
    statements.mockRestore();
    expect(read).toHaveLength(1);
  });

  async function feed(cursor: string | undefined, more = 'limit=200'): Promise<Json> {
    return (
      await hub.read(`/api/v1/changes?${more}${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)
    ).body;
  }

  test('a page continues where it ended, although its last dossier moved to the top while it was read', async () => {
    const { database } = hub.hub;
    const push = (n: number, day: number, note?: string) =>
      hub.push(
        dossier({
          code: `H60.03-250812-900${n}`,
          serviceCode: '3.000009',
          statusAt: `2025-08-${day}T08:00:00+07:00`,
          note,
        }),
      );
    const large = 'x'.repeat(17_000);
    for (const [n, day] of [13, 14, 12].entries())
      expect((await push(n, day, n === 0 ? large : undefined)).results[0]?.problems).toBeUndefined();
    const codesOf = async (query: string) => {
      const { items, next } = (await hub.read(`/api/v1/dossiers?service=3.000009&limit=2${query}`)).body;
      return { codes: items.map(({ code }: { code: string }) => code.slice(-1)), next };
    };
    const { query } = database;
    let isMoved = false;
    const moving = query.withPlugin({
      transformQuery: ({ node }) => node,
      async transformResult({ result }) {
        if (!isMoved && result.rows.some((row) => 'masked' in row)) {
          isMoved = true;
          await push(0, 15, `${large}!`);
        }
        return result;
      },
    });
    Object.assign(database, { query: moving });
    const first = await codesOf('').finally(() => Object.assign(database, { query }));
    expect([isMoved, first.codes]).toEqual([true, ['1', '0']]);
    expect((await codesOf(`&cursor=${encodeURIComponent(first.next)}`)).codes).toEqual(['2']);
  });
});
