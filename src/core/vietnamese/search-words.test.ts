import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { keyedSearchQuery, matchesSearch, recordWords, searchQuery, searchWords, storedTail } from './search-words.ts';

const CODES = ['H60.01-250812-0035', '03706/2026/07906', 'LTKS-2025/000123', 'ĐK_2025#77:Z1'];
const NAMES = ['Nguyễn Thị Đào', undefined, 'Cấp giấy phép xây dựng (cấp III, IV)', 'Đoàn Văn O’Brien'];
const WORDS = searchWords(CODES, NAMES);
const tokenOf = (word: string): string => `~${word}`;
const STORED = recordWords({ codes: CODES, names: NAMES }, tokenOf);

describe('the words of a dossier', () => {
  test('are the words of names without marks, and each code with its tails', () => {
    expect(searchWords(['H60.01-250812-0035'], ['Đặng Thị Ngọc Ánh', undefined]).split(' ')).toEqual([
      'dang',
      'thi',
      'ngoc',
      'anh',
      'h60.01-250812-0035',
      '01-250812-0035',
      '250812-0035',
      '0035',
    ]);
  });

  test('are unique', () => {
    expect(searchWords(['A-1', 'B-1', 'A-1'], ['An An', 'ÁN'])).toBe('an a-1 1 b-1');
  });

  test('are empty without content', () => {
    expect(searchWords([], [undefined, '', ' – '])).toBe('');
    expect(searchWords(['-'], [])).toBe('-');
  });
});

describe('a search text', () => {
  test.each(['', '   ', '–', '… ! ?', '()&|', '\u0000'])('%j searches for nothing', (typed) =>
    expect(searchQuery(typed)).toBe(''),
  );

  test('becomes words that must all match, the last one and those with digits as prefixes', () => {
    expect(searchQuery('Đào nguyên')).toBe("'dao' & 'nguyen':*");
    expect(searchQuery('h60 nguyên')).toBe("'h60':* & 'nguyen':*");
  });

  test('is read up to two hundred characters', () => {
    expect(searchQuery('a'.repeat(100_000))).toBe(`'${'a'.repeat(200)}':*`);
  });
});

/** The query is PostgreSQL's to read, so it is PostgreSQL that says what is found. */
describe('in PostgreSQL', () => {
  let client: pg.Client;
  beforeAll(async () => {
    client = new pg.Client({ connectionString: inject('databaseServerUrl') });
    await client.connect();
  });
  afterAll(() => client.end());

  const finds = async (typed: string, words = WORDS, query = searchQuery(typed)): Promise<boolean> => {
    const { rows } = await client.query<{ found: boolean }>(
      `SELECT array_to_tsvector(array_remove(string_to_array($1, ' '), '')) @@ $2::tsquery AS found`,
      [words, query],
    );
    return rows[0]?.found === true;
  };
  const findsStored = (typed: string): Promise<boolean> =>
    finds(
      typed,
      STORED,
      keyedSearchQuery(typed, (word) => [tokenOf(word)]),
    );

  test.each([
    'H60.01-250812-0035',
    ' h60.01-250812-0035 ',
    'h60.01-2508',
    '250812-0035',
    '0035',
    'h60',
    'h60 250812',
    '03706/2026/07906',
    '2026/07906',
    '07906',
    'ltks-2025/0001',
    'Nguyễn Thị Đào',
    'nguyen thi dao',
    'NGUYEN ĐÀO',
    'dao ng',
    'Nguyễn'.normalize('NFD'),
    'đào, nguyễn',
    'giấy-phép',
    'cap iii',
    '(IV)',
    'O’Brien',
    "brien's".slice(0, 5),
    'xây dựng 0035',
    'ĐK_2025',
    'đk_2025#77:z1',
    '2025#77',
    'z1',
  ])('%j finds the dossier', async (typed) => {
    expect(await finds(typed)).toBe(true);
    expect(await findsStored(typed)).toBe(true);
    expect(matchesSearch(WORDS, typed)).toBe(true);
  });

  test.each([
    'H60.01-250812-0036',
    '60.01',
    '812-0035',
    'guyen',
    'nguyen thi minh',
    'đào 0036',
    'h60.01-250812-0035x',
    'giấy.phạt',
  ])('%j does not find it', async (typed) => {
    expect(await finds(typed)).toBe(false);
    expect(await findsStored(typed)).toBe(false);
    expect(matchesSearch(WORDS, typed)).toBe(false);
  });

  test.each([
    ['hợp tác xã 19/5', true],
    ['Hợp tác xã 19/5 theo (131/2021/NĐ-CP)', true],
    ['131/2021', true],
    ['hợp tác xã 19/6', false],
    ['5/19/2', false],
  ])('%j finds a name with numbers: %j', async (typed, isFound) => {
    const names = ['Hợp tác xã 19/5 theo Nghị định 131/2021/NĐ-CP'];
    const words = searchWords([], names);
    expect(await finds(typed, words)).toBe(isFound);
    expect(matchesSearch(words, typed)).toBe(isFound);
    const stored = recordWords({ codes: [], names }, tokenOf);
    const query = keyedSearchQuery(typed, (word) => [tokenOf(word)]);
    expect(await finds(typed, stored, query)).toBe(isFound);
  });

  test('every beginning of a code and of its tails finds it by the stored words, which are the same when stored again', async () => {
    for (const code of CODES)
      for (let from = 0; from < code.length; from++)
        for (let to = from + 1; to <= code.length; to++) {
          const typed = code.slice(from, to);
          expect([typed, await findsStored(typed)]).toEqual([typed, await finds(typed)]);
        }
    for (const word of STORED.split(' ')) expect(storedTail(word)).toBe(word);
  });

  test.each([
    "a'b.c\\ & | ! x:*",
    "'.'",
    '\\.',
    "\\'.\\",
    'a.\u0000b',
    'q.\u0007\u001f',
    ':*.a',
    '<->.q',
    '!!a.b',
    "'; DROP TABLE dossiers; --",
    '\ud800.a',
    '%_.%',
    'a/*b*/',
    '..--//',
    `${'x'.repeat(199)}😀.`,
  ])('%j is an ordinary query, and finds nothing', async (typed) => {
    expect(await finds(typed)).toBe(false);
  });

  test('always gives a query that PostgreSQL can parse', async () => {
    const pieces = [...'ab1Đ.-/\'"\\&|!():*<> \u0000\u001f\u00a0\u200b–😀'];
    let seed = 1;
    const next = (limit: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % limit;
    };
    const typed = Array.from({ length: 2_000 }, () =>
      Array.from({ length: 1 + next(12) }, () => pieces[next(pieces.length)]).join(''),
    );
    const queries = typed.map(searchQuery);
    expect(queries.filter((query) => query !== '').length).toBeGreaterThan(500);
    await client.query('SELECT query::tsquery FROM unnest($1::text[]) AS query', [queries]);
  });
});
