import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findOfficerTexts } from '../../src/erasure/officer-texts.ts';
import { listDue } from '../../src/index/due-dossiers.ts';
import { planRowsOf } from '../bench/scale/plan-rows.ts';
import { dossier, type TestHub, testHub } from '../support/hub.ts';
import { payment } from '../support/kinds.ts';
import { type Officer, officerAt } from '../support/officer.ts';
import { OPERATOR_KEYS, type Operator, operatorOf } from '../support/operator.ts';

/** Rows that match no filter of these tests, newer than those that do. */
const COMMON = 21_000;
const MOST_ROWS = 10_000;
/** Rows of the same time are sorted together, so a few more are read. And the place of the cursor is looked up. */
const MOST_ROWS_BY_TIME = MOST_ROWS + 100;
const MINUTE_N = `'2025-06-01T00:00:00Z'::timestamptz + n * interval '1 minute'`;
/** In the minute 15,000: 6,000 rows are newer, and the period has more than a page looks at. */
const TO = '2025-06-11T10:00:00Z';

const FILL = [
  `INSERT INTO messages (id, receipt, received_at, party, door, operation, body_bytes, outcome, results)
   SELECT ('01980000-' || lpad(to_hex(n), 4, '0') || '-7000-8000-000000000000')::uuid, gen_random_uuid(), now(),
     CASE n WHEN 1 THEN 'rare' ELSE 'one-stop' END, CASE n WHEN 2 THEN 'rare' ELSE 'rest' END,
     CASE n WHEN 3 THEN 'rare' ELSE 'dossier.upsert.v1' END, 1, CASE n WHEN 4 THEN 'refused' ELSE 'accepted' END, '[]'
   FROM generate_series(1, ${COMMON}) n`,
  'ALTER TABLE audit DISABLE TRIGGER audit_linked',
  `INSERT INTO audit (at, actor, action, subject, position, link, why)
   SELECT CASE n WHEN 4 THEN '2025-01-01'::timestamptz ELSE ${MINUTE_N} END, CASE n WHEN 1 THEN 'rare' ELSE 'ops' END, CASE n WHEN 2 THEN 'rare' ELSE 'body.read' END,
     CASE n WHEN 3 THEN 'dossier RARE' ELSE 'message ' || n END, 1000 + n, '', 'reason ' || n
   FROM generate_series(1, ${COMMON}) n`,
  'ALTER TABLE audit ENABLE TRIGGER audit_linked',
  `INSERT INTO deliveries (party, operation, subject, seq, message_id, state, created_at, next_at, reason)
   SELECT 'portal', CASE n WHEN 1 THEN 'rare' ELSE 'dossier.upsert.v1' END, 'H60-' || n, 1, gen_random_uuid(), 'delivered', now(), now(),
     CASE n WHEN 2 THEN 'rare' ELSE 'nothing-new' END
   FROM generate_series(1, ${COMMON}) n`,
  `INSERT INTO asks (id, at, party, question, key_name, officer, agency_code, purpose, legal_basis, outcome)
   SELECT ('01980000-' || lpad(to_hex(n), 4, '0') || '-7000-8000-000000000000')::uuid, ${MINUTE_N}, 'population', 'person',
     'clerk', CASE n WHEN 1 THEN 'rare' ELSE 'CB-01' END, 'H60.01', 'x', 'y', CASE n WHEN 2 THEN 'refused' ELSE 'found' END
   FROM generate_series(1, ${COMMON}) n`,
  `INSERT INTO records SELECT made.* FROM records r, generate_series(1, ${COMMON}) n,
     jsonb_populate_record(r, jsonb_build_object('code', 'T' || n, 'subject', 'payment T' || n, 'unique_key', null,
       'is_open', false, 'state_at', '2025-08-21T09:00:00Z', 'state', CASE n WHEN 1 THEN 'refunded' ELSE 'paid' END)) made`,
  `INSERT INTO events SELECT made.* FROM events e, generate_series(1, ${COMMON}) n,
     jsonb_populate_record(e, jsonb_build_object('seq', 10 + n, 'party', CASE n WHEN 1 THEN 'rare' ELSE 'one-stop' END,
       'anomaly', CASE n WHEN 2 THEN 'same-time' ELSE 'transition' END)) made`,
  `INSERT INTO dossiers SELECT made.* FROM dossiers d, generate_series(1, ${COMMON}) n,
     jsonb_populate_record(d, jsonb_build_object('code', 'T' || n, 'search', '', 'due_at', '2025-09-10T00:00:00Z'::timestamptz - n * interval '1 minute',
       'agency_code', CASE n WHEN 1 THEN 'H61.01' ELSE 'H60.01' END)) made`,
  'VACUUM ANALYZE',
];

