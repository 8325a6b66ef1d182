import { describe, expect, test } from 'vitest';
import type { Item } from '#core/dossier/item';
import { createKinds } from '#core/records/kinds';
import type { Database } from '../database/pool.ts';
import { ALL_KINDS } from '../kinds/all-kinds.ts';
import { createDice } from '../play/day/dice.ts';
import type { Recalled } from './recall.ts';
import { shareOut } from './share-out.ts';

const kinds = createKinds(ALL_KINDS, { dayMs: 1, after: (ms: number) => ms, between: () => 0 } as never);

/** @param pairs what the second index joins: aliases, records and their dossiers */
const indexWith = (...pairs: readonly (readonly [one: string, other: string])[]): Database => {
  const query = async ({ values: [names] }: { values: readonly [readonly string[]] }) => ({
    rows: pairs.filter(([one]) => names.includes(one)).map(([one, other]) => ({ one, other })),
  });
  return { pool: { query } } as never;
};

const upsert = (code: string, ...aliases: readonly string[]): Item => {
  const record = {
    code,
    ...(aliases.length > 0 && { aliases: aliases.map((alias) => ({ party: 'a', code: alias })) }),
  };
  return { kind: 'record', operation: 'dossier.upsert.v1', record, warnings: [] } as never;
};

const payment = (code: string, dossierCode?: string): Item =>
  ({ kind: 'record', operation: 'payment.upsert.v1', record: { code, dossierCode }, warnings: [] }) as never;

const NOT_APPLIED: Item = { kind: 'invalid', problems: [] };

const message = (id: string, ...items: readonly Item[]): Recalled =>
  ({ id, submission: { items }, expected: items.map(() => 'accepted'), unreadable: [] }) as never;

/** By lane: each applied item as `message:place`. */
const placesIn = (shares: readonly (readonly Recalled[])[]) =>
  shares.map((share) =>
    share.flatMap(({ id, submission, expected }) =>
      submission.items.flatMap((item, at) => {
        expect(expected[at] === undefined).toBe(item.kind === 'invalid');
        return item.kind === 'record' ? `${id}:${at}` : [];
      }),
    ),
  );

const sharesOf = async (recalled: readonly Recalled[], beside = indexWith(), lanes = 3) =>
  placesIn(await shareOut(beside, kinds, recalled, lanes));

describe('lanes of a rebuild', () => {
  test.each([1, 2, 3, 4, 5])(
    'each item is in one lane, beside what names the same code, in order (%i)',
    async (seed) => {
      const dice = createDice(seed);
      const code = (): string => `H60-${dice.whole(1, 400)}`;
      const recalled = Array.from({ length: 60 }, (_, n) =>
        message(
          String(100 + n),
          ...Array.from({ length: dice.whole(1, 12) }, () =>
            dice.next() < 0.05 ? upsert(code(), code()) : dice.next() < 0.2 ? payment(code(), code()) : upsert(code()),
          ),
        ),
      );
      const lanes = await sharesOf(recalled);
      const all = recalled.flatMap(({ id, submission }) => submission.items.map((_, at) => `${id}:${at}`));
      expect(lanes.flat().sort()).toEqual([...all].sort());
      const laneOf = new Map<string, number>();
      for (const { id, submission } of recalled)
        for (const [at, item] of submission.items.entries()) {
          const { record } = item as { record: { code: string; dossierCode?: string; aliases?: { code: string }[] } };
          const own = record.dossierCode === undefined ? record.code : `payment ${record.code}`;
          const lane = lanes.findIndex((places) => places.includes(`${id}:${at}`));
          for (const name of [own, record.dossierCode, ...(record.aliases ?? []).map((alias) => alias.code)]) {
            if (name === undefined) continue;
            expect(lane, `${name} in ${id}:${at}`).toBe(laneOf.get(name) ?? lane);
            laneOf.set(name, lane);
          }
        }
      for (const places of lanes) {
        const order = places.map((place) => all.indexOf(place));
        expect(order).toEqual([...order].sort((a, b) => a - b));
      }
    },
  );

  test('lanes get about as many items each', async () => {
    const lanes = await sharesOf([message('1', ...Array.from({ length: 99 }, (_, n) => upsert(`H60-${n}`)))]);
    expect(lanes.map(({ length }) => length)).toEqual([33, 33, 33]);
  });

  test('an alias, and the dossier of a known record, join what the items do not', async () => {
    const others = [upsert('H60-5'), upsert('H60-6')];
    const joined = [message('1', upsert('H60-1'), ...others), message('2', upsert('12')), message('3', payment('P1'))];
    const beside = indexWith(['payment P1', '12'], ['12', 'H60-1']);
    const lanes = await sharesOf(joined, beside);
    expect(lanes).toContainEqual(['1:0', '2:0', '3:0']);
    expect(
      await sharesOf([message('1', upsert('H60-1'), ...others), message('3', payment('P1'))], beside),
    ).toContainEqual(['1:0', '3:0']);
  });

  test('a message without anything to apply is in one lane', async () => {
    const shares = await shareOut(indexWith(), kinds, [message('1', NOT_APPLIED), message('2')], 3);
    expect(shares.map((share) => share.map(({ id }) => id))).toEqual([['1', '2'], [], []]);
  });
});
