import { describe, expect, it } from 'vitest';
import { EMPTY_SHAPE, learnShape } from '#core/dossier/payload-shape';
import { OPERATIONS } from '#schemas/operations';
import { writtenTexts } from '../../../tests/support/written-texts.ts';
import { describeRestore } from '../../ledger/database-identity.ts';
import { inVietnamese } from './in-vietnamese.ts';
import { meaningOf } from './reasons.ts';

/** Texts about deliveries, items, causes and pulls. Other texts of the hub are for developers. */
const OF_OPERATORS = [
  'src/core',
  'src/accept',
  'src/delivery',
  'src/pull',
  'src/operator-orders',
  'src/statistics',
  'src/kit',
  'src/ministry',
  'mappings',
];
/** The shipped adapters and the template. The texts of other adapters belong to their authors. */
const SHIPPED = ['civil-status', 'national-portal', 'one-stop', 'rest-ministry', 'soap-ministry', 'webhook-subscriber'];
const ADAPTERS = [...SHIPPED.map((name) => `adapters/${name}`), 'src/cli/adapter/sample-partner'];
const DOORS = ['src/http/doors/callback', 'src/http/doors/rest', 'src/http/operators'];

describe('sentences of the hub in Vietnamese', () => {
  const { texts, reasons } = writtenTexts([...OF_OPERATORS, ...ADAPTERS, ...DOORS]);

  it('exist for every sentence in the code about items and deliveries', () => {
    expect(texts.length).toBeGreaterThan(100);
    expect(texts.filter(({ text }) => inVietnamese(text) === undefined)).toEqual([]);
  });

  it('have meaning, responsible side and advice for every reason in the code', () => {
    expect(reasons.length).toBeGreaterThan(50);
    const own = reasons.filter(({ path }) => path !== 'src/accept/unknown-codes.ts');
    expect(own.filter(({ text }) => meaningOf(text) === undefined)).toEqual([]);
  });

  it('exist for every expectation of the published schemas', () => {
    const descriptions = descriptionsIn(OPERATIONS);
    expect(descriptions.length).toBeGreaterThan(10);
    expect(descriptions.filter((one) => inVietnamese(`is missing, expected ${one}`)?.endsWith(one))).toEqual([]);
  });

  it.each([
    ['is missing, expected one of submitted, received', 'thiếu, cần một trong: submitted, received'],
    ['progress: timeout: no answer within 3 s', 'progress: timeout: không trả lời trong 3 giây'],
    ['got a list of 3, expected a text', 'nhận được danh sách 3 mục, cần văn bản'],
    [
      'dossiers: it says that there are 30 records, and its pages had 10',
      'dossiers: bên đó nói có 30 bản ghi, nhưng các trang chỉ có 10',
    ],
    [
      'the certificate of CN=a; b ends on 2026-12-01, within 7 days; the certificate of CN=c ended on 2026-11-01',
      'chứng thư số của CN=a; b hết hạn ngày 2026-12-01, trong vòng 7 ngày; chứng thư số của CN=c đã hết hạn ngày 2026-11-01',
    ],
    [
      '/applicant/name: "a; b" looks like text in the VNI encoding and cannot be repaired with certainty; /note: a text of 9 characters looks like text in the VNI encoding and cannot be repaired with certainty',
      '/applicant/name: "a; b" có vẻ là chữ mã VNI, không sửa chắc chắn được; /note: văn bản 9 ký tự có vẻ là chữ mã VNI, không sửa chắc chắn được',
    ],
  ])('are found in joined sentences and after a place or reason: %s', (english, vietnamese) => {
    expect(inVietnamese(english)).toBe(vietnamese);
  });

  it('exist for incidents of a restored database and of a new field', () => {
    const at = '2026-11-26T08:00:00+07:00';
    expect(inVietnamese(describeRestore({ noticedAt: at, newestAt: at, doubtfulUntil: at }))).toContain(
      `đến ${at} trục hỏi`,
    );
    const print = new Map([['fee', { types: new Set(['number'] as const), sample: '99' }]]);
    const [drift] = learnShape({ ...EMPTY_SHAPE, samples: 20 }, print).drifts;
    expect(inVietnamese(`dossier.upsert.v1 (rest): ${drift?.text}`)).toBe(
      'dossier.upsert.v1 (rest): fee là trường mới: số, như 99',
    );
  });

  // A text of 4,000 characters took seconds. This one would take minutes, and the test would time out.
  it('are searched in linear time in a hostile text', () => {
    const pieces = [' is new: ', ', such as ', ' and ', ' more'];
    for (let n = 0; n < 60; n++) {
      const hostile = `${n} ${pieces.map((piece) => piece.repeat(950 / piece.length)).join('')}!`;
      expect(inVietnamese(hostile)).toContain(' là trường mới: ');
      expect(inVietnamese(`${'a: '.repeat(1_200)}it is empty${n}`)).toBeUndefined();
      expect(inVietnamese(`it is empty${'; '.repeat(1_500)}${n}`)).toContain('rỗng; ; ');
    }
  });

  it('keep a partner’s words, in quotes if the hub repeats them', () => {
    expect(inVietnamese('Hệ thống đang bảo trì; xin thử lại')).toBeUndefined();
    expect(inVietnamese('the ministry refuses it: a text that cannot be stored')).toBe(
      'bộ từ chối: “a text that cannot be stored”',
    );
  });
});

/** All words with which a schema describes the expected value. */
function descriptionsIn(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { description, type } = schema as Record<string, unknown>;
  const own = typeof description === 'string' && type !== 'object' ? [description] : [];
  return [...new Set([...own, ...Object.values(schema).flatMap(descriptionsIn)])];
}
