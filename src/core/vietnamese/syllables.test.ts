import { describe, expect, it } from 'vitest';
import { isAlmostSyllable, isPlainSyllable, isSyllable, plainSyllables } from './syllables.ts';

const words = (text: string) => text.trim().split(/\s+/);

describe('a Vietnamese syllable is recognised by its spelling', () => {
  it.each(
    words(`nguyễn văn an trường nghiêng nghĩa ngựa gì gìn giếng giêng già giữa ghế gà quý quốc quyển quynh quýt hòa hoà khỏe
      khoẻ thúy thuý thủy khuỷu ngoằn ngoèo khuya xoong xoóng choóng ương yêu yến ý ô ông ạ ừ kỹ kĩ lý sỹ mỷ tiếng việt
      được ươn huơ thuở quở bướu cừu lưu xuề loè phăng huýt huých tuýp đắk lắk kạn pả p`).slice(0, -1),
  )('%s is a syllable', (word) => {
    expect(isSyllable(word)).toBe(true);
    expect(isSyllable(word.toUpperCase())).toBe(true);
    expect(isAlmostSyllable(word)).toBe(true);
  });

  it.each(
    words(
      `bých phý tôc viêc thuéc héi trêng céng ngê ghà kụ qô qúy thaù hoầ nguyen việtt fà wà jà zà mùs café müller é́
      àà cần` + 'x tôn1 krông blang st',
    ).filter((word) => word !== ''),
  )('%s is no syllable', (word) => expect(isSyllable(word)).toBe(false));

  it('the empty text is no syllable', () => expect(isSyllable('')).toBe(false));
});

it('a missing tone before a stop is tolerated', () => {
  for (const word of words('viêc tôc hoc cach nươc')) expect(isAlmostSyllable(word), word).toBe(true);
  for (const word of words('thuéc héi trêng céng việcc')) expect(isAlmostSyllable(word), word).toBe(false);
});

it('a syllable may be written without marks', () => {
  for (const word of words('Nguyen Van Duc TUYEN QUANG thuong')) expect(isPlainSyllable(word), word).toBe(true);
  for (const word of words('Samsung Martin Windows xyz')) expect(isPlainSyllable(word), word).toBe(false);
});

it('the list of syllables without marks is complete', () => {
  const all = plainSyllables();
  for (const word of all) expect(isPlainSyllable(word), word).toBe(true);
  const letters = [...'abcdeghiklmnopqrstuvxy'];
  const short = letters.flatMap((a) => [a, ...letters.flatMap((b) => [a + b, ...letters.map((c) => a + b + c)])]);
  for (const word of [...short, ...words('nguyen nghieng truong thuong khuech quynh giuong gieng ngoeo')])
    expect(all.has(word), word).toBe(isPlainSyllable(word));
});
