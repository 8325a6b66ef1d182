import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dossier, type Partner, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { type Officer, officerAt } from '../support/officer.ts';
import { NO, OPERATOR_KEYS, type Operator, operatorOf, partnerWithTable } from '../support/operator.ts';

const CODE = 'H60.01-250812-0001';
const AWAY = { kind: 'unavailable', reason: 'econnrefused', message: 'refused' } as const;

describe('the journey of a dossier', () => {
  let hub: TestHub;
  let ops: Operator;
  let officer: Officer;
  let ministry: Partner;
  beforeEach(async () => {
    ministry = testPartner();
    hub = await testHub({
      partners: { portal: partnerWithTable(), ministry },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal', 'ministry'] }],
      keys: [...OPERATOR_KEYS],
    });
    ops = operatorOf(hub);
    officer = officerAt(hub);
    await officer.signIn('ops');
  });
  afterEach(() => hub.close());

  const page = async (query = ''): Promise<string> =>
    (await officer.get(`/console/dossiers?code=${CODE}${query}`)).text;
  /** The steps of the list that phones show, as text. */
  const steps = (text: string): readonly string[] =>
    [...(/<ol class="steps">([\s\S]*?)<\/ol>/.exec(text)?.[1] ?? '').matchAll(/<li[^>]*>([\s\S]*?)<\/li>/g)].map(
      ([, step = '']) =>
        step
          .replaceAll(/<[^>]+>/g, '')
          .replaceAll(/\s+/g, ' ')
          .trim(),
    );
  const turns = (text: string): string => /<ul class="turns">([\s\S]*?)<\/ul>/.exec(text)?.[1] ?? '';

  test('shows messages, attempts and waits in the order of time, each with a link to its page', async () => {
    ministry.script.push(AWAY);
    const { receipt } = await hub.push(dossier({ code: CODE }));
    await hub.deliver();
    hub.clock.nowMs += 3_600_000;
    await hub.deliver();
    const text = await page();
    const delivery = (await ops.get(`deliveries?code=${CODE}&party=ministry`)).body.items[0];
    expect(delivery.attempts).toBe(2);
    expect(text).toContain(`href="/console/messages/${receipt}"`);
    for (const attempt of [1, 2])
      expect(text).toContain(`href="/console/deliveries/${delivery.id}#attempt-${attempt}"`);
    expect((await officer.get(`/console/deliveries/${delivery.id}`)).text).toContain('id="attempt-2"');
    const shown = steps(text);
    expect(shown[0]).toMatch(/^21\/08\/2025 08:30:00 · door → Trục liên thông hồ sơ: được tiếp nhận/);
    expect(shown.filter((one) => one.includes('→ ministry'))).toEqual([
      expect.stringContaining('máy chủ từ chối kết nối'),
      expect.stringContaining('đã chuyển'),
    ]);
    expect(shown.find((one) => one.startsWith('1 giờ'))).toContain('chờ ministry');
  });

  test('joins attempts that failed for the same reason into one step', async () => {
    ministry.script.push(AWAY, AWAY, AWAY);
    await hub.push(dossier({ code: CODE }));
    for (let round = 0; round < 3; round++) {
      await hub.deliver();
      hub.clock.nowMs += 3_600_000;
    }
    const failed = steps(await page()).filter((one) => one.includes('máy chủ từ chối kết nối'));
    expect(failed).toEqual([expect.stringMatching(/3 lần trong 2 giờ: máy chủ từ chối kết nối/)]);
  });

  test('names whose turn it is: the office, the citizen, an operator, a party, nobody', async () => {
    await hub.push(dossier({ code: CODE, dueAt: '2025-08-13T17:00:00+07:00' }));
    await hub.deliver();
    expect(turns(await page())).toMatch(/H60\.01[\s\S]*giải quyết hồ sơ[\s\S]*quá hạn/);

    ministry.script.push(NO);
    await hub.push(dossier({ code: CODE, status: 'supplement-required', statusAt: '2025-08-14T08:00:00+07:00' }));
    expect(turns(await page())).toMatch(/Công dân[\s\S]*bổ sung giấy tờ/);

    await hub.deliver();
    expect(turns(await page())).toMatch(/ministry chưa nhận được[\s\S]*Xem lượt chuyển/);

    // The portal has no code of its own for this status.
    await hub.push(dossier({ code: CODE, status: 'resolved', statusAt: '2025-08-15T08:00:00+07:00' }));
    await hub.deliver();
    const cause = (await ops.get('quarantine')).body.items[0];
    const text = await page();
    expect(turns(text)).toContain(`href="/console/quarantine/${cause.id}"`);
    expect(turns(text)).toContain('Không chờ ai');
    expect(turns(await page('&lang=en'))).toContain('An operator');
  });

  test('is there for any code of the dossier, and has no personal data', async () => {
    await hub.push(dossier({ code: CODE, aliases: [{ party: 'one-stop', code: 'BN-77' }] }));
    const { status, body } = await ops.get('dossiers/bn-77/journey');
    expect([status, body.code, body.messages.length, body.isWhole]).toEqual([200, CODE, 1, true]);
    expect(JSON.stringify(body)).not.toMatch(/Nguyễn|0900000001/);
    expect((await ops.get('dossiers/none-such/journey')).status).toBe(404);
  });

  test('has no waits of another party’s dossier with the same number', async () => {
    const number = 'H60.02-250812-0012';
    await hub.push(dossier({ code: CODE, aliases: [{ party: 'one-stop', code: number }] }));
    const others = { code: 'H60.02-250812-0036', aliases: [{ party: 'other', code: number }] };
    await hub.push(dossier(others), { party: 'other' });
    // Far ahead: it waits for its moment.
    const step = progress({ code: number, at: '2030-08-20T09:00:00+07:00' });
    await hub.push(step, { party: 'other', what: 'progress' });
    const waits = async (code: string) => (await ops.get(`dossiers/${code}/journey`)).body.waits;
    expect(await waits(others.code)).toMatchObject([{ code: number }]);
    expect(await waits(CODE)).toEqual([]);
  });

  test('a message stands beside what the hub reads from it and what it changed, without personal data', async () => {
    await hub.push(dossier({ code: CODE }));
    const { receipt } = await hub.push(
      dossier({ code: CODE, status: 'processing', statusAt: '2025-08-14T08:00:00+07:00' }),
    );
    const closed = await officer.get(`/console/messages/${receipt}`);
    expect(closed.text).toMatch(/được tiếp nhận → <strong>đang xử lý<\/strong>/);
    expect(closed.text).not.toContain('Trục đọc là');
    const { text } = await officer.get(`/console/messages/${receipt}/body`);
    const [, read = ''] = /Trục đọc là([\s\S]*?)Đã thay đổi/.exec(text) ?? [];
    expect(read).toContain(CODE);
    expect(read).toMatch(/statusAt[\s\S]*2025-08-14T08:00:00/);
    expect(read).not.toContain('0900000001');
  });

  test('unfinished dossiers are listed by deadline, page by page, also the overdue ones', async () => {
    const due = (n: number, dueAt: string, more: object = {}) =>
      dossier({ code: `H60.01-250812-100${n}`, receivedAt: '2025-08-11T08:00:00+07:00', dueAt, ...more });
    await hub.push([
      due(1, '2025-08-20T17:00:00+07:00'),
      due(2, '2025-08-22T17:00:00+07:00'),
      due(3, '2025-08-22T17:00:00+07:00', { agencyCode: 'H60.05' }),
      due(4, '2025-08-26T17:00:00+07:00'),
      due(5, '2025-08-22T17:00:00+07:00', { status: 'returned', statusAt: '2025-08-14T08:00:00+07:00' }),
    ]);
    const listed = async (query: string): Promise<readonly string[]> => {
      const codes: string[] = [];
      for (let cursor = ''; ; ) {
        const { body } = await ops.get(`due-dossiers?limit=1&${query}${cursor}`);
        codes.push(...body.items.map(({ code }: { code: string }) => code.slice(-1)));
        if (body.next === null) return codes;
        cursor = `&cursor=${body.next}`;
      }
    };
    expect(await listed('')).toEqual(['2', '3']);
    expect(await listed('within=7')).toEqual(['2', '3', '4']);
    expect(await listed('within=7&agency=H60.05')).toEqual(['3']);
    expect(await listed('within=overdue')).toEqual(['1']);
    expect((await officer.get('/console/due?within=overdue')).text).toMatch(/1001[\s\S]*quá hạn 15 giờ/);
    // The page names the period of its list.
    const { text } = await officer.get('/console/due');
    expect([text.includes('1002'), text.includes('1004')]).toEqual([true, false]);
    expect(text).toContain('<option value="3" selected>trong 3 ngày tới</option>');
  });

  test('a due day without a time lasts until its end, in every list and on every page', async () => {
    const due = (code: string, dueAt: string) => dossier({ code, receivedAt: '2025-08-11T08:00:00+07:00', dueAt });
    await hub.push([
      due(CODE, '2025-08-21T00:00:00+07:00'),
      due('H60.01-250812-0002', '2025-08-20T00:00:00+07:00'),
      due('H60.01-250812-0003', '2025-08-21T07:59:59+07:00'),
    ]);
    const codesOf = ({ body }: { body: { items: { code: string }[] } }): readonly string[] =>
      body.items.map(({ code }) => code.slice(-1)).sort();
    const overdue = () => hub.read('/api/v1/dossiers?due=overdue').then(codesOf);
    const dueIn = (within: string) => ops.get(`due-dossiers?within=${within}`).then(codesOf);
    expect([await overdue(), await dueIn('overdue'), await dueIn('1')]).toEqual([['2', '3'], ['2', '3'], ['1']]);
    expect((await officer.get('/console/due?within=1')).text).not.toMatch(/quá hạn \d/);
    expect(turns(await page())).not.toContain('quá hạn');
    hub.clock.nowMs = Date.parse('2025-08-22T01:00:00+07:00');
    const all = ['1', '2', '3'];
    expect([await overdue(), await dueIn('overdue'), await dueIn('1')]).toEqual([all, all, []]);
    await officer.signIn('ops');
    expect(turns(await page())).toContain('quá hạn 1 giờ');
  });
});
