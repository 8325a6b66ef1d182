import { parseTerm } from '#core/catalogue/fees-and-terms';
import type { Item } from '#core/dossier/item';
import { CODES, type Codes } from './codes.ts';
import { CHANNEL, COMPONENT, FORM, PROCEDURE, SERVICE_FEE, TERM } from './fields.ts';
import { finishReading, notAnObject } from './finish.ts';
import { type Entry, entriesOf, readFields } from './reading.ts';
import { type Raw, type Reading, startReading } from './reading-notes.ts';
import { isAbsent, isObject, readCode, readText } from './values.ts';

type Fields = Record<string, unknown>;

/** A service may have longer lists than a dossier. */
const LONGEST_LIST = 2_000;

/**
 * Reads `result[0]` of `LayThuTuc` as a service of the catalogue (domain 2.6). Lists may be absent, null or a single
 * object.
 *
 * A procedure is in force if its `TRANGTHAI` is 1. Without `TRANGTHAI` it counts as in force, as in OpenCPS, because
 * the portal returns published procedures.
 */
export function readProcedure(raw: unknown, { codes = CODES }: { readonly codes?: Codes } = {}): Item {
  if (!isObject(raw)) return notAnObject(raw, 'procedure');
  const reading = startReading(codes, LONGEST_LIST);
  const record = readFields(reading, PROCEDURE, raw, '', '');
  readPrimaryField(reading, record, raw);
  const more = {
    inForce: readInForce(reading, raw),
    levels: readLevels(reading, raw),
    receivedAt: texts(reading, raw, 'CAPTHUCHIEN', 'DIACHITIEPNHAN'),
    audience: texts(reading, raw, 'DOITUONGTHUCHIEN', 'TENDOITUONG'),
    channels: readChannels(reading, raw),
    cases: readCases(reading, raw),
  };
  return finishReading(reading, 'service.upsert.v1', { ...record, ...more });
}

/** Statistics count dossiers of the procedure under its first field. */
function readPrimaryField(reading: Reading, record: Fields, raw: Raw): void {
  const [first] = entriesOf(reading, raw, 'LINHVUCTHUCHIEN', '');
  const field = (record.fields as readonly Fields[] | undefined)?.[0];
  if (!first || !field) return;
  record.fieldCode = field.code;
  record.fieldName = field.name;
  reading.places.set('/fieldCode', { from: `${first.from}/MALINHVUC`, rules: [] });
  reading.places.set('/fieldName', { from: `${first.from}/TENLINHVUC`, rules: [] });
}

function readInForce(reading: Reading, raw: Raw): boolean {
  if (isAbsent(raw.TRANGTHAI)) return true;
  return readText(reading, raw.TRANGTHAI, '/TRANGTHAI')?.trim() === '1';
}

function readLevels(reading: Reading, raw: Raw): readonly unknown[] | undefined {
  const entries = entriesOf(reading, raw, 'CAPTHUCHIEN', '').filter(({ raw: entry }) => !isAbsent(entry.CAPTHUCHIEN));
  const levels = entries.map(({ raw: entry, from }) =>
    readCode(reading, 'level', entry.CAPTHUCHIEN, `${from}/CAPTHUCHIEN`),
  );
  return known([...new Set(levels)]);
}

function texts(reading: Reading, raw: Raw, list: string, field: string): readonly string[] | undefined {
  const entries = entriesOf(reading, raw, list, '').filter((entry) => !isAbsent(entry.raw[field]));
  const found = entries.map((entry) => readText(reading, entry.raw[field], `${entry.from}/${field}`)?.trim());
  return known([...new Set(found)]);
}

function known<T>(values: readonly (T | undefined)[]): readonly T[] | undefined {
  const some = values.filter((value) => value !== undefined);
  return some.length > 0 ? some : undefined;
}

function readChannels(reading: Reading, raw: Raw): readonly Fields[] | undefined {
  return known(
    entriesOf(reading, raw, 'CACHTHUCTHUCHIEN', '').map((entry, at) => {
      const to = `/channels/${at}`;
      const terms = entriesOf(reading, entry.raw, 'THOIGIAN', entry.from).map((term, index) =>
        readTerm(reading, term, `${to}/terms/${index}`),
      );
      return { ...readFields(reading, CHANNEL, entry.raw, entry.from, to), terms: known(terms) };
    }),
  );
}

