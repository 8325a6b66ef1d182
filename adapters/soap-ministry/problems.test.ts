import { expect, test } from 'vitest';
import adapter from './adapter.ts';
import type { Settings } from './settings.ts';
import { eReceiptAt, smsAt } from './simulator/connect.ts';

const problemsOf = (settings: object): readonly string[] =>
  (adapter.settingsProblems?.(settings as Settings) ?? []).map(({ path, message }) => `${path}: ${message}`);

const receipts = eReceiptAt('http://127.0.0.1:9');
const messages = smsAt('http://127.0.0.1:9');

test('the examples have no problem', () => {
  expect([receipts, messages].map(problemsOf)).toEqual([[], []]);
});

test('a question to a service that the settings do not name is a problem', () => {
  const { services: _, ...without } = receipts;
  expect(problemsOf(without)).toEqual(['/push/payments/lookUp/service: got the name "portal", expected (none)']);
});

test('a pattern of codes needs a place of the code', () => {
  const { code: _, message: __, says: ___, ...answer } = messages.answer;
  expect(problemsOf({ ...messages, answer: { ...answer, pattern: '^(OK)' } })).toEqual([
    expect.stringMatching(/^\/answer\/code: /),
  ]);
});

test.each([
  { ok: ['00'] },
  { none: ['04'] },
  { taken: ['05'] },
  { busy: ['99'] },
  { refused: ['10'] },
  { message: 'KetQua.ThongBao' },
  { message: 'KetQua.ThongBao', says: [{ code: '01', text: 'đã có', is: 'taken' }] },
])('meanings of codes need a place of the code: %j', (answer) => {
  expect(problemsOf({ ...messages, answer })).toEqual(['/answer/code: it is missing']);
  expect(problemsOf({ ...messages, answer: { ...answer, ok: ['00'], code: 'KetQua.Ma' } })).toEqual([]);
});

test('the codes of an ended session need no place: faults have them too', () => {
  expect(problemsOf({ ...messages, answer: { expired: ['401'] } })).toEqual([]);
});

test('a key or a certificate in a missing file is a problem', () => {
  const security = { kind: 'x509', privateKey: 'keys/missing.pem', certificate: '/nowhere/cert.pem' };
  expect(problemsOf({ ...messages, security })).toEqual([
    expect.stringMatching(/^\/security\/privateKey: cannot be used: ENOENT: keys\/missing\.pem; expected /),
    expect.stringMatching(/^\/security\/certificate: cannot be used: ENOENT: \/nowhere\/cert\.pem; expected /),
  ]);
  const text = { ...security, privateKey: '-----BEGIN PRIVATE KEY-----', certificate: '-----BEGIN CERTIFICATE-----' };
  expect(problemsOf({ ...messages, security: text })).toEqual([]);
});

test('a template and its fields have the same names', () => {
  const { dossiers } = messages.push;
  const fields = { code: 'code', name: 'record.applicant.name' };
  const Content = { template: 'Ho so {code} {state}.', fields };
  const push = { dossiers: { ...dossiers, request: { ...dossiers.request, Content } } };
  expect(problemsOf({ ...messages, push })).toEqual([
    '/push/dossiers/request/Content/template: got the name "state", expected one of code, name',
    '/push/dossiers/request/Content/fields/name: the template does not name it',
  ]);
});

test('a needed value has a place in what the hub knows', () => {
  const push = { dossiers: { ...messages.push.dossiers, needs: ['dossier.phone'] } };
  expect(problemsOf({ ...messages, push })).toEqual([
    expect.stringMatching(/^\/push\/dossiers\/needs\/0: got "dossier\.phone", expected one of /),
  ]);
});
