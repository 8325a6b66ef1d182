import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '#core/dossier/settle';
import { unmappedCause } from '#core/problem';
import { AFTER_RECEIPT, dossier, type Partner, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';

const DOWN: Outcome = { kind: 'unavailable', reason: 'econnrefused', message: 'no connection' };
const MINUTE = 60_000;
const NOTHING = { queue: 0, partnerDown: 0, partnerSlow: 0, quarantine: 0, wrongData: 0 };
const PATH = '/api/v1/dossiers/H60.01-250812-0035/history';

/** The dossier was received at 08:15 on a Tuesday; the hub got it at 08:30. */
describe('the cause of a delay', () => {
  let partner: Partner;
  let hub: TestHub;
  beforeEach(async () => {
    partner = testPartner();
    hub = await testHub({
      nowMs: AFTER_RECEIPT,
      partners: { portal: partner },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
      retryDelaysMs: Array(20).fill(10 * MINUTE),
    });
  });
  afterEach(() => hub.close());

  const later = (minutes: number): void => {
    hub.clock.nowMs += minutes * MINUTE;
  };
  const delays = async () => (await hub.read(PATH)).body.delays;

  test('is shown with the history: the office’s, and the partner’s that was away', async () => {
    partner.script.push(DOWN, DOWN);
    await hub.push(dossier());
    await hub.deliver();
    later(10);
    await hub.deliver();
    later(10);
    await hub.deliver();
    later(40);
    const { status, body } = await hub.read(PATH);
    expect(status).toBe(200);
    expect(body).toMatchObject({ items: [{ status: 'received' }], next: null });
    const portal = { ...NOTHING, partnerDown: 20 * 60 };
    expect(body.delays).toEqual({ ...portal, office: 55 * 60, parties: { portal } });
  });

  test('is wrong data until a corrected version is accepted, and nobody at night', async () => {
    partner.script.push({ kind: 'refused', reason: 'field-too-long', message: 'TenTTHC' });
    await hub.push(dossier());
    await hub.deliver();
    // To 08:30 on the next day: eight working hours.
    later(24 * 60);
    await hub.push(dossier({ status: 'processing', statusAt: '2025-08-13T08:00:00+07:00' }));
    await hub.deliver();
    expect(await delays()).toMatchObject({ office: 15 * 60, wrongData: 8 * 3_600 });
  });

  test('is wrong data from a refusal at our door until the same party sends it correctly', async () => {
    const refused = await hub.push(dossier({ code: 'h60.01-250812-0035', status: 'lost' }));
    expect(refused).toMatchObject({ status: 422, results: [{ outcome: 'invalid' }] });
    later(10);
    // One of many, sent once more: wrong data counts from the first time.
    await hub.push([dossier({ code: 'H60.01-250812-0036' }), dossier({ status: 'lost' })]);
    later(10);
    // Another party's message corrects nothing.
    await hub.push(dossier({ status: 'submitted', statusAt: '2025-08-12T08:10:00+07:00' }), { party: 'other' });
    later(10);
    await hub.push(dossier());
    await hub.deliver();
    later(30);
    expect(await delays()).toMatchObject({ office: 45 * 60, wrongData: 30 * 60 });
  });

  test('is wrong data for a step until a step is sent, and nobody for one never corrected', async () => {
    await hub.push(dossier());
    await hub.deliver();
    await hub.push(progress({ content: '' }), { what: 'progress' });
    later(30);
    await hub.push(dossier({ status: 'processing', statusAt: '2025-08-12T08:50:00+07:00' }));
    await hub.deliver();
    later(30);
    expect((await delays()).wrongData).toBe(0);
    await hub.push(progress({ at: '2025-08-12T09:20:00+07:00' }), { what: 'progress' });
    later(30);
    await hub.push(dossier({ status: 'lost' }));
    later(30);
    expect((await delays()).wrongData).toBe(60 * 60);
  });

  test('is the quarantine from the arrival of the waiting correction', async () => {
    await hub.push(progress({ content: '' }), { what: 'progress' });
    later(20);
    await hub.push(progress({ at: '2025-08-12T08:40:00+07:00' }), { what: 'progress' });
    later(20);
    await hub.push(dossier());
    await expect.poll(async () => (await hub.read(PATH)).body.items.length).toBe(2);
    await hub.deliver();
    later(20);
    expect(await delays()).toMatchObject({ wrongData: 20 * 60, quarantine: 20 * 60, office: 35 * 60 });
  });

  test('leaves out waits of the dossier of another party with the same number', async () => {
    const number = 'H60.02-250812-0012';
    await hub.push(dossier({ aliases: [{ party: 'one-stop', code: number }] }));
    const others = dossier({ code: 'H60.02-250812-0036', aliases: [{ party: 'other', code: number }] });
    await hub.push(others, { party: 'other' });
    await hub.deliver();
    // Far ahead: it waits for its moment.
    const step = progress({ code: number, at: '2025-08-20T09:00:00+07:00' });
    await hub.push(step, { party: 'other', what: 'progress' });
    expect(await hub.hub.ledger.causes({}, 1, undefined)).toMatchObject([
      { kind: 'ahead-of-time', parties: ['other'] },
    ]);
    later(30);
    expect(await delays()).toMatchObject({ office: 45 * 60, quarantine: 0 });
  });

  test('is the quarantine while a code is unmapped, and the hub until the next attempt', async () => {
    const cause = unmappedCause('service', '1.013225', 'no service');
    partner.script.push({ kind: 'refused', reason: 'unmapped', message: 'no service', cause });
    await hub.push(dossier());
    await hub.deliver();
    later(60);
    const [waiting] = await hub.hub.ledger.causes({}, 1, undefined);
    await hub.hub.orders.resolve(waiting?.id ?? 0, { action: 'release' }, { who: 'ops', why: 'mapped' });
    later(5);
    await hub.deliver();
    const portal = (await delays()).parties.portal;
    expect(portal.quarantine).toBe(3_600);
    expect(portal.queue + portal.partnerSlow).toBeLessThanOrEqual(300);
  });

  test('ends with the dossier, except for undelivered steps', async () => {
    await hub.push(dossier());
    await hub.deliver();
    later(60);
    partner.script.push(...Array(9).fill(DOWN));
    const done = { status: 'returned', statusAt: '2025-08-12T09:30:00+07:00', finishedAt: '2025-08-12T09:15:00+07:00' };
    await hub.push(dossier({ ...done, returnedAt: '2025-08-12T09:30:00+07:00' }));
    await hub.deliver();
    later(30);
    expect(await delays()).toMatchObject({ office: 3_600, partnerDown: 30 * 60 });
  });

  test('changes the answer at most once a minute: a reader that has it gets 304', async () => {
    await hub.push(dossier());
    const tag = (await hub.read(PATH)).headers.get('etag') as string;
    hub.clock.nowMs += 30_000;
    const again = await hub.request('GET', PATH, 'portal', undefined, { 'If-None-Match': tag });
    expect(again.status).toBe(304);
    hub.clock.nowMs += 30_000;
    const changed = await hub.request('GET', PATH, 'portal', undefined, { 'If-None-Match': tag });
    expect(changed.status).toBe(200);
  });
});