function readTerm(reading: Reading, { raw, from }: Entry, to: string): Fields {
  const part = (field: string): string | undefined =>
    isAbsent(raw[field]) ? undefined : readText(reading, raw[field], `${from}/${field}`);
  const term = parseTerm(part('THOIGIANGIAIQUYET'), part('DONVITINH'));
  const fees = entriesOf(reading, raw, 'PHILEPHI', from).map((fee, at) => ({
    amountVnd: null,
    ...readFields(reading, SERVICE_FEE, fee.raw, fee.from, `${to}/fees/${at}`),
  }));
  return { ...readFields(reading, TERM, raw, from, to), ...term, fees: known(fees) };
}

/** Steps and papers come in two lists. Entries with the same name (`TRUONGHOP`) form one case. */
function readCases(reading: Reading, raw: Raw): readonly Fields[] | undefined {
  const cases = new Map<string, Case>();
  const caseOf = (entry: Entry): Case => {
    const name = isAbsent(entry.raw.TRUONGHOP)
      ? ''
      : (readText(reading, entry.raw.TRUONGHOP, `${entry.from}/TRUONGHOP`)?.trim() ?? '');
    const key = name.normalize('NFC').toLowerCase();
    const one = cases.get(key) ?? { at: cases.size, found: name ? { name } : {}, papers: new Map() };
    cases.set(key, one);
    return one;
  };
  for (const entry of entriesOf(reading, raw, 'TRINHTUTHUCHIEN', '')) {
    const { found } = caseOf(entry);
    const steps = entriesOf(reading, entry.raw, 'TRINHTU', entry.from).map((step) =>
      isAbsent(step.raw.TENTRINHTU) ? undefined : readText(reading, step.raw.TENTRINHTU, `${step.from}/TENTRINHTU`),
    );
    for (const step of known(steps) ?? []) {
      found.steps ??= [];
      (found.steps as string[]).push(step);
    }
  }
  for (const entry of entriesOf(reading, raw, 'THANHPHANHOSO', '')) {
    addComponents(reading, caseOf(entry), entriesOf(reading, entry.raw, 'GIAYTO', entry.from));
  }
  return known([...cases.values()].map(({ found }) => found));
}

interface Case {
  readonly at: number;
  readonly found: Fields;
  /** The position of each paper among the components, by its code, with its known forms. */
  readonly papers: Map<string, { readonly at: number; readonly forms: Set<string> }>;
}

/** The portal repeats a paper for each of its forms. The same code means the same paper. */
function addComponents(reading: Reading, { at: place, found, papers }: Case, entries: readonly Entry[]): void {
  const to = `/cases/${place}/components`;
  const components = (found.components as Fields[] | undefined) ?? [];
  for (const { raw, from } of entries) {
    const component = readFields(reading, COMPONENT, raw, from, `${to}/${components.length}`);
    const code = component.code === undefined ? undefined : String(component.code).trim();
    const seen = code === undefined ? undefined : papers.get(code);
    const { at, forms } = seen ?? { at: components.length, forms: new Set<string>() };
    if (!seen) components.push(component);
    if (code !== undefined) papers.set(code, { at, forms });
    const form = readFields(reading, FORM, raw, from, `${to}/${at}/forms/${forms.size}`);
    const key = JSON.stringify([form.name, form.url]);
    if (Object.keys(form).length === 0 || forms.has(key)) continue;
    forms.add(key);
    const paper = components[at] as { forms?: Fields[] };
    paper.forms ??= [];
    paper.forms.push(form);
  }
  if (components.length > 0) found.components = components;
}

/** The procedure's names and codes that a dossier needs, in the portal's words. */
export interface ServiceFacts {
  readonly code: string;
  readonly name: string;
  readonly fieldCode: string;
  readonly fieldName: string;
}

/** The same from `result[0]` of `LayThuTuc`, despite other errors in it. Undefined if incomplete. */
export function readServiceFacts(raw: unknown): ServiceFacts | undefined {
  if (!isObject(raw)) return undefined;
  const reading = startReading(CODES, LONGEST_LIST);
  const { code, name, fields } = readFields(reading, PROCEDURE, raw, '', '');
  const field = (fields as readonly Fields[] | undefined)?.[0];
  const facts = [code, name, field?.code, field?.name].map((text) => (typeof text === 'string' ? text.trim() : ''));
  if (facts.includes('')) return undefined;
  const [serviceCode, serviceName, fieldCode, fieldName] = facts as [string, string, string, string];
  return { code: serviceCode, name: serviceName, fieldCode, fieldName };
}
