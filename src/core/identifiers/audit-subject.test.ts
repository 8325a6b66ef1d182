import { expect, test } from 'vitest';
import { auditSubject, readSubject, SUBJECT_KINDS } from './audit-subject.ts';

test('a subject has a kind, a name and details', () => {
  expect(auditSubject('delivery', 12)).toBe('delivery 12');
  expect(auditSubject('party', 'portal', 'catalogue')).toBe('party portal: catalogue');
});

test.each(SUBJECT_KINDS)('a written subject of a %s is read back', (kind) => {
  expect(readSubject(auditSubject(kind, 'portal status 7'))).toEqual({ kind, name: 'portal status 7' });
});

test.each(['', 'delivery', 'delivery ', '12', 'H60.01-250812-0035', 'thing 12'])('%j is no subject', (text) => {
  expect(readSubject(text)).toBeUndefined();
});

test('blanks around its parts are ignored', () => {
  expect(readSubject('  dossier   H60.01-250812-0035 ')).toEqual({ kind: 'dossier', name: 'H60.01-250812-0035' });
});
