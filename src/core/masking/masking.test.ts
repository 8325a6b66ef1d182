import { describe, expect, test } from 'vitest';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { maskApplicant, maskedMembers, maskName, maskNamesIn } from './masking.ts';

const applicant = {
  kind: 'citizen',
  name: 'Nguyễn Văn An',
  identityKind: 'cccd',
  identityNumber: '012345678901',
  phone: '0912 345 678',
  email: 'an.nguyen@example.test',
  address: 'Số 1, phường Minh Xuân',
  techId: 'tech-0000-4242',
} as const satisfies Dossier['applicant'];
describe('a masked applicant', () => {
  test('shows only lengths and last characters of a citizen’s data', () => {
    expect(maskApplicant(applicant)).toEqual({
      kind: 'citizen',
      name: 'N***** V** A*',
      identityKind: 'cccd',
      identityNumber: '**********01',
      phone: '**********78',
      email: '********************st',
      address: '********************ân',
      techId: '************42',
    });
  });

  test('holds no personal value anywhere', () => {
    const text = JSON.stringify(maskApplicant(applicant));
    for (const value of ['Nguyễn', 'Văn', '0123456', '0912', 'an.nguyen', 'Minh Xuân', 'tech-'])
      expect(text).not.toContain(value);
  });

  test('leaves its input unchanged', () => {
    const before = structuredClone(applicant);
    maskApplicant(applicant);
    expect(applicant).toEqual(before);
  });

  test('has only members of its input', () => {
    expect(maskApplicant({ name: 'An' })).toEqual({ name: 'A*' });
  });

  test.each([
    ['enterprise', 'Công ty TNHH Thử Nghiệm'],
    ['state-body', 'Công ty TNHH Thử Nghiệm'],
    ['organisation', 'Công ty TNHH Thử Nghiệm'],
    ['citizen', 'C*** t* T*** T** N*****'],
    [undefined, 'C*** t* T*** T** N*****'],
  ] as const)('of the kind %s shows the name as %s', (kind, name) => {
    const given = { name: 'Công ty TNHH Thử Nghiệm', identityNumber: '0123456789', ...(kind && { kind }) };
    expect(maskApplicant(given)).toEqual({
      ...given,
      name,
      identityNumber: '********89',
    });
  });

  test('is recognised member by member', () => {
    const members = ['name', 'identityNumber', 'phone', 'email', 'address', 'techId'];
    expect(maskedMembers(maskApplicant(applicant))).toEqual(members);
    expect(maskedMembers(maskApplicant({ ...applicant, kind: 'enterprise' }))).toEqual(members.slice(1));
    expect(maskedMembers(applicant)).toEqual([]);
    expect(maskedMembers({ name: 'Nguyễn V** A*', address: '* 12 Lê Lợi', phone: 5 })).toEqual([]);
  });

  test('shows nothing of short values', () => {
    expect(maskApplicant({ name: 'A', phone: '12345' })).toEqual({
      name: 'A',
      phone: '*****',
    });
  });
});

test.each([
  ['Đặng Thị Ngọc Ánh', 'Đ*** T** N*** Á**'],
  ['  Lý   A  ', ' L* A '],
  ['Hà', 'H*'],
  ['𐐷an', '𐐷**'],
  ['', ''],
])('of the name %j first letters and lengths stay: %j', (name, masked) => expect(maskName(name)).toBe(masked));

test.each([
  ['status 422: Công dân Nguyễn Thị Ánh đã có hồ sơ', 'status 422: Công dân N***** T** Á** đã có hồ sơ'],
  ['trùng với ông TRẦN VĂN A1, xã Bạch', 'trùng với ông T*** V** A*, xã Bạch'],
  ['connect ECONNREFUSED, after 3 tries', 'connect ECONNREFUSED, after 3 tries'],
])('of %j a log shows %j', (words, shown) => expect(maskNamesIn(words)).toBe(shown));
