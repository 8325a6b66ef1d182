import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readRecord } from '#core/dossier/record';
import { serviceKey } from '#core/identifiers/identifiers';
import type { Operation, Records } from '#schemas/operations';
import civilStatus from '../../adapters/civil-status/tables.json' with { type: 'json' };

const services = seed('services', 'service.upsert.v1');
const agencies = seed('agencies', 'agency.upsert.v1');
const fields = seed('fields', 'field.upsert.v1');
const agencyCodes = new Set(agencies.map((agency) => agency.code));
const fieldCodes = new Set(fields.map((field) => field.code));

describe('the seed catalogue', () => {
  test.each([
    ['service.upsert.v1', services],
    ['agency.upsert.v1', agencies],
    ['field.upsert.v1', fields],
  ] as const)('has canonical records only: %s', (operation, records) => {
    for (const record of records) {
      expect(readRecord(operation, record), record.code).toEqual({ kind: 'record', record, warnings: [] });
      const again = readRecord(operation, record);
      expect(again.kind === 'record' && JSON.stringify(again.record)).toBe(JSON.stringify(record));
    }
  });

  test('names nothing twice: the short and the long form of a procedure code are one service', () => {
    expect(repeated(services.map((service) => serviceKey(service.code)))).toEqual([]);
    expect(repeated(agencies.map((agency) => agency.code))).toEqual([]);
    expect(repeated(fields.map((field) => field.code))).toEqual([]);
    expect(repeated(services.map((service) => service.name))).toEqual([]);
    expect(repeated(fields.map((field) => field.name))).toEqual([]);
  });

  test('has no dangling references', () => {
    for (const { code, fieldCode, fields: more = [], agencies: by = [] } of services) {
      for (const field of [fieldCode, ...more.map((each) => each.code)])
        if (field) expect(fieldCodes, code).toContain(field);
      for (const agency of by) if (agency.code) expect(agencyCodes, code).toContain(agency.code);
    }
    for (const { code, parentCode } of agencies) if (parentCode) expect(agencyCodes, code).toContain(parentCode);
  });

  test('a service agrees with its field about the field', () => {
    const names = new Map(fields.map((field) => [field.code, field.name]));
    for (const { code, fieldCode, fieldName } of services)
      if (fieldCode) expect(fieldName, code).toBe(names.get(fieldCode));
  });

  test('has services of many fields and ministries, codes of both forms, and all kinds of service', () => {
    const used = services.flatMap((service) => service.fieldCode ?? []);
    expect(services.length).toBeGreaterThanOrEqual(60);
    expect(new Set(used).size).toBeGreaterThanOrEqual(8);
    expect(new Set(used.map((code) => code.slice(0, 3))).size).toBeGreaterThanOrEqual(6);
    expect(services.filter((service) => service.code.length > 8).length).toBeGreaterThan(20);
    expect(services.filter((service) => service.code.length === 8).length).toBeGreaterThan(20);
    for (const level of ['information', 'partial', 'full'])
      expect(services.filter((service) => service.onlineLevel === level).length, level).toBeGreaterThan(5);
    expect(services.filter((service) => (service.cases?.length ?? 0) > 1).length).toBeGreaterThan(8);
    expect(new Set(services.flatMap((service) => service.levels ?? []))).toContain('commune');
    expect(services.filter((service) => !service.inForce)).toHaveLength(2);
  });

  test('has known, zero and unknown fees, and terms in numbers and in words', () => {
    const terms = services.flatMap((service) => service.channels ?? []).flatMap((channel) => channel.terms ?? []);
    const fees = terms.flatMap((term) => term.fees ?? []);
    expect(fees.some((fee) => fee.amountVnd === 0)).toBe(true);
    expect(fees.some((fee) => fee.amountVnd === null && fee.text)).toBe(true);
    expect(terms.some((term) => (term.fees?.length ?? 0) > 1)).toBe(true);
    expect(new Set(terms.map((term) => term.unit))).toEqual(
      new Set(['working-day', 'day', 'month', undefined] satisfies (string | undefined)[]),
    );
    const results = services.flatMap((service) => service.results ?? []);
    expect(results.every((result) => /^KQ\.[A-Z]\d{2}\.\d{6}$/.test(result.code ?? ''))).toBe(true);
  });

  test('each part that index 766 requires (item 1.3, a–g) is missing in few places, and present in most', () => {
    const lacking = services.filter((service) => missingParts(service).length > 0);
    expect(new Set(lacking.flatMap(missingParts))).toEqual(new Set(['a', 'b', 'c', 'd', 'e', 'f', 'g']));
    expect(lacking.length / services.length).toBeGreaterThan(0.05);
    expect(lacking.length / services.length).toBeLessThan(0.15);
  });

  test('has the 124 communes and wards of the province, its departments, and abolished bodies', () => {
    const communes = agencies.filter((agency) => agency.level === 'commune' && agency.inForce);
    expect(communes).toHaveLength(124);
    expect(communes.every((agency) => agency.parentCode === 'H60' && agency.code.startsWith('H60.'))).toBe(true);
    expect(repeated(communes.map((agency) => agency.name))).toEqual([]);
    expect(communes.filter((agency) => agency.name.startsWith('Ủy ban nhân dân phường '))).toHaveLength(7);
    const departments = agencies.filter((agency) => agency.level === 'province' && agency.parentCode === 'H60');
    expect(departments.length).toBeGreaterThanOrEqual(14);
    expect(agencies.find((agency) => agency.code === 'H60')).toMatchObject({ level: 'province', inForce: true });
    const past = agencies.filter((agency) => !agency.inForce);
    expect(past.some((agency) => agency.code === '000.00.01.H22')).toBe(true);
    expect(agencies.filter((agency) => /H22|^\d/.test(agency.code)).every((agency) => !agency.inForce)).toBe(true);
    expect(past.some((agency) => agency.level === 'district')).toBe(true);
    expect(agencies.every((agency) => agency.inForce || agency.level)).toBe(true);
  });

  test('has the civil-status services by the codes of the civil-status adapter', () => {
    const keys = new Map(services.map((service) => [serviceKey(service.code), service]));
    for (const code of Object.keys(civilStatus.modules)) expect(keys.get(code)?.fieldCode, code).toBe('G15-HT01');
    for (const name of ['khai sinh', 'khai tử', 'kết hôn', 'tình trạng hôn nhân', 'bản sao Trích lục hộ tịch'])
      expect(services.filter((service) => service.inForce && service.name.includes(name)).length).toBeGreaterThan(0);
  });
});

/** The missing parts of a service's publication: the letters of index 766, item 1.3. */
function missingParts({ cases, channels, results, legalBases }: Records['service.upsert.v1']): string[] {
  const terms = channels?.flatMap((channel) => channel.terms ?? []);
  const parts = {
    a: cases?.some((each) => each.steps?.length),
    b: channels?.length,
    c: cases?.some((each) => each.components?.length),
    d: terms?.some((term) => term.amount !== undefined || term.text),
    e: terms?.some((term) => term.fees?.length),
    f: results?.length,
    g: legalBases?.length,
  };
  return Object.entries(parts).flatMap(([letter, there]) => (there ? [] : [letter]));
}

function seed<O extends Operation>(name: string, _: O): readonly Records[O][] {
  return JSON.parse(readFileSync(new URL(`../../fixtures/catalogue/${name}.json`, import.meta.url), 'utf8'));
}

function repeated(values: readonly string[]): readonly string[] {
  return values.filter((value, at) => values.indexOf(value) !== at);
}
