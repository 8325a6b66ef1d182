import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { msToInstant } from '#core/dates/dates';
import { readItem } from '#core/dossier/item';
import type { Outcome } from '#core/dossier/settle';
import { AFTER_RECEIPT, dossier, type Partner, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';

const DOWN: Outcome = { kind: 'unavailable', reason: 'down', message: 'no connection' };

describe('sync lag', () => {
  let partner: Partner;
  let hub: TestHub;
  beforeEach(async () => {
    partner = testPartner();
    hub = await testHub({
      nowMs: AFTER_RECEIPT,
      partners: { portal: partner },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
    });
  });
  afterEach(() => hub.close());

  const metric = async (line: string): Promise<number | undefined> => {
    const text = await (await hub.request('GET', '/metrics')).text();
    const found = text.split('\n').find((one) => one.startsWith(`${line} `));
    return found === undefined ? undefined : Number(found.slice(line.length + 1));
  };

  test('is measured from the event to the index, from the receipt to the partner, and over both', async () => {
    // The first attempt may come before the metrics are read.
    partner.script.push(DOWN);
    // Sent a quarter of an hour after it happened.
    await hub.push(dossier());
    expect(await metric('hub_event_to_index_seconds_sum{party="one-stop"}')).toBe(900);
    await hub.deliver();
    hub.clock.nowMs += 100_000;
    expect(await metric('hub_oldest_due_seconds{party="portal"}')).toBe(100);
    // The retry came due 5 s after the first attempt.
    expect(await metric('hub_overdue_seconds{party="portal"}')).toBe(95);
    await hub.deliver();
    expect(await metric('hub_ack_to_delivered_seconds_sum{party="portal"}')).toBe(100);
    expect(await metric('hub_event_to_partner_seconds_sum{party="portal"}')).toBe(1_000);
    expect(await metric('hub_oldest_due_seconds{party="portal"}')).toBeUndefined();
  });

  test('a delivery behind one that waits for its retry is not overdue', async () => {
    partner.script.push(DOWN);
    await hub.push(dossier());
    await hub.deliver();
    await hub.push(dossier({ status: 'processing', statusAt: '2025-08-12T08:20:00+07:00' }));
    hub.clock.nowMs += 3_000;
    expect(await metric('hub_overdue_seconds{party="portal"}')).toBe(0);
    hub.clock.nowMs += 7_000;
    expect(await metric('hub_overdue_seconds{party="portal"}')).toBe(5);
  });

  test('leaves out a moment that was derived from other dates', async () => {
    const item = readItem('dossier.upsert.v1', dossier(), true);
    const body = Buffer.from('{}');
    const given = { party: 'one-stop', door: 'pull:dossiers', operation: 'dossier.upsert.v1', keyName: undefined };
    const receivedAt = msToInstant(hub.clock.nowMs);
    const { results } = await hub.hub.pipeline.accept({
      ...{ ...given, mediaType: 'application/json', body, bodyBytes: body.length, receivedAt, items: [item] },
    });
    expect(results).toMatchObject([{ outcome: 'accepted' }]);
    expect(await metric('hub_event_to_index_seconds_count{party="one-stop"}')).toBeUndefined();
  });

  test('counts only changes of the index, and fast clocks as 0', async () => {
    await hub.push(dossier());
    await hub.push(dossier());
    await hub.push(dossier({ code: 'H60.01-250812-0036', status: 'nonsense' }));
    await hub.push(progress({ at: '2025-08-12T09:00:00+07:00' }), { what: 'progress' });
    expect(await metric('hub_event_to_index_seconds_count{party="one-stop"}')).toBe(2);
    expect(await metric('hub_event_to_index_seconds_sum{party="one-stop"}')).toBe(900);
    expect(await metric('hub_items_total{party="one-stop",door="rest",outcome="duplicate"}')).toBe(1);
  });
});
