import { describe, expect, test } from 'vitest';
import { type Route, recipients, subjectOfEntry } from './route.ts';

const route = (over: Partial<Route> = {}): Route => ({
  from: 'one-stop',
  operation: 'dossier.upsert.v1',
  to: ['national-portal'],
  ...over,
});
const birth = { serviceCode: '1.001193.000.00.00.H60', fieldCode: 'G15-HT01' };
const to = (routes: readonly Route[], subject: Parameters<typeof recipients>[3] = birth): readonly string[] =>
  recipients(routes, 'one-stop', 'dossier.upsert.v1', subject);

describe('a record goes to the parties that the routes of its sender and operation name', () => {
  test('to all of them, in the order of the routes', () => {
    expect(to([route(), route({ to: ['civil-status', 'land'] })])).toEqual(['national-portal', 'civil-status', 'land']);
  });

  test('not by the routes of another party or another operation', () => {
    expect(to([route({ from: 'other' }), route({ operation: 'dossier.progress.v1' })])).toEqual([]);
    expect(to([])).toEqual([]);
  });

  test('to each once, however many routes name it', () => {
    expect(to([route({ to: ['a', 'b', 'a'] }), route({ to: ['b', 'c'] }), route({ to: ['a'] })])).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  test('never back to its sender', () => {
    expect(to([route({ to: ['one-stop', 'national-portal'] })])).toEqual(['national-portal']);
  });
});

describe('a route can be for some services or fields only', () => {
  test.each([
    ['1.001193', '1.001193.000.00.00.H60'],
    ['1.001193.000.00.00.H60', '1.001193'],
    ['1.001193.H22', '1.001193.000.00.00.H60'],
  ])('a service named %s is the one with code %s', (named, serviceCode) => {
    expect(to([route({ services: [named] })], { serviceCode })).toEqual(['national-portal']);
  });

  test('other services do not follow it', () => {
    expect(to([route({ services: ['1.000656', '1.000894'] })])).toEqual([]);
    expect(to([route({ services: [] })])).toEqual([]);
  });

  test('by field, exactly', () => {
    expect(to([route({ fields: ['G10-DD01', 'G15-HT01'] })])).toEqual(['national-portal']);
    expect(to([route({ fields: ['G15-HT'] })])).toEqual([]);
  });

  test('by service or field: one of them is enough', () => {
    expect(to([route({ services: ['1.000656'], fields: ['G15-HT01'] })])).toEqual(['national-portal']);
    expect(to([route({ services: ['1.001193'], fields: ['G10-DD01'] })])).toEqual(['national-portal']);
    expect(to([route({ services: ['1.000656'], fields: ['G10-DD01'] })])).toEqual([]);
  });

  test('records without service and field, such as agencies, need a route without filters', () => {
    expect(to([route({ services: ['1.001193'], fields: ['G15-HT01'] })], {})).toEqual([]);
    expect(to([route()], {})).toEqual(['national-portal']);
  });

  test('a catalogue entry of a service follows the routes of its code, that of an agency has no code', () => {
    const record = { code: '1.001193', name: 'Thủ tục thử nghiệm', inForce: true };
    const subjectOf = (operation: 'service.upsert.v1' | 'agency.upsert.v1') =>
      subjectOfEntry({ operation, record: record as never });
    expect(to([route({ services: ['1.001193'] })], subjectOf('service.upsert.v1'))).toEqual(['national-portal']);
    expect(to([route({ services: ['1.001193'] })], subjectOf('agency.upsert.v1'))).toEqual([]);
  });
});

describe('a route can be for a share of the dossiers', () => {
  const codes = Array.from({ length: 10_000 }, (_, n) => `H60.01-250812-${String(n).padStart(4, '0')}`);
  const told = (from: number, upTo: number): readonly string[] =>
    codes.filter((code) => to([route({ share: { from, to: upTo } })], { ...birth, code }).length > 0);

  test('takes about its share of a hundred, always the same ones', () => {
    const tenth = told(0, 10);
    expect(tenth.length).toBeGreaterThan(900);
    expect(tenth.length).toBeLessThan(1_100);
    expect(told(0, 10)).toEqual(tenth);
    expect(told(0, 25)).toEqual(expect.arrayContaining([...tenth]));
  });

  test('two shares split all dossiers, and an empty share takes none', () => {
    expect([...told(0, 30), ...told(30, 100)].sort()).toEqual([...codes].sort());
    expect(told(0, 100)).toEqual(codes);
  });

  test('combines with services and fields', () => {
    const shared = route({ services: ['1.000656'], share: { from: 0, to: 100 } });
    expect(to([shared], { ...birth, code: codes[0] as string })).toEqual([]);
  });

  test('shares apply only to dossiers', () => {
    expect(to([route({ share: { from: 0, to: 1 } })], { serviceCode: '1.001193' })).toEqual(['national-portal']);
  });
});
