import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STATUSES } from '#schemas/dossier.upsert.v1';
import { OPERATIONS } from '#schemas/operations';
import { PAYMENT_STATES } from '#schemas/payment.v1';
import { POSTAL_STATES } from '#schemas/postal-order.v1';
import { filesUnder } from '../../tests/support/source-files.ts';
import { EN } from './en.ts';
import { type Arg, type Code, quotedText, say, type Words } from './message.ts';
import { CODES as NAMED_CODES, NAMES } from './names.ts';
import { received } from './received.ts';
import { isWords, render, sentenceOf } from './render.ts';
import { storedWords, wordsText } from './stored.ts';
import { VI } from './vi.ts';

const CODES = Object.keys(EN) as Code[];
const holesOf = (sentence: string): readonly string[] =>
  [...new Set([...sentence.matchAll(/\{(\w+)\}/g)].map(([, hole]) => hole as string))].sort();

/** All matches in the sources of a folder. A parser would need ten seconds for them. */
function matchesIn(folder: string, pattern: RegExp): readonly string[] {
  const root = join(import.meta.dirname, '..', '..', folder);
  return filesUnder(root)
    .filter((path) => /\.ts$/.test(path) && !/\.test\.ts$|^messages\/|node_modules\//.test(path))
    .flatMap((path) => readFileSync(join(root, path), 'utf8').match(pattern) ?? []);
}

const QUOTED = /(?<=')[\w.-]+(?=')/g;
/** The names of missing things: `none('party', …)`, `idOf(c, 'delivery')`, `thing: 'dossier'`, and those of a copy. */
const MISSING =
  /(?<=\bnone\(')[^']+|(?<=\bidOf\(c, ')[^']+|(?<=\bthing: ')[a-z][^']*|(?<=^ {2}'\/api\/v1\/.*': ')[^']+/gm;

describe('the catalogues', () => {
  it.each(CODES)('%s renders in both languages with every argument', (code) => {
    const holes = holesOf(EN[code]);
    expect(holesOf(VI[code])).toEqual(holes);
    const args = Object.fromEntries(holes.map((hole, at) => [hole, `value ${at}`]));
    for (const language of ['en', 'vi'] as const) {
      const sentence = render({ code, args }, language);
      for (const value of Object.values(args)) expect(sentence).toContain(value);
      expect(sentence).not.toMatch(/[{}]/);
    }
  });

  it('have no code that nothing says', () => {
    const said = new Set(['src', 'adapters', 'mappings'].flatMap((folder) => matchesIn(folder, QUOTED)));
    // These are made of a name: see problem.ts, explain.ts, ask.ts and the state of a change in mappings.ts.
    const isMade = (code: string): boolean =>
      /^(?:title|schema)\.|^mapping-(?:draft|asked|applied|refused|withdrawn)$|-said$/.test(code);
    expect(CODES.filter((code) => !said.has(code) && !isMade(code) && code !== 'quoted-text')).toEqual([]);
  });

  it('have a Vietnamese name for everything that may be missing', () => {
    const missing = new Set([...matchesIn('src/http', MISSING), ...matchesIn('src/cli/copy', MISSING)]);
    expect(missing.size).toBeGreaterThan(15);
    expect([...missing].filter((thing) => !Object.hasOwn(NAMES, thing))).toEqual([]);
  });

  it('have a Vietnamese name for every state that a sentence may name', () => {
    const states = [...STATUSES, ...PAYMENT_STATES, ...POSTAL_STATES];
    expect(states.filter((state) => !Object.hasOwn(NAMED_CODES, state))).toEqual([]);
  });

  it('have the descriptions of all values in the published schemas', () => {
    const known = new Set<string>(CODES.filter((code) => code.startsWith('schema.')).map((code) => EN[code]));
    const found = descriptionsIn(OPERATIONS);
    expect(found.length).toBeGreaterThan(10);
    expect(found.filter((description) => !known.has(description))).toEqual([]);
  });
});

/** `hoà`, `khoẻ`, `thuý`: the mark on the second vowel of an open syllable. After q, as in `quý`, it stands there anyway. */
const NEW_SPELLING = /\p{L}*(?<!q)(?:o[àáảãạèéẻẽẹ]|u[ỳýỷỹỵ])(?!\p{L})/giu;

describe('the Vietnamese of messages, pages and documents', () => {
  it('spells hòa, khỏe and thúy as the public service portal does', () => {
    const root = join(import.meta.dirname, '..', '..');
    const files = ['src/messages', 'src/pages', 'docs']
      .flatMap((folder) => filesUnder(join(root, folder)).map((path) => join(folder, path)))
      .filter((path) => /\.(?:ts|js|md)$/.test(path) && !/\.test\.ts$/.test(path));
    const wrong = ['README.md', 'README.vi.md', ...files].flatMap((file) =>
      (readFileSync(join(root, file), 'utf8').match(NEW_SPELLING) ?? []).map((word) => `${file}: ${word}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe('words', () => {
  const nested: Words = say('unexpected', { got: 'x', expected: say('one-of', { list: ['a', 'b'] }) });

  it('nest, and a list stands in the language of its sentence', () => {
    expect(render(nested, 'en')).toBe('got "x", expected one of a, b');
    expect(render(nested, 'vi')).toBe('nhận được "x", cần một trong: a, b');
    const either = say('any-of', { alternatives: [say('an-object'), say('a-list')] });
    expect([render(either, 'en'), render(either, 'vi')]).toEqual([
      'an object or a list',
      'một đối tượng hoặc danh sách',
    ]);
  });

  it('have times and numbers as Vietnamese writes them', () => {
    expect(render(say('ahead-of-time', { moment: '2026-08-12T08:15:00+07:00' }), 'vi')).toMatch(/^12\/08\/2026 08:15 /);
    expect(render(say('a-list-of', { count: 12_345 }), 'vi')).toBe('danh sách 12.345 mục');
  });

  it('have a number that names a thing as it is written everywhere, without points', () => {
    const asked = say('answers-not-returned', { number: 852_891_037_441, why: 'x' });
    expect(render(asked, 'vi')).toContain('câu hỏi 852891037441:');
    expect(render(say('audit-entry-changed', { position: 12_345, id: 67_890 }), 'vi')).toMatch(/ 12345 \(số 67890\)/);
    expect(render(say('person-under-hold', { hold: 1_234 }), 'vi')).toContain('lệnh giữ 1234,');
  });

  it('quote what a partner says in Vietnamese, and never translate it', () => {
    const words = say('partner-says', { said: 'it is empty' });
    expect(render(words, 'vi')).toBe('bên kết nối trả lời “it is empty”');
    expect(render(quotedText('the reply is larger than the limit'), 'vi')).toBe('“the reply is larger than the limit”');
  });

  it('come back from their text, and a sentence of an older version stays as it is', () => {
    expect(storedWords(wordsText(nested))).toEqual(nested);
    for (const text of ['no answer within 3 s', '{"code":', '{"code":"a-code-of-tomorrow","args":{}}'])
      expect(storedWords(text)).toEqual(quotedText(text));
  });

  it('show a received value in at most 80 characters, and an address without its password', () => {
    const quoted = (got: Arg): string => JSON.stringify(got);
    expect(quoted(received('x'.repeat(1_000_000))).length).toBeLessThanOrEqual(80);
    expect(quoted(received('"'.repeat(100))).length).toBeLessThanOrEqual(80);
    expect(received('https://me:secret@host/path')).toBe('https://***@host/path');
    expect(isWords(received(undefined))).toBe(true);
  });

  it('show null, numbers and truth values as JSON does', () => {
    const got = (value: Arg): string => render(say('unexpected', { got: value, expected: say('a-text') }), 'en');
    expect([null, 7, true, ''].map(got)).toEqual(
      ['null', '7', 'true', '""'].map((shown) => `got ${shown}, expected a text`),
    );
  });

  it('stay beside their English sentence', () => {
    expect(sentenceOf(nested)).toEqual({ message: 'got "x", expected one of a, b', words: nested });
    expect(sentenceOf('said by another')).toEqual({ message: 'said by another' });
  });
});

/** All words with which a schema describes the expected value. */
function descriptionsIn(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { description, type } = schema as Record<string, unknown>;
  const own = typeof description === 'string' && type !== 'object' ? [description] : [];
  return [...new Set([...own, ...Object.values(schema).flatMap(descriptionsIn)])];
}
