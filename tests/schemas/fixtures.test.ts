import { readdirSync, readFileSync } from 'node:fs';
import Schema from 'typebox/schema';
import { describe, expect, test } from 'vitest';
import { readRecord } from '#core/dossier/record';
import { OPERATIONS, type Operation } from '#schemas/operations';
import { published } from '../../src/http/openapi.ts';
import { asSent } from '../../src/http/sent-schema.ts';

const FIXTURES = new URL('../../fixtures/', import.meta.url);
const DRAFT = Schema.Meta['https://json-schema.org/draft/2020-12/schema'];
const operations = Object.keys(OPERATIONS) as Operation[];

interface Valid {
  readonly given: unknown;
  readonly record: object;
  /** Places of repaired text, in any order. */
  readonly warnings?: readonly string[];
}
interface Invalid {
  readonly given: unknown;
  /** All wrong places, and parts of their messages. */
  readonly problems: readonly { readonly path: string; readonly says: readonly string[] }[];
  /** Texts that no message may show. */
  readonly hides?: readonly string[];
}
interface Doubtful {
  readonly given: unknown;
  readonly doubtful: readonly string[];
}

describe.each(operations)('%s', (operation) => {
  const schema = published(asSent(OPERATIONS[operation]));
  const isPublished = Schema.Compile(schema);

  describe("a partner's valid input becomes the canonical record", () => {
    test.each(samples<Valid>(operation, 'valid'))('%s', (_, { given, record, warnings = [] }) => {
      const read = readRecord(operation, given);
      expect(read).toEqual({ kind: 'record', record, warnings: expect.anything() });
      expect(JSON.stringify(recordOf(operation, given))).toBe(JSON.stringify(record));
      expect(pathsOf('warnings' in read ? read.warnings : [])).toEqual([...warnings].sort());
    });

    test.each(samples<Valid>(operation, 'valid'))('%s: reading the record again changes nothing', (_, { record }) => {
      expect(readRecord(operation, record)).toEqual({ kind: 'record', record, warnings: [] });
      expect(JSON.stringify(recordOf(operation, record))).toBe(JSON.stringify(record));
      expect(orderOf(record, OPERATIONS[operation] as Node), 'order of the schema').toEqual([]);
    });

    test.each(samples<Valid>(operation, 'valid'))(
      '%s: the order of members does not matter',
      (_, { given, record }) => {
        expect(JSON.stringify(recordOf(operation, backwards(given)))).toBe(JSON.stringify(record));
      },
    );

    test.each(samples<Valid>(operation, 'valid'))('%s: the published schema accepts the record', (_, { record }) => {
      expect(isPublished.Errors(record)).toEqual([true, []]);
    });

    test.each(samples<Valid>(operation, 'valid'))('%s: the published schema accepts the sent form', (_, { given }) => {
      expect(isPublished.Errors(given)).toEqual([true, []]);
    });
  });

  describe('an invalid record is refused, and each problem names place, value and expectation', () => {
    test.each(samples<Invalid>(operation, 'invalid'))('%s', (_, { given, problems, hides = [] }) => {
      const read = readRecord(operation, given);
      expect(read.kind).toBe('invalid');
      const told = 'problems' in read ? read.problems : [];
      expect(pathsOf(told)).toEqual(pathsOf(problems));
      for (const { path, says } of problems) {
        const message = told.find((problem) => problem.path === path)?.message;
        for (const part of says) expect(message, path).toContain(part);
      }
      for (const hidden of hides) expect(JSON.stringify(told)).not.toContain(hidden);
    });

    // Calendar codes, and half of a UTF-16 pair, are beyond JSON Schema.
    const refusable = samples<Invalid>(operation, 'invalid').filter(([name]) => !/impossible|surrogate/.test(name));
    test.each(refusable)('%s: the published schema refuses it too', (_, { given }) => {
      expect(isPublished.Check(given)).toBe(false);
    });
  });

  describe('text without a certain repair waits for a person', () => {
    test.each(samples<Doubtful>(operation, 'doubtful'))('%s', (_, { given, doubtful }) => {
      const read = readRecord(operation, given);
      expect(read.kind).toBe('doubtful');
      expect(pathsOf('problems' in read ? read.problems : [])).toEqual([...doubtful].sort());
    });
  });

  test('the published schema is JSON Schema 2020-12 without words of the hub’s own', () => {
    expect(Schema.Compile(DRAFT).Errors(schema)).toEqual([true, []]);
    const known = new Set((DRAFT as { allOf?: Node[] }).allOf?.flatMap((part) => Object.keys(part.properties ?? {})));
    expect(known).toContain('maxLength');
    for (const word of wordsOf(schema as Node)) expect(known).toContain(word);
  });
});

