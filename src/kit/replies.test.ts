import { describe, expect, test } from 'vitest';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { cpuMsOf } from '../../tests/support/measures.ts';
import { sendInOrder } from './in-order.ts';
import { delivered, refused, unavailable, unknown, unmapped } from './outcomes.ts';
import { jsonObject, partnerText, textOf } from './replies.ts';
import type { Outgoing } from './sender.ts';
import { sampleOutgoing } from './testing/contract/samples.ts';

const dossier = sampleOutgoing('dossier.upsert.v1').record as Dossier;

test('an id of twenty digits is read as the partner wrote it', () => {
  const answer = jsonObject(
    Buffer.from('{"id":12345678901234567890,"amount":150000,"text":"1e400 12345678901234567890"}'),
  );
  expect(answer).toEqual({ id: '12345678901234567890', amount: 150_000, text: '1e400 12345678901234567890' });
  expect(textOf(answer?.id)).toBe('12345678901234567890');
});

describe("a partner's words", () => {
  test('are shown without the applicant, in any Unicode form', () => {
    const text = 'Số 0987654321 của Nguyễn Thị Hoàng Yến Canary (hoang.yen@example.test) sai'.normalize('NFD');
    expect(partnerText(text, dossier)).toBe('Số *** của *** (***) sai');
  });

  test('are shown without the applicant, in any case', () => {
    const applicant = { name: 'Lê Thị Hoa (Mễ)', address: 'Số 5, phố Huế' };
    const text = 'Công dân LÊ THỊ HOA (MỄ), SỐ 5, PHỐ HUẾ không hợp lệ';
    expect(partnerText(text, { ...dossier, applicant })).toBe('Công dân ***, *** không hợp lệ');
  });

  test('are cleaned in linear time: a page in one word blocks nobody', () => {
    const cpuMs = cpuMsOf(() => {
      for (const letter of ['x', '1', '@', 'a@', '1 ']) partnerText(letter.repeat(100_000));
    });
    expect(cpuMs).toBeLessThan(1_000);
  });

  test.each([
    ['gọi 0912345678.', 'gọi ***.'],
    ['gọi +84 912 345 678 nhé', 'gọi *** nhé'],
    ['cccd:001099000001', 'cccd:***'],
    ['thư a.b@example.test, hỏi lại', 'thư ***, hỏi lại'],
  ])('hide what looks personal without knowing the dossier: %s', (text, shown) => {
    expect(partnerText(text)).toBe(shown);
  });

  test.each(['hồ sơ H60.01-250812-0035', 'G09.20-20260609-0092637', '1.001612.000.00.00.H48', '03706/2026/07906'])(
    'keep codes: %s',
    (text) => expect(partnerText(text)).toBe(text),
  );

  test('hide secrets, and are cut', () => {
    expect(partnerText('Bearer abc-def sai', undefined, ['abc-def', undefined])).toBe('Bearer *** sai');
    expect(partnerText('x'.repeat(400))).toHaveLength(301);
    const name = 'Đặng Thị Dài';
    const shown = partnerText(`${'x'.repeat(295)} ${name}`, [dossier, { ...dossier, applicant: { name } }]);
    expect(shown).toBe(`${'x'.repeat(295)} ***`);
  });
});

test('only a JSON object is an answer', () => {
  for (const body of ['', 'null', '[]', '1', '"x"', '{', '<html>'])
    expect(jsonObject(Buffer.from(body))).toBeUndefined();
  for (const mark of ['', '\uFEFF']) expect(jsonObject(Buffer.from(`${mark}{"status":1}`))).toEqual({ status: 1 });
});

test('texts and numbers are text, everything else is not', () => {
  expect([textOf(' 1 '), textOf(1), textOf(''), textOf(null), textOf(true), textOf({})]).toEqual([
    '1',
    '1',
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('later items of a dossier are held back after a failed one', async () => {
  const [a1, b1, a2] = [1, 2, 1].map((number, at) => ({ ...sampleOutgoing('dossier.upsert.v1', number), id: `${at}` }));
  const sent: string[] = [];
  const answers = { 0: unknown('timeout', 'no answer'), 1: unavailable('busy', 'later') };
  const outcomes = await sendInOrder([a1, b1, a2] as Outgoing[], async ({ id }) => {
    sent.push(id);
    return answers[Number(id) as 0 | 1];
  });
  expect(sent).toEqual(['0', '1']);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['unknown', 'unavailable', 'unavailable']);
});

test('later items of a dossier are held back after one that waits for a code, and not after a refused one', async () => {
  const all = [1, 2, 1, 2].map((number, at) => ({ ...sampleOutgoing('dossier.upsert.v1', number), id: `${at}` }));
  const sent: string[] = [];
  const outcomes = await sendInOrder(all as Outgoing[], async ({ id }) => {
    sent.push(id);
    if (id === '0') return unmapped('service', '1');
    return id === '1' ? refused('rejected', 'no') : delivered();
  });
  expect(sent).toEqual(['0', '1', '3']);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['refused', 'refused', 'unavailable', 'delivered']);
});
