import type { Agency } from '#schemas/agency.upsert.v1';
import type { Field } from '#schemas/field.upsert.v1';
import type { Service } from '#schemas/service.upsert.v1';
import { searchWords } from '../vietnamese/search-words.ts';

export type CatalogueRecord = Service | Agency | Field;

/** The facts by which a catalogue entry is found. */
export interface CatalogueFacts {
  readonly inForce: boolean;
  readonly fieldCode: string | undefined;
  readonly levels: readonly string[];
  readonly audiences: readonly string[];
  /** Codes of the agencies that carry a service out. */
  readonly agencies: readonly string[];
  /** See searchWords. */
  readonly words: string;
}

export function catalogueFacts(record: CatalogueRecord): CatalogueFacts {
  return {
    inForce: record.inForce,
    fieldCode: 'fieldCode' in record ? record.fieldCode : undefined,
    levels: levelsOf(record),
    audiences: 'audience' in record ? (record.audience ?? []) : [],
    agencies: agenciesOf(record),
    words: searchWords([record.code], [record.name]),
  };
}

export function levelsOf(record: CatalogueRecord): readonly string[] {
  if ('levels' in record) return record.levels ?? [];
  return 'level' in record && record.level ? [record.level] : [];
}

export function agenciesOf(record: CatalogueRecord): readonly string[] {
  if (!('agencies' in record)) return [];
  return (record.agencies ?? []).flatMap((agency) => (agency.code ? [agency.code] : []));
}