test.each([
  ['dossier.upsert.v1', 'statusAt'],
  ['dossier.progress.v1', 'at'],
] as const)('the published schema of %s defines times: %s', (operation, member) => {
  const check = Schema.Compile(published(asSent(OPERATIONS[operation])));
  const [, sample] = samples<Valid>(operation, 'valid')[0] as [string, Valid];
  for (const [time, isTime] of [
    ['2025-08-12T08:15:00+07:00', true],
    ['2025-08-12T08:15:00.250+07:00', true],
    ['2025-08-12T08:15:00', false],
    ['2025-02-30T08:15:00+07:00', false],
    ['20250812081500', false],
    ['0001-01-01T00:00:00+07:00', false],
    ['2025-08-12T08:15:00+0700', true],
    ['2025-02-29T08:15:00+0700', false],
    ['2024-02-29T08:15:00+0700', true],
    ['2000-02-29T08:15:00+0700', true],
    ['2100-02-29T08:15:00+0700', false],
  ] as const)
    expect(check.Check({ ...sample.record, [member]: time }), time).toBe(isTime);
});

test('every operation has samples of all kinds, and every file is a sample', () => {
  for (const operation of operations) {
    const files = readdirSync(new URL(`${operation}/`, FIXTURES));
    expect(files.filter((file) => !/^(?:valid|invalid|doubtful)-[a-z0-9-]+\.json$/.test(file))).toEqual([]);
    for (const kind of ['valid', 'invalid', 'doubtful'])
      expect(files.filter((file) => file.startsWith(`${kind}-`)).length, `${operation} ${kind}`).toBeGreaterThan(0);
  }
});

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

/** The samples of a kind: file name and content. */
function samples<T>(operation: Operation, kind: string): [string, T][] {
  const folder = new URL(`${operation}/`, FIXTURES);
  return readdirSync(folder)
    .filter((file) => file.startsWith(`${kind}-`))
    .map((file) => [file.replace(/\.json$/, ''), JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as T]);
}

function recordOf(operation: Operation, given: unknown): unknown {
  const read = readRecord(operation, given);
  return read.kind === 'record' ? read.record : read;
}

function pathsOf(problems: readonly { readonly path: string }[]): string[] {
  return problems.map((problem) => problem.path).sort();
}

/** The places where members are not in the schema's order. */
function orderOf(value: unknown, node: Node | undefined, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item, at) => orderOf(item, node?.items, `${path}/${at}`));
  if (typeof value !== 'object' || value === null || !node?.properties) return [];
  const { properties } = node;
  const members = Object.keys(value);
  const inOrder = Object.keys(properties).filter((key) => members.includes(key));
  const wrong = members.join() === inOrder.join() ? [] : [path];
  return [
    ...wrong,
    ...Object.entries(value).flatMap(([key, item]) => orderOf(item, properties[key], `${path}/${key}`)),
  ];
}

function backwards(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(backwards);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, backwards(item)]),
  );
}

/** All keywords that a schema uses, at any depth. */
function wordsOf(node: Node): string[] {
  const below = [...Object.values(node.properties ?? {}), ...(node.items ? [node.items] : []), ...(node.anyOf ?? [])];
  return [...Object.keys(node), ...below.flatMap(wordsOf)];
}
