import { describe, expect, test } from 'vitest';
import { Dossier } from '#schemas/dossier.upsert.v1';
import type { Json } from '../../../tests/support/json.ts';
import { maskedDossier, maskedStep, withoutMasksOf, writtenTexts } from './masked-record.ts';
import { createMentions } from './mentions.ts';

const applicant = { name: 'Nguyễn Văn An', phone: '0912345678' };
const people = createMentions([applicant]);

/** A dossier with all members of the schema, each text of it the given one. */
function whole(text: string): Dossier {
  const sample = (node: Json): unknown => {
    if (node.items) return [sample(node.items)];
    if (node.properties)
      return Object.fromEntries(Object.entries(node.properties).map(([name, one]) => [name, sample(one)]));
    if (node.enum) return node.enum[0];
    if (node.type === 'boolean') return true;
    if (node.anyOf) return 5;
    return text;
  };
  return { ...(sample(Dossier) as Dossier), applicant };
}

describe('a masked dossier', () => {
  test('mentions the applicant in no member that a person or a system wrote', () => {
    const {
      code,
      serviceCode,
      fieldCode,
      agencyCode,
      parentCode,
      applicant: shown,
      ...rest
    } = maskedDossier(whole('ông NGUYEN VAN AN, 0912.345.678'), people);
    const { statusAt, submittedAt, receivedAt, dueAt, finishedAt, returnedAt, refusedAt, ...written } = rest;
    const supplements = written.supplements?.map(({ requestedAt, receivedAt, previousDueAt, newDueAt, ...one }) => one);
    expect(JSON.stringify({ ...written, supplements })).not.toMatch(/nguyen|0912|345/i);
    expect(shown).toEqual({ name: 'N***** V** A*', phone: '********78' });
  });

  test('has no address that opens a document or a result', () => {
    const masked = maskedDossier(whole('https://kho.example.test/1.pdf'), people);
    expect(masked.documents).toEqual([
      {
        name: expect.any(String),
        componentCode: expect.any(String),
        digitised: true,
        reused: true,
        fromNationalStore: true,
        deleted: true,
      },
    ]);
    expect(Object.keys(masked.results?.[0] ?? {})).toEqual(['code', 'name']);
  });

  test('equals the dossier if nothing mentions the applicant', () => {
    const { applicant: _, documents, results, ...record } = whole('Đơn');
    expect(maskedDossier(record, people)).toEqual(record);
  });
});

test('the searched texts are exactly the masked ones', () => {
  const count = (JSON.stringify(maskedDossier(whole('ông Nguyễn Văn An'), people)).match(/ông N\*/g) ?? []).length;
  expect(writtenTexts(whole('x'))).toHaveLength(count);
});

test('a step hides the applicant and keeps the officer', () => {
  const step = { actor: 'Trần Thị Bình', title: 'NGUYEN VAN AN', unit: 'Nguyễn_Văn_An', content: 'gọi 0912345678' };
  expect(maskedStep(step, people)).toEqual({
    actor: 'Trần Thị Bình',
    title: 'N***** V** A*',
    unit: 'N*****_V**_A*',
    content: 'gọi ********78',
  });
});

test('a masked record that is sent back removes nothing from the known one', () => {
  const known = whole('ông Nguyễn Văn An https://kho.example.test/1.pdf');
  const masked = maskedDossier(known, people);
  const kept = withoutMasksOf(known, masked);
  expect(kept.documents).toEqual(known.documents);
  expect(kept.note).toBe(known.note);
  const { aliases, ...others } = { ...masked, ...kept };
  expect({ ...others, applicant: known.applicant }).toEqual({ ...known, aliases: undefined });
  const changed = { ...masked, note: 'Đã trả *' };
  expect(withoutMasksOf(known, changed)).not.toHaveProperty('note');
  expect(withoutMasksOf(known, { ...known, note: 'khác' })).toEqual({});
});
