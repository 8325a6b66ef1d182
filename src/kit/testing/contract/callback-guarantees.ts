import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Item } from '#core/dossier/item';
import { problem } from '#core/problem';
import { sentenceOf } from '#messages/render';
import { callbacksOf } from '../../adapter.ts';
import type { Callback, CallbackResult, StoringCallback } from '../../callback.ts';
import type { TestConnection } from '../test-connection.ts';
import { type HttpText, parseHttpText } from './http-text.ts';
import { secretsIn } from './message-guarantees.ts';
import type { Subject, Vitest } from './subject.ts';

/** Values that replace each member of a body. */
const HOSTILE: readonly unknown[] = [
  null,
  true,
  '',
  ' ',
  -1,
  2.5,
  1e308,
  [],
  [[]],
  {},
  '\u0000',
  'Nguyá»…n VÄ\u0083n',
  '9'.repeat(100_000),
  'constructor',
  '__proto__',
  JSON.parse('{"__proto__":{"status":"returned"}}'),
];
const BODIES = ['', ' ', '{', '[]', '0', '"x"', 'null', '<a/>', `${'['.repeat(50_000)}`, '\u0000', '\ufeff{}'];
const NOT_UTF8 = Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]);

/** Declares the guarantees of a callback: it trusts no sender, survives every body, and always answers. */
export function callbackGuarantees(subject: Subject, name: string, { describe, test, expect }: Vitest): void {
  const withParty = <T>(use: (connection: TestConnection, callback: Callback<unknown>) => T): T => {
    const connection = subject.connect('http://127.0.0.1:9', {});
    try {
      return use(connection, callbacksOf(subject.adapter, connection.settings)[name] as Callback<unknown>);
    } finally {
      connection.close();
    }
  };

  describe(`called back with ${name}`, () => {
    test('a request without a signature, or with that of another body, is refused without a secret', () => {
      withParty(({ settings, now }, callback) => {
        expect(callback.isOn?.(settings) ?? true).toBe(true);
        const [signed] = requestsOf(subject, name);
        for (const changed of tampered(signed?.body ?? ''))
          for (const headers of [{}, { authorization: 'Bearer x' }, altered(signed?.headers ?? {})]) {
            const request = { headers: new Headers(headers), body: Buffer.from(changed), nowMs: now() };
            const why = sentenceOf(callback.check(request, settings) ?? '').message;
            expect(why).toMatch(/./);
            expect(secretsIn(settings).filter((secret) => why.includes(secret))).toEqual([]);
          }
      });
    });

    test.skipIf(withParty((_, { answer }) => answer))('no body makes it fail, and each always reads the same', () => {
      withParty(({ settings, codes }, callback) => {
        const { read } = callback as StoringCallback<unknown>;
        for (const body of [...BODIES.map((text) => Buffer.from(text)), NOT_UTF8, ...variants(subject, name)]) {
          const items = read(body, settings, codes);
          expect(read(Buffer.from(body), settings, codes)).toEqual(items);
          expect(tooLongIn(items)).toEqual([]);
        }
        for (const body of ['', '{', 'null', NOT_UTF8])
          expect(read(Buffer.from(body), settings, codes)).toMatchObject([{ kind: 'invalid' }]);
      });
    });

    test('it has an answer for every result', () => {
      withParty(({ settings }, callback) => {
        const problems = [problem('/x', 'no-holder')];
        const stored: readonly CallbackResult[] = [
          { kind: 'held', status: 200, problems: [], receipt: 'r' },
          { kind: 'invalid', status: 422, problems, receipt: 'r' },
        ];
        const results: readonly CallbackResult[] = [
          ...(callback.answer ? [] : stored),
          ...[400, 401, 413, 415, 500, 503].map((status) => ({ kind: 'refused' as const, status, problems })),
        ];
        const answers = results.map((result) => callback.reply(result, settings));
        for (const { status } of answers) expect(status).toBeGreaterThanOrEqual(200);
        const [held, ...others] = answers.map((answer) => JSON.stringify(answer));
        expect(others).not.toContain(held);
      });
    });
  });
}

/** The requests in the cases of the adapter's folder. */
function requestsOf({ folder }: Subject, name: string): readonly HttpText[] {
  const dir = join(folder, 'fixtures', 'cases');
  const cases = existsSync(dir) ? readdirSync(dir).sort() : [];
  const read = (one: string, file: string): string => readFileSync(join(dir, one, file), 'utf8');
  return cases
    .filter((one) => JSON.parse(read(one, 'message.json')).callback === name)
    .flatMap((one) => parseHttpText(read(one, 'request.http')));
}

/** The body with each of its members changed in turn: the signature may be one of them. */
function tampered(text: string): readonly string[] {
  const given = objectIn(text);
  if (!given) return [`${text} `];
  return Object.keys(given).map((member) => JSON.stringify({ ...given, [member]: `${given[member]}7` }));
}

/** The JSON bodies of the cases, each with one hostile member or an additional one; in a sample, with one value in five. */
function variants(subject: Subject, name: string): readonly Buffer[] {
  return requestsOf(subject, name).flatMap(({ body }) => {
    const given = objectIn(body);
    if (!given) return [];
    const members = [...Object.keys(given), 'another'];
    return members.flatMap((member, at) =>
      HOSTILE.filter((_, n) => subject.part !== 'sample' || (n + at) % 5 === 0).map((value) =>
        Buffer.from(JSON.stringify({ ...given, [member]: value })),
      ),
    );
  });
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Keys that the hub looks up must be short. */
function tooLongIn(items: readonly Item[]): readonly string[] {
  const keys = items.flatMap((item) => (item.kind === 'waiting' ? [item.cause.key, item.code ?? ''] : []));
  return keys.filter((key) => key.length > 200 || key.includes('\u0000'));
}

/** The sent headers, each with its last character replaced. */
function altered(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([header, value]) => [header, value.replace(/.$/, '~')]));
}
