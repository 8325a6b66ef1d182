import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import type { Dossier } from '#schemas/dossier.upsert.v1';

/** The columns of one dossier, in the order of `COLUMNS`. */
export type Row = readonly unknown[];

export const COLUMNS: Readonly<Record<string, string>> = {
  code: 'text',
  service_key: 'text',
  service_code: 'text',
  field_code: 'text',
  agency_code: 'text',
  channel: 'text',
  parent_code: 'text',
  status: 'text',
  status_at: 'timestamptz',
  submitted_at: 'timestamptz',
  received_at: 'timestamptz',
  due_at: 'timestamptz',
  finished_at: 'timestamptz',
  returned_at: 'timestamptz',
  refused_at: 'timestamptz',
  content_hash: 'bytea',
  search: 'text',
  masked: 'text',
  sealed: 'bytea',
  phone_proof: 'bytea',
  identity_proof: 'bytea',
};

/** The duties of the hub for one dossier, written the most direct way: hash, words, mask, seal and proofs. */
export function rowOf(record: Dossier, key: Buffer): Row {
  const json = JSON.stringify(record);
  const { applicant } = record;
  return [
    record.code,
    record.serviceCode.split('.').slice(0, 2).join('.'),
    record.serviceCode,
    record.fieldCode,
    record.agencyCode,
    record.channel,
    record.parentCode,
    record.status,
    record.statusAt,
    record.submittedAt,
    record.receivedAt,
    record.dueAt,
    record.finishedAt,
    record.returnedAt,
    record.refusedAt,
    hmac(key, json),
    wordsOf(record, key).join(' '),
    JSON.stringify(masked(record)),
    seal(key, json),
    proof(key, record.code, applicant?.phone),
    proof(key, record.code, applicant?.identityNumber),
  ];
}

/** AES-256-GCM: nonce, text, tag. */
export function seal(key: Buffer, text: string | Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

export const hmac = (key: Buffer, text: string | Buffer): Buffer => createHmac('sha256', key).update(text).digest();

function proof(key: Buffer, code: string, number: string | undefined): Buffer | undefined {
  const digits = number?.replace(/\D/g, '').slice(-4);
  return digits ? hmac(key, `${code} ${digits}`) : undefined;
}

/** Keyed words of the name, the subject and the end of the code, without marks. */
function wordsOf({ code, applicant, abstract }: Dossier, key: Buffer): readonly string[] {
  const texts = [applicant?.name, abstract, code.slice(code.indexOf('-') + 1)].filter((text) => text !== undefined);
  const plain = texts.join(' ').toLowerCase().normalize('NFD').replace(/\p{M}/gu, '').replaceAll('đ', 'd');
  return [...new Set(plain.match(/[\p{L}\p{N}]+/gu))].map((word) => hmac(key, word).toString('base64url').slice(0, 12));
}

/** The applicant masked, in the texts too. */
function masked({ applicant, ...record }: Dossier): object {
  const known = [applicant?.name, applicant?.phone, applicant?.address, applicant?.email, applicant?.identityNumber];
  const replaced = (value: unknown): unknown => {
    if (typeof value === 'string')
      return known.reduce((text: string, one) => (one ? text.replaceAll(one, stars(one)) : text), value);
    if (Array.isArray(value)) return value.map(replaced);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, replaced(member)]));
  };
  return { ...(replaced(record) as object), applicant: applicant && replaced(applicant) };
}

const stars = (text: string): string => text.slice(0, 1) + '*'.repeat(Math.max(text.length - 1, 1));

/** All texts in NFC. */
export function composed<T>(value: T): T {
  if (typeof value === 'string') return value.normalize('NFC') as T;
  if (Array.isArray(value)) return value.map(composed) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, composed(member)])) as T;
}