describe('where few rows match', () => {
  let hub: TestHub;
  let operator: Operator;
  let officer: Officer;
  beforeAll(async () => {
    hub = await testHub({ keys: [...OPERATOR_KEYS] });
    await hub.push(payment(), { what: 'payments' });
    await hub.push(dossier());
    for (const statement of FILL) await hub.hub.database.pool.query(statement);
    operator = operatorOf(hub);
    officer = officerAt(hub);
    await officer.signIn('ops');
  });
  afterAll(() => hub.close());

  const { messages, deliveries, audit, asks } = {
    messages: (filter: object) => hub.hub.ledger.messages(filter, 51, undefined),
    deliveries: (filter: object) => hub.hub.ledger.deliveries(filter, 51, undefined),
    audit: (filter: object) => hub.hub.ledger.audit(filter, 51, undefined),
    asks: (filter: object) => hub.hub.ledger.asks(filter, 51, undefined),
  };

  const wholeOf = async (path: string): Promise<readonly unknown[]> => {
    const found: unknown[] = [];
    let pages = 0;
    for (let cursor: string | null = ''; cursor !== null; pages++) {
      const { body } = await operator.get(`${path}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      found.push(...body.items);
      cursor = body.next;
    }
    expect(pages).toBeLessThanOrEqual(4);
    return found;
  };

  test.each([
    ['messages?party=rare', () => messages({ party: 'rare' })],
    ['messages?door=rare', () => messages({ door: 'rare' })],
    ['messages?operation=rare', () => messages({ operation: 'rare' })],
    ['messages?outcome=refused', () => messages({ outcome: 'refused' })],
    ['deliveries?operation=rare', () => deliveries({ operation: 'rare' })],
    ['deliveries?reason=rare', () => deliveries({ reason: 'rare' })],
    ['deliveries?party=portal&operation=rare', () => deliveries({ party: 'portal', operation: 'rare' })],
    ['audit?actor=rare', () => audit({ actor: 'rare' })],
    ['audit?action=rare', () => audit({ action: 'rare' })],
    ['audit?subject=dossier%20RARE', () => audit({ subject: { kind: 'dossier', name: 'RARE' } })],
    ['audit?to=2025-01-02', () => audit({ to: '2025-01-02T23:59:59+07:00' })],
    ['asks?officer=rare', () => asks({ officer: 'rare' })],
    ['asks?outcome=refused', () => asks({ outcome: 'refused' })],
  ])('a page of %s reads 10,000 rows at most, and the pages together find the row once', async (path, read) => {
    const { rows, worst } = await planRowsOf(read);
    expect(rows, worst).toBeLessThanOrEqual(MOST_ROWS);
    expect(await wholeOf(path)).toHaveLength(1);
  });

  const DUE = { now: '2025-08-20T07:00:00+07:00', until: '2025-09-20T07:00:00+07:00', agency: 'H61' };
  test.each<[string, (place: never) => Promise<readonly unknown[] & { readonly endedAt?: unknown }>]>([
    [`audit?to=${TO}&action=rare`, (at) => hub.hub.ledger.audit({ to: TO, action: 'rare' }, 51, at)],
    [`asks?to=${TO}&officer=rare`, (at) => hub.hub.ledger.asks({ to: TO, officer: 'rare' }, 51, at)],
    ['anomalies?party=rare', (at) => hub.hub.ledger.anomalies({ party: 'rare' }, 51, at)],
    ['anomalies?kind=same-time', (at) => hub.hub.ledger.anomalies({ kind: 'same-time' }, 51, at)],
    ['due-dossiers?within=30&agency=H61', (at) => listDue(hub.hub.database, DUE, 51, at)],
  ])('each page of %s reads 10,000 rows at most, and the pages together find the row once', async (path, read) => {
    const found: unknown[] = [];
    let page: Awaited<ReturnType<typeof read>> | undefined;
    for (let place: unknown; !page || place !== undefined; place = page.endedAt) {
      const { rows, worst } = await planRowsOf(async () => {
        page = await read(place as never);
      });
      expect(rows, worst).toBeLessThanOrEqual(MOST_ROWS_BY_TIME);
      found.push(...(page as unknown as readonly unknown[]));
    }
    expect(found).toHaveLength(1);
    expect(await wholeOf(path)).toHaveLength(1);
  });

  test('a search for what officers and partners wrote about a person reads each of their texts once', async () => {
    const found: (readonly string[])[] = [];
    const { rows, worst } = await planRowsOf(async () => {
      for (const { texts } of await findOfficerTexts(hub.hub, async (text) => text.endsWith('0000'))) found.push(texts);
    });
    // The audit, the purposes and the legal bases of asks, and the errors of deliveries.
    expect(rows, worst).toBeLessThan(4 * COMMON + 1_000);
    expect(found.map((texts) => [...texts].sort())).toEqual([['reason 10000', 'reason 20000']]);
  });

  test('the console looks through empty pages and shows the row', async () => {
    const { text } = await officer.get('/console/messages?party=rare&lang=en');
    expect(text).toContain('0001-7000');
  });

  test('a page of records in a rare final state reads these records only', async () => {
    const path = '/api/v1/payments?state=refunded';
    const { rows, worst } = await planRowsOf(() => hub.read(path));
    expect(rows, worst).toBeLessThan(50);
    const { items } = (await hub.read(path)).body;
    expect(items).toHaveLength(1);
  });
});
