import { describe, expect, test } from 'vitest';
import { Agency } from '#schemas/agency.upsert.v1';
import { Field } from '#schemas/field.upsert.v1';
import { Service } from '#schemas/service.upsert.v1';
import { cpuMsOf } from '../../../tests/support/measures.ts';
import { changesInSteps } from './catalogue-diff.ts';
import { changeText } from './catalogue-words.ts';
import { MEMBER } from './service-words.ts';

const fee = (amountVnd: number | null, more: object = {}) => ({ amountVnd, ...more });
const atCounter = (...fees: object[]) => ({
  channels: [{ channel: 'counter', terms: [{ amount: 10, unit: 'working-day', fees }] }],
});
const paper = (name: string, more: object = {}) => ({ name, originals: 1, copies: 0, ...more });
const withPapers = (...components: object[]) => ({ cases: [{ components }] });
const term = (amount: number, unit: string, text?: string) => ({
  channels: [{ channel: 'online', terms: [{ amount, unit, ...(text && { text }) }] }],
});

const catalogueChanges = (was: object, now: object) =>
  [...changesInSteps(was, now)].filter((change) => change !== undefined);
const lines = (was: object, now: object, language: 'vi' | 'en' = 'vi') =>
  catalogueChanges(was, now).map((change) => changeText('service', change, language));
const paths = (was: object, now: object) => catalogueChanges(was, now).map(({ path }) => path);

