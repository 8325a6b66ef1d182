import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, dossier, type TestHub, testHub } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { payment } from '../support/kinds.ts';

const DONE = { status: 'resolved', statusAt: '2025-08-19T09:00:00+07:00' };
const aliasOf = (n: number): string => `G22.99-20250812-${String(n).padStart(4, '0')}`;
const named = (n: number, ...others: readonly string[]): object =>
  dossier({ code: codeOf(n), ...DONE, aliases: others.map((code) => ({ party: 'one-stop', code })) });

const pushTo = async (hub: TestHub, what: string, given: object | readonly object[]) =>
  (await hub.push(given, { what })).results;

describe('records that name their dossier by another of its codes', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub();
    await hub.push([1, 2, 3, 4, 5, 6].map((n) => named(n, aliasOf(n))));
  });
  afterAll(() => hub.close());

  const push = async (what: string, given: object) => (await pushTo(hub, what, given))[0];
  const listed = async (what: string, code: string): Promise<readonly string[]> =>
    (await hub.read(`/api/v1/${what}?dossier=${code}`)).body.items.map((one: Json) => one.code).sort();
  const lookUp = async (n: number): Promise<Json> =>
    (await (await hub.request('GET', `/api/public/dossiers/${codeOf(n)}?proof=0001`)).json()) as Json;

  test('are found by each code, and keep the one that their sender gave', async () => {
    await push('payments', payment({ code: 'TT-1', dossierCode: aliasOf(1) }));
    await push('payments', payment({ code: 'TT-2', dossierCode: codeOf(1) }));
    for (const code of [codeOf(1), aliasOf(1)]) expect(await listed('payments', code)).toEqual(['TT-1', 'TT-2']);
    const { payments } = await lookUp(1);
    expect(payments.map((one: Json) => one.code).sort()).toEqual(['TT-1', 'TT-2']);
    expect((await hub.read('/api/v1/payments/TT-1')).body.dossierCode).toBe(aliasOf(1));
  });

  test('of several dossiers are shown to no citizen', async () => {
    const shared = aliasOf(20);
    await hub.push(named(20, shared));
    const others = dossier({ code: codeOf(21), ...DONE, aliases: [{ party: 'other', code: shared }] });
    await hub.push(others, { party: 'other' });
    await push('payments', payment({ code: 'TT-20', dossierCode: shared }));
    expect([await lookUp(20), await lookUp(21)].map(({ payments }) => payments)).toEqual([undefined, undefined]);
    expect(await listed('payments', shared)).toEqual(['TT-20']);
  });

  test('come out of a rebuild identical, in one lane and in several', async () => {
    expect(await hub.hub.rebuild()).toMatchObject({ differences: [], identical: true });
    expect(await hub.hub.rebuild({ lanes: 3 })).toMatchObject({ differences: [], identical: true });
  });
});
