import { expect, test } from 'vitest';
import type { RecordItem } from '#core/dossier/item';
import { createKinds } from '#core/records/kinds';
import { differencesOf } from './reading-differences.ts';

const KINDS = createKinds([], { between: () => 0, after: (ms: number) => ms, dayMs: 1 } as never);

const dossier = (members: object): RecordItem =>
  ({ kind: 'record', operation: 'dossier.upsert.v1', record: { code: 'H60-1', ...members } }) as never;

test('a text of a record that names no applicant shows no name, phone or identity number', () => {
  const abstract = 'Đơn của ông Nguyễn Văn An, CCCD 001099012345';
  const agencyName = 'Ủy ban nhân dân xã An Tường';
  expect(differencesOf(dossier({}), dossier({ abstract, agencyName }), KINDS)).toEqual([
    { path: '/abstract', was: null, would: 'Đơn của ông N***** V** A*, CCCD **********45' },
    { path: '/agencyName', was: null, would: agencyName },
  ]);
});

test('a text that only one reading has is masked by the applicant of the other, too', () => {
  const applicant = { kind: 'citizen', name: 'Nguyễn Văn An' };
  expect(differencesOf(dossier({ applicant }), dossier({ note: 'ông nguyễn văn an đã nhận' }), KINDS)).toContainEqual({
    path: '/note',
    was: null,
    would: 'ông n***** v** a* đã nhận',
  });
});
