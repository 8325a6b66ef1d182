import { describe, expect, test } from 'vitest';
import { render } from '#messages/render';
import { cpuMsOf } from '../../../tests/support/measures.ts';
import {
  type Drift,
  EMPTY_SHAPE,
  fingerprintOf,
  learnShape,
  PAYLOADS_TO_LEARN,
  PAYLOADS_UNTIL_MISSING,
  type PayloadShape,
  truncateJson,
} from './payload-shape.ts';

const ONE = {
  code: 'H60-1',
  amount: 5,
  applicant: { name: 'Nguyễn Văn An', phone: '0900000001' },
  fees: [{ code: 'a' }],
};

/** Learn from payloads, and what was said. */
function watch(payloads: readonly unknown[], from: PayloadShape = EMPTY_SHAPE, isXml = false) {
  const drifts: Drift[] = [];
  let shape = from;
  for (const payload of payloads) {
    const learnt = learnShape(shape, fingerprintOf(payload, isXml));
    shape = JSON.parse(JSON.stringify(learnt.shape));
    drifts.push(...learnt.drifts);
  }
  return { shape, drifts, told: drifts.map(({ kind, path }) => `${kind} ${path}`) };
}
const many = (payload: unknown, count = PAYLOADS_TO_LEARN): unknown[] => Array(count).fill(payload);
const learnt = watch(many(ONE)).shape;

describe('a fingerprint', () => {
  test('has the paths of all fields with their types', () => {
    expect([...fingerprintOf(ONE)].map(([path, { types }]) => `${path} ${[...types].join()}`)).toEqual([
      'code text',
      'amount number',
      'applicant object',
      'applicant.name text',
      'applicant.phone text',
      'fees list',
      'fees[] object',
      'fees[].code text',
    ]);
  });

  test('is the same for one payload, a list of them, and any values', () => {
    const other = { code: 'x', amount: 0, applicant: { name: '', phone: '1' }, fees: [{ code: 'b' }, { code: 'c' }] };
    const shapeOf = (payload: unknown) => watch([payload]).shape;
    expect(shapeOf([ONE, ONE])).toEqual(shapeOf(ONE));
    expect(shapeOf(other)).toEqual(shapeOf(ONE));
  });

  test('shows the form of a value and nothing of its content', () => {
    const samples = [...fingerprintOf({ ...ONE, big: 'x'.repeat(500), flag: true, none: null }).values()];
    expect(samples.map(({ sample }) => sample)).toContain('"Aaaaaa Aaa Aa"');
    expect(samples.map(({ sample }) => sample)).toContain('"9999999999"');
    expect(JSON.stringify(samples)).not.toMatch(/Nguyễn|0900|x{4}/);
    expect(Math.max(...samples.map(({ sample }) => sample.length))).toBeLessThan(30);
  });

  test('counts names that are values as one, and is bounded', () => {
    const byCode = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`H60.01-250812-${n}`, { at: '1' }]));
    expect([...fingerprintOf({ byCode }).keys()]).toEqual(['byCode', 'byCode.*', 'byCode.*.at']);
    const wide = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, n) => [`f${n % 1000}${'x'.repeat(n / 1000)}`, n]),
    );
    expect(fingerprintOf(wide).size).toBeLessThanOrEqual(400);
    let deep: unknown = 1;
    for (let n = 0; n < 1_000; n++) deep = { a: deep };
    expect(fingerprintOf(deep).size).toBeLessThan(20);
  });

  test('of XML does not distinguish one element from several', () => {
    const print = (fee: unknown) => [...fingerprintOf({ Root: { fee } }, true).keys()];
    expect(print([{ a: '1' }, { a: '2' }])).toEqual(print({ a: '1' }));
  });
});

describe('drift', () => {
  test('is not reported while the shape is learnt', () => {
    expect(watch([{ a: 1 }, { b: 'x' }, ...many(ONE)]).told).toEqual([]);
  });

  test('a new field is reported once, at its top, with the form of its value', () => {
    const fresh = { ...ONE, ward: { code: '00123', name: 'Phường Một' } };
    const { drifts, told } = watch([fresh, fresh, ONE, fresh], learnt);
    expect(told).toEqual(['new ward']);
    const { drifts: inner } = watch([{ ...ONE, applicant: { ...ONE.applicant, sex: 'nữ' } }], learnt);
    expect([...drifts, ...inner].map(({ words }) => render(words, 'en'))).toEqual([
      'ward is new: object, such as {…}',
      'applicant.sex is new: text, such as "aa"',
    ]);
  });

  test('a field of another type is reported once; null is no type', () => {
    const { drifts } = watch(
      [
        { ...ONE, amount: null },
        { ...ONE, amount: '5.000' },
        { ...ONE, amount: '6' },
      ],
      learnt,
    );
    expect(drifts.map(({ words }) => render(words, 'en'))).toEqual([
      'amount is now text (such as "9.999"), was number or null',
    ]);
    expect(watch(many({ ...ONE, amount: null }), watch(many({ ...ONE, amount: null })).shape).told).toEqual([]);
  });

  test('a field that was always present is reported once after a while of absence', () => {
    const { phone: _, ...rest } = ONE.applicant;
    const without = { ...ONE, applicant: rest };
    expect(watch(many(without, PAYLOADS_UNTIL_MISSING - 1), learnt).told).toEqual([]);
    expect(watch(many(without, 5 * PAYLOADS_UNTIL_MISSING), learnt).told).toEqual(['missing applicant.phone']);
    // Absent now and then is optional.
    expect(
      watch([...many(without, PAYLOADS_UNTIL_MISSING - 1), ONE, ...many(without, 5 * PAYLOADS_UNTIL_MISSING)], learnt)
        .told,
    ).toEqual([]);
  });

  test('optional fields, empty lists and members of absent objects are not missing', () => {
    const optional = watch([{ ...ONE, note: 'x' }, ...many(ONE)]).shape;
    expect(watch(many(ONE, 5 * PAYLOADS_UNTIL_MISSING), optional).told).toEqual([]);
    expect(watch(many({ ...ONE, fees: [] }, 5 * PAYLOADS_UNTIL_MISSING), learnt).told).toEqual([]);
    const { applicant: _, ...without } = ONE;
    expect(watch(many(without, 5 * PAYLOADS_UNTIL_MISSING), learnt).told).toEqual(['missing applicant']);
  });
});

/** Marks within a text do not count. */
const MARKS = JSON.stringify(['a",[{\\']);

test.each([
  ['[{"a":1},{"a":2},{"a"', '[{"a":1},{"a":2}]'],
  ['{"total":9,"data":[{"a":[1,2,3],"b":"],{"},{"a":[4,5', '{"total":9,"data":[{"a":[1,2,3],"b":"],{"},{"a":[4]}]}'],
  [`${MARKS.slice(0, -1)},2`, MARKS],
  ['{"a":1,"b":2,"c"', undefined],
  ['nothing', undefined],
])('the beginning of %s is %s', (json, beginning) => {
  expect(truncateJson(json, json.length)).toBe(beginning);
  if (beginning !== undefined) JSON.parse(beginning);
});

test('the beginning of a hostile text is closed in linear time', () => {
  const json = `${'['.repeat(100_000)}${'1,'.repeat(70_000)}`;
  const cpuMs = cpuMsOf(() => expect(truncateJson(json, json.length)).toHaveLength(339_999));
  // 0.1 s; closed after each entry it took over a minute.
  expect(cpuMs).toBeLessThan(2_000);
});
