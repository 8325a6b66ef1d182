import { describe, expect, test } from 'vitest';
import { type Route, recipients } from './route.ts';

const route = (over: Partial<Route> = {}): Route => ({
  from: 'one-stop',
  operation: 'dossier.upsert.v1',
  to: ['national-portal'],
  ...over,
});
const birth = { serviceCode: '1.001193.000.00.00.H60', fieldCode: 'G15-HT01' };
const to = (routes: readonly Route[], subject: Parameters<typeof recipients>[3] = birth): readonly string[] =>
  recipients(routes, 'one-stop', 'dossier.upsert.v1', subject);

describe('something goes to the parties that the routes of its sender and operation name', () => {
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

  test('never back to where it came from', () => {
    expect(to([route({ to: ['one-stop', 'national-portal'] })])).toEqual(['national-portal']);
  });
});

describe('a route can be for some services or fields only', () => {
  test.each([
    ['1.001193', '1.001193.000.00.00.H60'],
    ['1.001193.000.00.00.H60', '1.001193'],
    ['1.001193.H22', '1.001193.000.00.00.H60'],
  ])('a service named %s is the one of code %s', (named, serviceCode) => {
    expect(to([route({ services: [named] })], { serviceCode })).toEqual(['national-portal']);
  });

  test('other services do not go that way', () => {
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

  test('what has no service and no field, such as an agency, goes only by routes for everything', () => {
    expect(to([route({ services: ['1.001193'], fields: ['G15-HT01'] })], {})).toEqual([]);
    expect(to([route()], {})).toEqual(['national-portal']);
  });
});
