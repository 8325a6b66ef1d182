import { cleanCode } from '#core/identifiers';
import { writeAgency, writeField, writeListed } from '#mappings/national-portal/dictionaries';
import { writeDossier } from '#mappings/national-portal/dossier-writing';
import { writeProcedure } from '#mappings/national-portal/procedure-writing';
import { writeProgress } from '#mappings/national-portal/progress';
import type { Agency } from '#schemas/agency.upsert.v1';
import type { Field } from '#schemas/field.upsert.v1';
import type { Service } from '#schemas/service.upsert.v1';
import type { CatalogueReader, ServedEntry } from '../../../catalogue/read.ts';
import type { KeyEntry } from '../../../config.ts';
import type { IndexReader } from '../../../index/read.ts';
import type { Originals } from '../../../steps/originals.ts';
import { requireScopes } from '../../auth.ts';
import { Refusal } from '../../problem.ts';
import { argumentOf, type Call, DIALECT } from './items.ts';

export interface QuestionMeans {
  readonly index: IndexReader;
  readonly catalogue: CatalogueReader;
  readonly originals: Originals;
}

type Question = (means: QuestionMeans, given: Call, key: KeyEntry) => Promise<readonly unknown[]>;

/** The services that ask for what the hub holds; each answers the entries of `result`. */
export const QUESTIONS: Readonly<Record<string, Question>> = {
  TraCuuHoSo: lookUp,
  LayDanhSachTTHC: async (means) => (await all(means, 'service')).map(({ record }) => writeListed(record as Service)),
  LayThuTuc: procedure,
  LayDanhMucCoQuan: async (means) => (await all(means, 'agency')).map(({ record }) => writeAgency(record as Agency)),
  LayDanhMucLinhVuc: async (means) => (await all(means, 'field')).map(({ record }) => writeField(record as Field)),
};

/** Who may tell of a party's dossiers sees them in full, as it told them; of others it learns nothing. */
async function lookUp(means: QuestionMeans, given: Call, key: KeyEntry): Promise<readonly unknown[]> {
  requireScopes(key, 'dossier:write');
  const code = cleanCode(argumentOf(given, 'mahoso', 'MaHoSo'));
  if (code === '') throw new Refusal('bad-request', 'mahoso is missing, expected a dossier code');
  const whole = await means.index.whole(code);
  if (!whole || whole.owner !== key.party) return [];
  const { record } = whole;
  const service = (await means.catalogue.one('service', record.serviceCode))?.record as Service | undefined;
  const agency = (await means.catalogue.one('agency', record.agencyCode))?.record as Agency | undefined;
  const steps = await means.index.steps(record.code);
  const original = await means.originals.last(DIALECT, record.code);
  const facts = { ...(service && { service }), ...(agency && { agency }), ...(original && { original }) };
  const item = writeDossier(record, { code: record.code, ...facts });
  return [{ ...item, TienDoXuLy: steps.map((step) => writeProgress(step, { code: record.code })) }];
}

async function procedure(means: QuestionMeans, given: Call): Promise<readonly unknown[]> {
  const code = cleanCode(argumentOf(given, 'maTTHC', 'MaTTHC'));
  if (code === '') throw new Refusal('bad-request', 'maTTHC is missing, expected a procedure code');
  const entry = await means.catalogue.one('service', code);
  return entry ? [writeProcedure(entry.record as Service)] : [];
}

async function all(
  { catalogue }: QuestionMeans,
  kind: 'service' | 'agency' | 'field',
): Promise<readonly ServedEntry[]> {
  const found: ServedEntry[] = [];
  for (;;) {
    const page = await catalogue.list(kind, { inForce: true }, 500, found.at(-1)?.key);
    found.push(...page);
    if (page.length < 500) return found;
  }
}
