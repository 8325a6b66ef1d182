import Type from 'typebox';

/**
 * The pieces that the published schemas share. Every pattern is anchored and works on trimmed, upper-case text.
 * Sources of the identifier shapes: QCVN 102:2016/BTTTT, QĐ 20/2020/QĐ-TTg and codes seen in running systems.
 */

/** Dossier code, QCVN 102 era: `000.00.53.H48-220921-0099`. */
const DOSSIER_CODE_2016 = '[0-9]{3}\\.[0-9]{2}\\.[0-9]{2}\\.[A-Z][0-9]{2}-[0-9]{6}-[0-9]{4,7}';
/** Dossier code, QĐ 20/2020 era: `H60.01-250812-0035`, `G09.20-20260609-0092637`. */
const DOSSIER_CODE_2020 = '[A-Z][0-9]{2}(?:\\.[0-9]{1,3}){0,4}-(?:[0-9]{6}|[0-9]{8})-[0-9]{4,7}';
/** Dossier code of the social-insurance body: `03706/2026/07906`. */
const DOSSIER_CODE_BHXH = '[0-9]{1,6}/[0-9]{4}/[0-9]{5}';
export const DOSSIER_CODE = `^(?:${DOSSIER_CODE_2016}|${DOSSIER_CODE_2020}|${DOSSIER_CODE_BHXH})$`;
/** Agency code of either era: `000.00.01.H22` (right-most is the province), `H60.01` (left-most is the province). */
export const AGENCY_CODE = '^(?:[0-9]{3}\\.[0-9]{2}\\.[0-9]{2}\\.[A-Z][0-9]{2}|[A-Z][0-9]{2}(?:\\.[0-9]{1,3}){0,6})$';
/** Procedure code, short or long: `1.001612`, `1.012753.H19`, `1.001612.000.00.00.H48`. */
export const SERVICE_CODE = '^[1-3]\\.[0-9]{6}(?:\\.(?:[0-9]{3}\\.[0-9]{2}\\.[0-9]{2}\\.)?[A-Z][0-9]{2})?$';
export const FIELD_CODE = '^[A-Z][0-9]{2}-[A-Z]{1,3}[0-9]{2,3}$';
export const CCCD = '^[0-9]{12}$';
export const CMND = '^[0-9]{9}$';
export const TAX_CODE = '^[0-9]{10}(?:-[0-9]{3})?$';
export const PHONE = '^(?:\\+?84|0)[0-9]{9,10}$';

/** `clean` is an extra word of the schemas: how strings at this place are cleaned before they are checked. */
const text = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, description, clean: 'text' });

/** One line or some sentences of a person's or an office's text. Blank text counts as absent. */
export const Name = text(500, 'name, at most 500 characters');
export const Line = text(1_000, 'text, at most 1,000 characters');
export const Prose = text(20_000, 'text, at most 20,000 characters');
export const Id = text(200, 'identifier at its source, at most 200 characters');
export const Url = text(2_000, 'address, at most 2,000 characters');
/** A file that the sender pushed to the hub before. */
export const FileReference = Type.String({
  pattern: '^sha256:[0-9a-f]{64}$',
  maxLength: 71,
  description: 'reference of a pushed file, sha256: and 64 hexadecimal digits',
});

export const code = (pattern: string, description: string) =>
  Type.String({ pattern, maxLength: 64, description, clean: 'code' });

export const DossierCode = code(DOSSIER_CODE, 'dossier code such as H60.01-250812-0035, its date part a real date');
export const ServiceCode = code(SERVICE_CODE, 'procedure code such as 1.001612 or 1.001612.000.00.00.H48');
export const AgencyCode = code(AGENCY_CODE, 'agency code such as H60.01 or 000.00.01.H22');
export const FieldCode = code(FIELD_CODE, 'field code such as G03-GD10');
/** Any code another system gives: only its blanks and case are touched. */
export const AnyCode = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: '^[^\\s]+$',
  description: 'code of another system, without blanks, at most 100 characters',
  clean: 'code',
});

/** A moment: RFC 3339 with a zone, kept as Vietnam time (+07:00). */
export const Instant = Type.String({
  format: 'date-time',
  description: 'real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00',
  clean: 'instant',
});

/** Whole đồng; null means that the amount is not known, which is not 0. */
export const Vnd = Type.Union([Type.Integer({ minimum: 0, maximum: 1e15 }), Type.Null()], {
  description: 'whole number of đồng from 0 to 1,000,000,000,000,000, or null when not known',
});

/** An amount to be paid: whole đồng, at least 1. */
export const Amount = Type.Integer({
  minimum: 1,
  maximum: 1e15,
  description: 'whole number of đồng from 1 to 1,000,000,000,000,000',
});

/** A member that its record always has: where a sender leaves it out, it is that other member, or that value. */
export const whenAbsent = <T extends Type.TSchema>(
  schema: T,
  absent: { readonly member: string } | { readonly value: string },
): T => ({ ...schema, absent });

/** One value of a closed list. */
export const oneOf = <const T extends string[]>(values: readonly [...T]) => Type.Enum<T>(values);

export const closed = <P extends Type.TProperties>(properties: P, options: Type.TObjectOptions = {}) =>
  Type.Object(properties, { additionalProperties: false, ...options });
