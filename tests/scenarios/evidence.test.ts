import { createHash } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type SignedDocument, verifyDocument } from '../../src/secrets/signed-documents.ts';
import { dossier, HUB_SECRET, type Partner, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { payment } from '../support/kinds.ts';
import { DOWN, OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

const CODE = 'H60.01-250812-0035';
const NEW_SECRET = 'another-secret-of-the-tests-that-is-long-enough';
/** A system that pushes payments alone. */
const CASHIER = {
  id: 'cashier',
  secret: 'cashier-secret-of-the-tests',
  scopes: ['payment:write' as const],
  party: 'one-stop',
};
/** Text that is or may be personal. */
const CANARIES = ['Nguyễn Văn An', '001000000001', '0900000001', 'an@example.test', 'Trần Thị B', 'Số 5, ngõ 12'];

const sha256 = (body: string): string => createHash('sha256').update(body).digest('hex');

interface Plan {
  readonly [of: string]: unknown;
  readonly Plans?: readonly Plan[];
}

/** How many rows of a table a statement read, filtered ones included. */
function readOf(table: string, plan: Plan): number {
  const perLoop = ['Actual Rows', 'Rows Removed by Filter', 'Rows Removed by Index Recheck'].map((of) => plan[of] ?? 0);
  const own = plan['Relation Name'] === table ? perLoop.reduce<number>((sum, rows) => sum + Number(rows), 0) : 0;
  const below = (plan.Plans ?? []).map((one) => readOf(table, one));
  return below.reduce((sum, rows) => sum + rows, own * Number(plan['Actual Loops']));
}

describe('receipts and evidence', () => {
  let hub: TestHub;
  let ops: Operator;
  let portal: Partner;
  beforeEach(async () => {
    portal = testPartner();
    hub = await testHub({
      partners: { portal },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
      keys: [...OPERATOR_KEYS, CASHIER],
    });
    ops = operatorOf(hub);
  });
  afterEach(() => hub.close());

  const pool = () => hub.hub.database.pool;
  const keysOf = async (of = hub) => (await of.read('/.well-known/jwks.json')).body.keys;
  const receiptPath = (receipt: string, party = 'one-stop'): string => `/api/v1/parties/${party}/receipts/${receipt}`;
  const receiptOf = async (receipt: string, query = '') =>
    (await hub.read(receiptPath(receipt) + query, 'one-stop')).body;

  async function signedEvidence(code = CODE, of = hub): Promise<string> {
    const path = `/api/v1/ops/dossiers/${encodeURIComponent(code)}/evidence`;
    const headers = { Authorization: 'Bearer ops-read-secret-of-the-tests' };
    const response = await of.request('GET', path, undefined, undefined, headers);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/jose']);
    return response.text();
  }
  const evidence = async (code = CODE): Promise<SignedDocument['content']> => {
    const { type, content } = await verifyDocument(await signedEvidence(code), await keysOf());
    expect([type, content.iss]).toEqual(['evidence', 'H60 Tỉnh Tuyên Quang']);
    return content;
  };

  describe('a receipt', () => {
    test('shows what arrived and its answer, with a signature of exactly that', async () => {
      const body = JSON.stringify([dossier(), dossier(), { ...dossier(), code: 'H60.01-250812-0036', status: 'x' }]);
      const { receipt, results } = await hub.push(body);
      const { next, signed, ...said } = await receiptOf(receipt);
      expect(said).toEqual({
        receipt,
        party: 'one-stop',
        door: 'rest',
        operation: 'dossier.upsert.v1',
        receivedAt: '2025-08-21T08:30:00+07:00',
        sha256: sha256(body),
        bytes: Buffer.byteLength(body),
        items: results.map(({ index, code, outcome, problems, warnings }) => ({
          index,
          code,
          outcome,
          ...(problems && { problems: problems.map(({ path }) => ({ path })) }),
          ...(warnings && { warnings: warnings.map(({ path }) => ({ path })) }),
        })),
      });
      expect(said.items.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
        'accepted',
        'duplicate',
        'invalid',
      ]);
      expect(said.items[2].problems).toEqual([{ path: '/status' }]);
      expect(next).toBeNull();
      const { type, content } = await verifyDocument(signed, await keysOf());
      expect([type, content]).toEqual([
        'receipt',
        { iss: 'H60 Tỉnh Tuyên Quang', iat: hub.clock.nowMs / 1000, ...said },
      ]);
    });

    test('is the signature alone for clients that accept application/jose', async () => {
      const { receipt } = await hub.push(dossier());
      const response = await hub.request('GET', receiptPath(receipt), 'one-stop', undefined, {
        Accept: 'application/jose',
      });
      expect(response.headers.get('content-type')).toBe('application/jose');
      const { content } = await verifyDocument(await response.text(), await keysOf());
      expect(content.receipt).toBe(receipt);
    });

    test('is shown to a key that may push payments alone', async () => {
      await hub.push(dossier());
      const headers = { Authorization: `Bearer ${CASHIER.secret}` };
      const path = '/api/v1/parties/one-stop/payments';
      const pushed = await hub.request('POST', path, undefined, payment(), headers);
      const { receipt } = (await pushed.json()) as { receipt: string };
      const response = await hub.request('GET', receiptPath(receipt), undefined, undefined, headers);
      expect([pushed.status, response.status]).toEqual([201, 200]);
      expect(await response.json()).toMatchObject({ receipt, operation: 'payment.upsert.v1' });
    });

    test('of another party is hidden, and asking for it creates no message', async () => {
      const { receipt } = await hub.push(dossier());
      const statuses = [
        await hub.read(receiptPath(receipt), 'other'),
        await hub.read(receiptPath(receipt, 'other'), 'other'),
        await hub.read(receiptPath(receipt), 'portal'),
        await hub.read(receiptPath('01a20ec3-f008-7405-9412-5646a9d483d9'), 'one-stop'),
        await hub.read(receiptPath('no-receipt'), 'one-stop'),
        await hub.read(receiptPath(receipt), 'one-stop'),
      ].map(({ status }) => status);
      expect(statuses).toEqual([403, 404, 403, 404, 404, 200]);
      const { rows } = await pool().query('SELECT outcome FROM messages');
      expect(rows).toEqual([{ outcome: 'accepted' }]);
    });

    test('does not exist for a wholly refused message, under any party’s name', async () => {
      await hub.request('POST', '/api/v1/parties/one-stop/dossiers', 'other', dossier());
      await hub.request('POST', '/api/v1/parties/one-stop/dossiers', 'one-stop', '[{');
      const { rows } = await pool().query('SELECT receipt, outcome, party FROM messages');
      expect(rows).toHaveLength(2);
      for (const { receipt } of rows) expect((await hub.read(receiptPath(receipt), 'one-stop')).status).toBe(404);
    });

    test('shows the fate of an item that waited', async () => {
      const { receipt } = await hub.push([progress()], { what: 'progress' });
      expect((await receiptOf(receipt)).items).toMatchObject([{ outcome: 'quarantined', since: { state: 'waiting' } }]);
      hub.clock.nowMs += 60_000;
      await hub.push(dossier());
      // It is released after the reply.
      await expect
        .poll(async () => (await receiptOf(receipt)).items)
        .toMatchObject([{ outcome: 'quarantined', since: { state: 'accepted', at: '2025-08-21T08:31:00+07:00' } }]);
    });

    test('of a stream is sent part by part, and all items stay in their places', async () => {
      const lines = Array.from(
        { length: 1_100 },
        (_, n) => `${JSON.stringify(dossier({ code: `H60.01-250812-${String(n).padStart(4, '0')}` }))}\n`,
      );
      const headers = { 'Content-Type': 'application/x-ndjson' };
      const { receipt, results } = await hub.push(lines.join(''), { headers });
      const pages = [];
      for (let query = ''; ; ) {
        const { status, body, headers } = await hub.read(receiptPath(receipt) + query, 'one-stop');
        expect(status).toBe(200);
        pages.push(body);
        if (body.next === null) break;
        query = `?cursor=${encodeURIComponent(body.next)}`;
        expect(headers.get('link')).toBe(`<${receiptPath(receipt)}${query}>; rel="next"`);
      }
      const items = pages.flatMap((page) => page.items);
      expect(items.map(({ index, code }) => [index, code])).toEqual(results.map(({ index, code }) => [index, code]));
      expect(pages.length).toBeGreaterThan(2);
      const first = lines.slice(0, pages[0].items.length).join('');
      expect([pages[0].sha256, pages[0].bytes]).toEqual([sha256(first), Buffer.byteLength(first)]);
    });
  });

  describe('the evidence of a dossier', () => {
    test('shows who sent what when, its effects, and the receivers', async () => {
      const first = JSON.stringify(dossier());
      // Before the push: a delivery may go out before its reply is read.
      portal.script.push(DOWN, { kind: 'delivered', reference: 'DVCQG-77' });
      const { receipt } = await hub.push(first);
      await hub.deliver();
      hub.clock.nowMs += 5_000;
      await hub.deliver();
      hub.clock.nowMs += 60_000;
      await hub.push(progress(), { what: 'progress' });
      // Deliveries continue after the reply, so they are stopped here.
      await hub.deliver();
      const said = await evidence();
      expect(said.dossier).toEqual({ code: CODE, aliases: [], steps: 2 });
      const kept = { isKept: true, party: 'one-stop', door: 'rest', key: 'one-stop' };
      const items = [{ index: 0, outcome: 'accepted' }];
      expect(said.messages).toMatchObject([
        { ...kept, receipt, receivedAt: '2025-08-21T08:30:00+07:00', sha256: sha256(first), items },
        { ...kept, operation: 'dossier.progress.v1', sha256: sha256(JSON.stringify(progress())), items },
      ]);
      const [one, two] = said.messages;
      expect(said.events).toMatchObject([
        { seq: 1, kind: 'dossier', status: 'received', movedStatus: true, messageId: one.id, item: 0 },
        { seq: 2, kind: 'progress', status: 'processing', movedStatus: true, messageId: two.id, item: 0 },
      ]);
      const { rows } = await pool().query("SELECT encode(hash, 'hex') AS hash FROM events ORDER BY seq");
      expect(said.events.map(({ contentHash }: Json) => contentHash)).toEqual(rows.map(({ hash }) => hash));
      expect(said.deliveries).toMatchObject([
        {
          party: 'portal',
          operation: 'dossier.upsert.v1',
          state: 'delivered',
          reference: 'DVCQG-77',
          attempts: [
            { number: 1, outcome: 'unavailable', reason: 'down' },
            { number: 2, outcome: 'delivered' },
          ],
        },
        { version: 2, state: 'delivered', messageId: two.id, attempts: [{ number: 1, outcome: 'delivered' }] },
      ]);
      expect(said.quarantine).toEqual([]);
    });

    test('names the newest audit entry, which is of this read', async () => {
      await hub.push(dossier());
      const { audit } = await evidence();
      const [entry] = (await ops.get('audit')).body.items;
      expect(entry).toMatchObject({ actor: 'ops-read', action: 'dossier.evidence', subject: `dossier ${CODE}` });
      expect(audit).toEqual({ position: entry.position, link: entry.link });
    });

    test('needs the scope to list, and for an unknown dossier creates neither evidence nor audit entry', async () => {
      await hub.push(dossier());
      const path = `dossiers/${CODE}/evidence`;
      expect((await ops.get(path, 'ops-body')).status).toBe(403);
      expect((await ops.get('dossiers/H60.01-250812-9999/evidence')).status).toBe(404);
      expect((await ops.get('audit')).body.items).toEqual([]);
    });

    test('includes the HTTP status of a stored call', async () => {
      await hub.push(dossier());
      await hub.deliver();
      const { createVault } = await import('../../src/secrets/vault.ts');
      const wire = JSON.stringify([
        { method: 'POST', url: 'http://x/login', request: '', status: 200, reply: '' },
        { method: 'POST', url: 'http://x/dossiers', request: CANARIES[0], status: 202, reply: CANARIES[1] },
      ]);
      const sealed = createVault([HUB_SECRET]).seal(wire);
      await pool().query('UPDATE attempts SET wire = $1, wire_key = $2', [sealed.bytes, sealed.keyId]);
      expect((await evidence()).deliveries[0].attempts).toMatchObject([{ outcome: 'delivered', httpStatus: 202 }]);
      // Sealed with a lost secret: the rest is shown all the same.
      await pool().query('UPDATE attempts SET wire_key = 1');
      expect((await evidence()).deliveries[0].attempts[0]).not.toHaveProperty('httpStatus');
    });

    test('is the same for each of the dossier’s codes; a foreign system’s number is another dossier', async () => {
      await hub.push(dossier({ aliases: [{ party: 'one-stop', code: 'BN-17' }] }));
      await hub.push({ ...progress({ code: 'BN-17' }) }, { what: 'progress' });
      await hub.push([{ ...dossier({ code: 'BN-17' }), status: 'x' }], { party: 'other' });
      await hub.deliver();
      const said = await evidence('bn-17');
      expect(said.dossier).toMatchObject({ code: CODE, aliases: [{ party: 'one-stop', code: 'BN-17' }] });
      const parties = said.messages.map(({ party }: Json) => party);
      expect([...new Set(parties)]).toEqual(['one-stop']);
      const { audit: _, ...rest } = await evidence(CODE);
      expect(said).toMatchObject(rest);
    });

    test('shows since when and why an item waited, and who released it', async () => {
      const doubtful = dossier({ note: 'Nguyá»…n VÄ�n An' });
      await hub.push([dossier({ code: 'H60.01-250812-0001' }), doubtful]);
      const waiting = await evidence();
      expect(waiting.dossier.steps).toBeNull();
      expect(waiting.messages).toMatchObject([{ items: [{ index: 1, outcome: 'quarantined' }] }]);
      expect(waiting.quarantine).toMatchObject([{ item: 1, cause: 'doubtful-text', settledAt: null, settledBy: null }]);
      hub.clock.nowMs += 60_000;
      const [{ id }] = (await ops.get('quarantine')).body.items;
      await ops.post(`quarantine/${id}/resolve`, { action: 'release', why: 'as it stands' });
      await hub.hub.pipeline.orders.runAll();
      const said = await evidence();
      const messageId = waiting.messages[0].id;
      expect(said.quarantine).toMatchObject([
        { messageId, settlement: 'accepted', settledBy: 'ops', settledAt: '2025-08-21T08:31:00+07:00' },
      ]);
      expect(said.dossier.steps).toBe(1);
      expect(said.events).toMatchObject([{ seq: 1, messageId, item: 1, recordedAt: '2025-08-21T08:31:00+07:00' }]);
    });

    test('reads only the waiting and settled items of this dossier', async () => {
      await hub.push([dossier({ aliases: [{ party: 'one-stop', code: 'BN-17' }] })]);
      await pool().query(
        `INSERT INTO quarantine (cause_kind, cause_key, detail, party, operation, code, message_id, item, opened_at, settled_at)
         SELECT 'unmapped', 'unmapped:x:1', 'x', CASE n % 4 WHEN 0 THEN 'other' ELSE 'one-stop' END, 'dossier.progress.v1',
           CASE WHEN n <= 8 THEN 'BN-17' WHEN n <= 12 THEN $1 ELSE 'BN-' || 100 + n END, (SELECT id FROM messages), 0, now(),
           CASE WHEN n % 2 = 0 THEN now() END
         FROM generate_series(1, 4000) n`,
        [CODE],
      );
      await pool().query('ANALYZE quarantine');
      onTestFinished(() => void vi.restoreAllMocks());
      const asked = vi.spyOn(pg.Client.prototype, 'query');
      const found = (await evidence()).quarantine;
      expect(found).toHaveLength(10);
      expect(found.filter(({ settledAt }: { settledAt: string | null }) => settledAt === null)).toHaveLength(6);
      const texts = asked.mock.calls.map(([text]) => String(text));
      const text = texts.find((one) => one.includes(' quarantine q ') && one.includes('settled_by'));
      vi.restoreAllMocks();
      const { rows } = await pool().query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, [CODE]);
      expect(readOf('quarantine', rows[0]['QUERY PLAN'][0].Plan)).toBeLessThan(20);
    });

    test('says that a message was dropped, and when it had arrived', async () => {
      await hub.push(dossier());
      hub.clock.nowMs += 1_000;
      await hub.push(progress(), { what: 'progress' });
      const [one] = (await evidence()).messages;
      await pool().query('DELETE FROM messages WHERE id = $1', [one.id]);
      expect((await evidence()).messages).toMatchObject([
        { id: one.id, isKept: false, receivedAt: one.receivedAt },
        { isKept: true, operation: 'dossier.progress.v1' },
      ]);
    });

    test('includes unstorable items', async () => {
      const { results } = await hub.push([dossier({ status: 'x' })]);
      expect(results).toMatchObject([{ code: CODE, outcome: 'invalid' }]);
      const { dossier: of, messages, events } = await evidence();
      expect({ of, events }).toEqual({ of: { code: CODE, aliases: [], steps: null }, events: [] });
      expect(messages).toMatchObject([{ items: [{ index: 0, outcome: 'invalid' }] }]);
    });
  });

  test('receipts and evidence contain no personal data, wherever a sender or a partner put it', async () => {
    const [name, number, phone, email, officer, address] = CANARIES as [string, string, string, string, string, string];
    const whole = dossier({
      applicant: { name, identityNumber: number, phone, email, address, techId: number },
      abstract: name,
      note: `Gọi ${phone}`,
      processingUnit: officer,
      documents: [{ name: `Đơn của ${name}` }],
    });
    portal.script.push({ kind: 'refused', reason: name, message: `${name} ${number}` });
    const pushed = [
      await hub.push(whole),
      await hub.push([
        { ...whole, [name]: 1, [phone]: 2, channel: name, statusAt: number },
        { ...whole, code: number },
        { ...whole, code: name },
        { ...whole, note: 'Nguyá»…n VÄ�n An', abstract: name },
      ]),
      await hub.push(progress({ actor: officer, title: name, content: address }), { what: 'progress' }),
      await hub.push([progress({ at: name })], { what: 'progress' }),
    ];
    await hub.deliver();
    const receipts = await Promise.all(pushed.map(({ receipt }) => receiptOf(receipt)));
    const signed = await Promise.all(receipts.map((one) => verifyDocument(one.signed)));
    const said = JSON.stringify([receipts, signed, await evidence()]);
    expect(said).toContain('"invalid"');
    expect(CANARIES.filter((canary) => said.includes(canary))).toEqual([]);
  });

  describe('the keys', () => {
    test('are public, cacheable, and contain no secret', async () => {
      const { status, headers, body } = await hub.read('/.well-known/jwks.json', 'nobody');
      expect([status, headers.get('cache-control'), body.keys.map(Object.keys)]).toEqual([
        200,
        'public, max-age=300',
        [['kty', 'crv', 'x', 'kid', 'alg', 'use']],
      ]);
      const again = await hub.request('GET', '/.well-known/jwks.json', undefined, undefined, {
        'If-None-Match': headers.get('etag') ?? '',
      });
      expect(again.status).toBe(304);
    });

    test('of an older secret verify while it is given, and from a saved copy afterwards', async () => {
      await hub.push(dossier());
      const before = await signedEvidence();
      const copy = await keysOf();
      const { databaseUrl } = hub;
      const options = { databaseUrl, keys: [...OPERATOR_KEYS], partners: { portal: testPartner() } };
      const both = await testHub({ ...options, secrets: [NEW_SECRET, HUB_SECRET] });
      try {
        const keys = await keysOf(both);
        expect(keys.slice(1)).toEqual(copy);
        expect((await verifyDocument(before, keys)).kid).toBe(copy[0].kid);
        expect((await verifyDocument(await signedEvidence(CODE, both), keys)).kid).toBe(keys[0].kid);
        await expect(verifyDocument(before, keys.slice(0, 1))).rejects.toThrow('none of the given keys');
      } finally {
        await both.close();
      }
      expect((await verifyDocument(before, copy)).content.dossier.code).toBe(CODE);
    });
  });
});
