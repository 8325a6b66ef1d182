import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Type from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import ministryAdapter from '../../adapters/soap-ministry/adapter.ts';
import { eReceiptAt } from '../../adapters/soap-ministry/simulator/connect.ts';
import ministries from '../../adapters/soap-ministry/simulator.ts';
import { type Adapter, defineAdapter } from '../../src/kit/adapter.ts';
import type { Connection } from '../../src/kit/connection.ts';
import type { Outgoing } from '../../src/kit/sender.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { canariesIn, PERSON } from '../support/canaries.ts';
import { codeOf, dossier, progress, type TestHub, testHub } from '../support/hub.ts';
import { payment, petition, postalOrder, question, rating } from '../support/kinds.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';

const OPERATIONS = [
  'dossier.upsert.v1',
  'dossier.progress.v1',
  'question.upsert.v1',
  'petition.upsert.v1',
  'rating.upsert.v1',
  'postal-order.upsert.v1',
  'payment.upsert.v1',
] as const;
const at = (time: string): string => `2025-08-21T${time}:00+07:00`;
const OTHER = { name: 'Lường Văn Pản', phone: '0900000009' };
const ALIAS = 'H60.02-250812-0001';

type Url = { readonly url: string };

/** Writes the data of people under names that no list of names has, several items in one call. */
const columns = {
  batch: () => 10,
  async send({ http, settings }: Connection<Url>, items: readonly Outgoing[]) {
    const rows = items.map(({ code, record, dossier: named }) => {
      const { payer, sender, receiver, asker, content } = record as Record<string, unknown>;
      return {
        Cot1: code,
        Cot2: valuesOf(named?.applicant),
        Cot3: [payer, sender, receiver, asker].map(valuesOf),
        Cot4: content,
      };
    });
    const result = await http.exchange({ url: settings.url, method: 'POST', body: JSON.stringify({ rows }) });
    const isTaken = result.kind === 'reply' && result.status === 200;
    return items.map(() =>
      isTaken ? { kind: 'delivered' as const } : { kind: 'refused' as const, reason: 'no', message: 'không nhận' },
    );
  },
};

function valuesOf(person: unknown): readonly unknown[] {
  return Object.values((person ?? {}) as Record<string, unknown>);
}

describe('the calls of deliveries that an operator without index:personal opens', () => {
  let hub: TestHub;
  let receipts: Simulator;
  let partner: Server;
  const received: string[] = [];
  let status = 200;

  beforeAll(async () => {
    partner = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString();
      received.push(body);
      // It quotes what it got.
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
    await new Promise<void>((resolve) => partner.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(partner.address() as AddressInfo).port}`;
    receipts = await startSimulator(ministries, { now: () => hub.clock.nowMs });
    const adapter = defineAdapter({
      settings: Type.Object({ url: Type.String() }),
      send: Object.fromEntries(OPERATIONS.map((operation) => [operation, columns])),
    }) as Adapter;
    hub = await testHub({
      partners: {
        columns: { sent: [], script: [], adapter },
        'e-receipt': { sent: [], script: [], adapter: ministryAdapter as Adapter },
      },
      entries: { columns: { settings: { url } }, 'e-receipt': { settings: eReceiptAt(receipts.url) } },
      routes: [
        ...OPERATIONS.map((operation) => ({ from: 'one-stop', operation, to: ['columns'] })),
        { from: 'one-stop', operation: 'payment.upsert.v1' as const, to: ['e-receipt'] },
      ],
      keys: [...OPERATOR_KEYS],
    });
  });
  afterAll(async () => {
    await hub.close();
    await receipts.close();
    partner.close();
  });

  /** The bodies of all deliveries with calls, as this key sees them. */
  async function opened(key: string): Promise<readonly string[]> {
    const operator = operatorOf(hub);
    const { items } = (await operator.get('deliveries?limit=200', key)).body as { items: { id: number }[] };
    const texts: string[] = [];
    for (const { id } of items) texts.push(JSON.stringify((await operator.get(`deliveries/${id}`, key)).body));
    return texts.filter((text) => text.includes('"wire":[{'));
  }

  async function expectNobody(): Promise<void> {
    expect(received.flatMap((body) => canariesIn(body))).toContain('name');
    const texts = await opened('ops');
    expect(texts.length).toBeGreaterThan(0);
    expect(texts.flatMap((text) => (canariesIn(text).length > 0 ? [[canariesIn(text), text]] : []))).toEqual([]);
    expect((await opened('ops-personal')).flatMap((text) => canariesIn(text))).toContain('name');
  }

  test('name nobody of the dossier of a record, by its code or an alias, also where it names another by now', async () => {
    const dated = (time: string, given: object) =>
      dossier({ code: codeOf(1), aliases: [{ party: 'one-stop', code: ALIAS }], statusAt: at(time), ...given });
    await hub.push(dated('08:00', { applicant: PERSON, status: 'resolved' }));
    for (const [what, record] of [
      [
        'payments',
        payment({ code: 'TT-1', dossierCode: codeOf(1), state: 'paid', paidAt: at('08:00'), payer: undefined }),
      ],
      ['payments', payment({ code: 'TT-2', dossierCode: ALIAS, payer: undefined })],
      ['postal-orders', postalOrder({ code: 'BC-1', dossierCode: codeOf(1), receiver: OTHER })],
      ['ratings', rating({ dossierCode: codeOf(1) })],
      ['questions', question({ code: 'CH-1', dossierCode: codeOf(1), asker: OTHER })],
      ['petitions', petition({ code: 'PA-1', dossierCode: codeOf(1), sender: OTHER })],
    ] as const)
      expect((await hub.push(record, { what })).results).toMatchObject([{ outcome: 'accepted' }]);
    await hub.deliver();
    await hub.push(dated('09:00', { applicant: OTHER, status: 'resolved' }));
    await hub.deliver();
    expect(receipts.ledger.count('receipt')).toBe(1);
    // The alias leads to the dossier too.
    const rows = received.flatMap((body) => JSON.parse(body).rows as { Cot1: string }[]);
    expect(canariesIn(JSON.stringify(rows.find(({ Cot1 }) => Cot1 === 'TT-2')))).toContain('name');
    await expectNobody();
  });

  test('name nobody of the other deliveries in the call, also where it failed', async () => {
    status = 400;
    const applicants = { 11: OTHER, 12: PERSON, 13: OTHER };
    await hub.push(
      Object.entries(applicants).map(([n, applicant]) =>
        dossier({ code: codeOf(Number(n)), statusAt: at('08:00'), applicant }),
      ),
    );
    await hub.deliver();
    expect(received.filter((body) => body.includes(codeOf(11)) && body.includes(codeOf(12)))).not.toEqual([]);
    const step = (n: number) => progress({ code: codeOf(n), at: at('09:00'), content: `Đã gọi ${PERSON.name}` });
    await hub.push([step(11), step(12)], { what: 'progress' });
    await hub.deliver();
    await expectNobody();
  });

  test('name nobody that an earlier report of the record named', async () => {
    status = 200;
    await hub.push(dossier({ code: codeOf(21), statusAt: at('08:00'), applicant: OTHER }));
    const given = { code: 'BC-21', dossierCode: codeOf(21) };
    await hub.push(postalOrder({ ...given, receiver: PERSON }), { what: 'postal-orders' });
    await hub.deliver();
    await hub.push(postalOrder({ ...given, stateAt: at('10:00'), receiver: OTHER }), { what: 'postal-orders' });
    await hub.deliver();
    await expectNobody();
  });
});
