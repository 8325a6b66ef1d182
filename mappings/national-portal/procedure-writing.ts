import { parseTerm } from '#core/catalogue/fees-and-terms';
import type { Service } from '#schemas/service.upsert.v1';
import { CODES, codeOf } from './codes.ts';
import { CHANNEL, COMPONENT, FORM, PROCEDURE, SERVICE_FEE, TERM } from './fields.ts';
import { type WireObject, writeFields } from './writing.ts';

type Case = NonNullable<Service['cases']>[number];
type Component = NonNullable<Case['components']>[number];
type Term = NonNullable<NonNullable<Service['channels']>[number]['terms']>[number];

/**
 * Writes a service in the form of `LayThuTuc`, the reverse of readProcedure: every value a text, every list present.
 */
export function writeProcedure(service: Service): WireObject {
  return {
    ...writeFields(CODES, PROCEDURE, { ...service, fields: fieldsOf(service) }),
    ID: service.code,
    TRANGTHAI: service.inForce ? '1' : '0',
    CAPTHUCHIEN: writeLevels(service),
    DOITUONGTHUCHIEN: (service.audience ?? []).map((name) => ({ TENDOITUONG: name })),
    TRINHTUTHUCHIEN: (service.cases ?? []).filter((one) => one.steps).map(writeSteps),
    CACHTHUCTHUCHIEN: (service.channels ?? []).map((channel) => ({
      ...writeFields(CODES, CHANNEL, channel),
      THOIGIAN: (channel.terms ?? []).map(writeTerm),
    })),
    THANHPHANHOSO: (service.cases ?? []).filter((one) => one.components || !one.steps).map(writePapers),
  };
}

/** The primary field comes first. It may be the only known one. */
function fieldsOf({ fields = [], fieldCode, fieldName }: Service): readonly { code: string; name: string }[] {
  if (fieldCode === undefined) return fields;
  const primary = fields.find((field) => field.code === fieldCode) ?? { code: fieldCode, name: fieldName ?? '' };
  return [primary, ...fields.filter((field) => field.code !== fieldCode)];
}

/** Levels and places of reception share the entries of one list, although they are unrelated here. */
function writeLevels({ levels = [], receivedAt = [] }: Service): readonly WireObject[] {
  return Array.from({ length: Math.max(levels.length, receivedAt.length) }, (_, at) => ({
    CAPTHUCHIEN: levels[at] === undefined ? '' : (codeOf(CODES, 'level', levels[at]) ?? ''),
    MOTACOQUANTHUCHIEN: '',
    DIACHITIEPNHAN: receivedAt[at] ?? '',
  }));
}

function writeSteps({ name, steps = [] }: Case): WireObject {
  return { TRUONGHOP: name ?? '', TRINHTU: steps.map((step) => ({ TENTRINHTU: step })) };
}

function writePapers({ name, components = [] }: Case): WireObject {
  return { TRUONGHOP: name ?? '', GIAYTO: components.flatMap(writeComponent) };
}

/** A paper with several forms has one entry per form. */
function writeComponent(component: Component): readonly WireObject[] {
  const forms = component.forms?.length ? component.forms : [{}];
  return forms.map((form) => ({ ...writeFields(CODES, COMPONENT, component), ...writeFields(CODES, FORM, form) }));
}

function writeTerm(term: Term): WireObject {
  const [amount, unit] = partsOf(term);
  return {
    THOIGIANGIAIQUYET: amount,
    DONVITINH: unit,
    ...writeFields(CODES, TERM, term),
    PHILEPHI: (term.fees ?? []).map((fee) => {
      const written = writeFields(CODES, SERVICE_FEE, fee);
      return fee.amountVnd === null ? { ...written, SOTIEN: fee.text ?? '' } : written;
    }),
  };
}

/** Amount and unit as the source wrote them, if its text can be split again. Otherwise its text. */
function partsOf({ amount, unit, text }: Term): readonly [string, string] {
  if (text !== undefined) {
    const blank = text.indexOf(' ');
    const parts = [text.slice(0, blank), text.slice(blank + 1)] as const;
    const parsed = parseTerm(...parts);
    return blank > 0 && parsed.amount === amount && parsed.unit === unit && unit ? parts : [text, ''];
  }
  return [amount === undefined ? '' : String(amount), unit === undefined ? '' : UNIT_LABELS[unit]];
}

const UNIT_LABELS = { 'working-day': 'Ngày làm việc', day: 'Ngày', hour: 'Giờ', month: 'Tháng' } as const;
