import type { Kind } from '#core/records/kind';
import type { DossierFilter } from '../../index/dossier-filter.ts';
import type { IndexReader } from '../../index/read.ts';
import type { RecordFilter, RecordReader } from '../../index/record-list.ts';

/** A page of what is written: how many dossiers or records were read, and the records to write. */
export interface ExportPage {
  readonly dossiers: number;
  readonly records: readonly Record<string, unknown>[];
}

/** What an export writes, in the order of codes. */
export interface ExportSource {
  readonly total: number;
  readonly pages: AsyncIterable<ExportPage>;
}

const PAGE = 200;

/** Dossiers, or their steps. */
export async function dossierSource(
  index: IndexReader,
  filter: DossierFilter,
  personal: boolean,
  ofSteps: boolean,
): Promise<ExportSource> {
  return { total: await index.count(filter), pages: dossierPages(index, filter, personal, ofSteps) };
}

async function* dossierPages(
  index: IndexReader,
  filter: DossierFilter,
  personal: boolean,
  ofSteps: boolean,
): AsyncGenerator<ExportPage> {
  for (let after = ''; ; ) {
    const page = await index.inCodeOrder(filter, PAGE, after, personal);
    const records = ofSteps ? [] : page.map(({ json }) => withoutFreshness(JSON.parse(json)));
    yield { dossiers: page.length, records };
    // One history at a time, since each may be long.
    if (ofSteps) for (const { code } of page) yield { dossiers: 0, records: await index.steps(code) };
    const last = page.at(-1);
    if (!last || (!page.isCut && page.length < PAGE)) return;
    after = last.code;
  }
}

/** The records of a kind. */
export async function recordSource(
  reader: RecordReader,
  kind: Kind,
  filter: RecordFilter,
  personal: boolean,
): Promise<ExportSource> {
  return { total: await reader.count(kind, filter), pages: recordPages(reader, kind, filter, personal) };
}

async function* recordPages(
  reader: RecordReader,
  kind: Kind,
  filter: RecordFilter,
  personal: boolean,
): AsyncGenerator<ExportPage> {
  for (let after = ''; ; ) {
    const page = await reader.inCodeOrder(kind, filter, PAGE, after, personal);
    yield { dossiers: page.length, records: page.map(({ json }) => withoutFreshness(JSON.parse(json))) };
    const last = page.at(-1);
    if (!last || (!page.isCut && page.length < PAGE)) return;
    after = last.code;
  }
}

/** The freshness belongs to the hub's answer, not to the record. */
function withoutFreshness({ freshness: _, ...record }: Record<string, unknown>): Record<string, unknown> {
  return record;
}