describe('the changes between two records', () => {
  test('a fee shows both amounts, with the way to file', () => {
    const [was, now] = [
      atCounter(fee(20_000, { text: '20.000 đồng' })),
      atCounter(fee(30_000, { text: '30.000 đồng' })),
    ];
    expect(catalogueChanges(was, now)).toMatchObject([
      { path: '/channels/0/terms/0/fees/0/amountVnd', was: 20_000, now: 30_000 },
    ]);
    expect(lines(was, now)).toEqual(['Phí, lệ phí (Trực tiếp): 20.000 đ → 30.000 đ']);
    expect(lines(was, now, 'en')).toEqual(['Fee (At the counter): 20,000 VND → 30,000 VND']);
  });

  test('an inserted paper is one addition, and moves no other', () => {
    const [first, second, third] = [paper('Tờ khai'), paper('Giấy chứng sinh'), paper('Căn cước công dân')];
    const change = catalogueChanges(withPapers(first, third), withPapers(first, second, third));
    expect(change).toMatchObject([{ path: '/cases/0/components/1', was: null, now: second }]);
    expect(lines(withPapers(first, third), withPapers(first, second, third))).toEqual([
      'Thêm thành phần hồ sơ: “Giấy chứng sinh” (1 bản chính, 0 bản sao)',
    ]);
    expect(catalogueChanges(withPapers(first, second, third), withPapers(second, third))).toMatchObject([
      { path: '/cases/0/components/0', was: first, now: null },
    ]);
    expect(lines(withPapers(first, second), withPapers(second), 'en')).toEqual([
      'Paper removed: “Tờ khai” (originals: 1, copies: 0)',
    ]);
  });

  test.each([
    [
      'another form of the letters, and blanks',
      { name: 'Đăng ký khai sinh' },
      { name: '  Đăng ký  khai sinh'.normalize('NFD') },
    ],
    ['papers in another order', withPapers(paper('A'), paper('B')), withPapers(paper('B'), paper('A'))],
    ['an empty list and none', { results: [], cases: [{ steps: [] }] }, { cases: [{}] }],
    [
      'an amount that is also written out',
      atCounter(fee(20_000)),
      atCounter(fee(20_000, { text: '20.000 đ', unit: 'Đồng' })),
    ],
    ['a term that is written otherwise', term(5, 'day', '05 ngày'), term(5, 'day', '5 Ngày')],
    [
      'the long form of the code of a paper',
      withPapers(paper('A', { code: '000.00.00.G15-KQ001001' })),
      withPapers(paper('A', { code: 'G15-KQ001001' })),
    ],
    ['members in another order', { code: '1.000001', name: 'A' }, { name: 'A', code: '1.000001' }],
    ['equal fees, as many', atCounter(fee(1), fee(1)), atCounter(fee(1), fee(1))],
  ])('%s is no change', (_, was, now) => {
    expect(catalogueChanges(was, now)).toEqual([]);
    expect(catalogueChanges(now, was)).toEqual([]);
  });

  test('null means unknown and differs from 0', () => {
    expect(lines(atCounter(fee(null)), atCounter(fee(0)))).toEqual(['Phí, lệ phí (Trực tiếp): chưa rõ → 0 đ']);
    expect(
      lines(atCounter(fee(null, { text: 'Theo quy định' })), atCounter(fee(5_000, { text: '5.000 đồng' }))),
    ).toEqual(['Phí, lệ phí (Trực tiếp): “Theo quy định” → 5.000 đ']);
  });

  test('an amount in place of a long text is a change', () => {
    const words = fee(null, { text: `Theo quy định tại ${'Nghị quyết của Hội đồng nhân dân '.repeat(9)}` });
    expect(lines(atCounter(words), atCounter(fee(20_000)))[0]).toMatch(
      /^Phí, lệ phí \(Trực tiếp\): “Theo .+…” → 20\.000 đ$/,
    );
  });

  test('fees with one kind of code are distinguished by their purpose', () => {
    const late = { code: '2', description: 'Không đúng hạn' };
    const early = { code: '2', description: 'Cấp bản sao' };
    const [was, now] = [
      atCounter(fee(8_000, late), fee(3_000, early)),
      atCounter(fee(3_000, early), fee(9_000, late), fee(1_000, { code: '1' })),
    ];
    expect(lines(was, now)).toEqual([
      'Phí, lệ phí “Không đúng hạn” (Trực tiếp): 8.000 đ → 9.000 đ',
      'Thêm phí, lệ phí (Trực tiếp): 1.000 đ',
    ]);
  });

  test('a term shows number and unit, both together if both changed', () => {
    expect(lines(term(10, 'working-day', '10 ngày làm việc'), term(7, 'working-day', '7 ngày làm việc'))).toEqual([
      'Thời hạn giải quyết (Trực tuyến): 10 ngày làm việc → 7 ngày làm việc',
    ]);
    const [was, now] = [term(1, 'month'), term(20, 'day')];
    expect(lines(was, now, 'en')).toEqual(['Time (Online): 1 month → 20 days']);
    expect(catalogueChanges(was, now)).toMatchObject([
      { path: '/channels/0/terms/0', was: { amount: 1, unit: 'month' }, now: { amount: 20, unit: 'day' } },
    ]);
  });

  test('a new way to file shows its time and fees in one line', () => {
    const now = [{ channel: 'counter' }, { channel: 'post', terms: [{ amount: 2, unit: 'day', fees: [fee(8_000)] }] }];
    expect(lines({ channels: [{ channel: 'counter' }] }, { channels: now })).toEqual([
      'Thêm hình thức nộp: Bưu chính công ích; thời hạn giải quyết: 2 ngày; phí, lệ phí: 8.000 đ',
    ]);
  });

  test('a reworded text is one change, also without a name; a long one is not quoted', () => {
    const step = 'Người yêu cầu nộp hồ sơ trực tiếp tại Trung tâm Phục vụ hành chính công cấp xã hoặc trực tuyến.';
    const [was, now] = [
      { cases: [{ steps: ['Một', step] }] },
      { cases: [{ steps: ['Một', `${step} Lệ phí nộp ngay.`] }] },
    ];
    expect(catalogueChanges(was, now)).toMatchObject([
      { path: '/cases/0/steps/1', was: step, now: `${step} Lệ phí nộp ngay.` },
    ]);
    expect(lines(was, now)).toEqual(['Bước 2: nội dung đã thay đổi']);
    expect(lines(was, { cases: [{ steps: ['Một', 'Hai', step] }] })).toEqual(['Thêm bước 2: “Hai”']);
    expect(lines({ conditions: 'x'.repeat(200) }, {}, 'en')).toEqual(['Conditions: text was removed']);
  });

  test('a changed order of steps is a change', () => {
    const steps = ['Nộp hồ sơ', 'Thẩm định', 'Trả kết quả'];
    expect(lines({ cases: [{ steps }] }, { cases: [{ steps: [steps[1], steps[0], steps[2]] }] })).toEqual([
      'Trình tự thực hiện: thứ tự đã thay đổi',
    ]);
  });

  test('names the case, the paper and its form', () => {
    const one = (url: string) => ({
      cases: [{ name: 'Trẻ em bị bỏ rơi', components: [paper('Tờ khai', { forms: [{ name: 'Mẫu 1', url }] })] }],
    });
    expect(lines(one('https://a.test/1'), one('https://a.test/2'))).toEqual([
      'Mẫu đơn, tờ khai “Mẫu 1” (trường hợp “Trẻ em bị bỏ rơi”, thành phần hồ sơ “Tờ khai”), địa chỉ: https://a.test/1 → https://a.test/2',
    ]);
  });

  test('a new case shows how much it requires, with a name or without', () => {
    expect(lines({}, withPapers(paper('A'), paper('B')))).toEqual(['Thêm trường hợp: (0 bước, 2 giấy tờ)']);
    expect(lines({ cases: [{ name: 'Lần đầu', steps: ['Nộp'] }] }, {}, 'en')).toEqual([
      'Case removed: “Lần đầu” (steps: 1, papers: 0)',
    ]);
  });

  test('describes force, booleans and levels in words', () => {
    expect(lines({ inForce: true }, { inForce: false })).toEqual(['Thủ tục hết hiệu lực']);
    expect(lines({ inForce: false }, { inForce: true }, 'en')).toEqual(['The service is in force again']);
    expect(lines({ onlinePayment: false }, { onlinePayment: true })).toEqual([
      'Thanh toán trực tuyến phí, lệ phí: Không → Có',
    ]);
    expect(lines({ levels: ['district'] }, { levels: ['commune'] })).toEqual([
      'Bỏ cấp thực hiện: Cấp huyện',
      'Thêm cấp thực hiện: Cấp xã',
    ]);
    expect(lines({}, { onlineLevel: 'full' }, 'en')).toEqual(['Online service: not known → Online from start to end']);
  });

  test('a member without a schema is shown by its own name', () => {
    const [was, now] = [
      { later: { deep: [{ code: 'A', is: 1 }] } },
      {
        later: {
          deep: [
            { code: 'B', is: 2 },
            { code: 'A', is: 3 },
          ],
        },
      },
    ];
    expect(paths(was, now)).toEqual(['/later/deep/1/is', '/later/deep/0']);
    expect(lines(was, now)).toEqual(['“deep” “A” (“later”), “is”: 1 → 3', 'Thêm “deep” (“later”): “B”']);
    expect(lines({}, { 'a/b': 7 })).toEqual(['“a/b”: chưa rõ → 7']);
    expect(paths({}, { 'a/b': 7 })).toEqual(['/a~1b']);
  });

  test('the longest lists are compared without comparing all pairs', () => {
    const many = (from: number) =>
      withPapers(...Array.from({ length: 2_000 }, (_, n) => paper(`Giấy tờ số ${n + from} ${'dài '.repeat(50)}`)));
    const took = cpuMsOf(() => expect(catalogueChanges(many(0), many(1_000))).toHaveLength(2_000));
    expect(took).toBeLessThan(5_000);
  });

  test('a long list is compared in small pieces', () => {
    const many = (originals: number) =>
      withPapers(...Array.from({ length: 2_000 }, (_, n) => paper(`Giấy tờ số ${n}`, { originals })));
    const [was, now] = [many(1), many(2)];
    const steps = [...changesInSteps(was, now)];
    expect(steps.filter((change) => change !== undefined)).toHaveLength(2_000);
    // Each paper is looked at for itself before anything is known to have changed, and again when it is found in the other list.
    const first = steps.findIndex((change) => change !== undefined);
    expect(first).toBeGreaterThan(4_000);
    expect(steps.length - first).toBeGreaterThan(2_000);
  });

  test('every member of the schemas has a name in both languages', () => {
    const names = new Set<string>();
    const walk = (schema: { properties?: object; items?: object }): void => {
      for (const [name, one] of Object.entries(schema.properties ?? {})) {
        names.add(name);
        walk(one);
      }
      if (schema.items) walk(schema.items);
    };
    for (const schema of [Service, Agency, Field]) walk(schema);
    expect([...names].filter((name) => MEMBER[name]?.length !== 2)).toEqual([]);
  });
});
