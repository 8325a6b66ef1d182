import { describe, expect, test } from 'vitest';
import { createKeyOf, entryId, idOf } from './ids.ts';

const PROVINCE = { code: 'H60' };

describe('identifiers of HSDS', () => {
  // By Python: uuid.uuid5(uuid.NAMESPACE_URL, 'urn:lienthong:hsds:service/H60/1.013225')
  test('are UUIDs of version 5 that anybody can make of the code', () => {
    expect(entryId('service', '1.013225', PROVINCE)).toBe('c63702e4-fc76-5776-84d5-52e779173162');
    expect(entryId('agency', 'H60.07', PROVINCE)).toBe('d72fb8e7-4001-5ec4-8f86-c03d19b8b604');
    expect(idOf('agency-name', 'Ủy ban')).toBe('72f76d98-59f2-52bf-9e2d-7816d10a857b');
  });

  test('of a procedure differ by province, of agencies and fields do not', () => {
    const elsewhere = { code: 'H22' };
    expect(entryId('service', '1.013225', elsewhere)).not.toBe(entryId('service', '1.013225', PROVINCE));
    expect(entryId('service', '1.013225', undefined)).not.toBe(entryId('service', '1.013225', PROVINCE));
    for (const kind of ['agency', 'field'] as const)
      expect(entryId(kind, 'X', elsewhere)).toBe(entryId(kind, 'X', undefined));
  });

  test('no part of a name runs into the next', () => {
    expect(idOf('a/b', 'c')).not.toBe(idOf('a', 'b/c'));
  });

  test('lead to their entry, to one that has come since as well, and ask only for what is not known', async () => {
    const keys = ['1.000001'];
    let asked = 0;
    const keyOf = createKeyOf(async (_, known) => {
      asked++;
      const asOf = keys.join(' ');
      return known === asOf ? undefined : { asOf, keys: [...keys] };
    }, PROVINCE);
    const [first, second] = ['1.000001', '1.000002'].map((key) => entryId('service', key, PROVINCE)) as [
      string,
      string,
    ];
    expect([await keyOf('service', first), await keyOf('service', first.toUpperCase()), asked]).toEqual([
      keys[0],
      keys[0],
      1,
    ]);
    expect([await keyOf('service', second), await keyOf('agency', first)]).toEqual([undefined, undefined]);
    keys.push('1.000002');
    expect(await keyOf('service', second)).toBe('1.000002');
    // A backup was put back, and just as many have come since.
    keys.splice(1, 1, '1.000003');
    expect(await keyOf('service', entryId('service', '1.000003', PROVINCE))).toBe('1.000003');
  });
});
