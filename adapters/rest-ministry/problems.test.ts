import { expect, test } from 'vitest';
import adapter from './adapter.ts';
import { settingsProblems } from './problems.ts';
import type { Settings } from './settings.ts';
import { agricultureAt, healthAt, landAt, PARTIES } from './simulator/connect.ts';

const health = healthAt('http://127.0.0.1:9') as Settings;
const agriculture = agricultureAt('http://127.0.0.1:9') as Settings;
const placesOf = (settings: Settings, change: object): readonly string[] =>
  settingsProblems({ ...settings, ...change } as Settings).map(({ path }) => path);

test.each(Object.entries(PARTIES))('the example %s has no problems', (_, partyAt) => {
  expect(adapter.settingsProblems?.(partyAt('http://127.0.0.1:9') as never)).toEqual([]);
});

test('a header that cannot be sent stops the start, and is not shown', () => {
  const problems = settingsProblems({ ...agriculture, headers: { AppName: 'Trục', Khoa: 'bi-mat\n', Ma: 'H60' } });
  expect(problems.map(({ path }) => path)).toEqual(['/headers/AppName', '/headers/Khoa']);
  expect(JSON.stringify(problems)).not.toContain('bi-mat');
  expect(placesOf(agriculture, { security: { kind: 'bearer', token: 'ma\r\n' } })).toEqual(['/security/token']);
});

test('a session token without a login stops the start', () => {
  expect(placesOf(health, { security: { kind: 'session' } })).toEqual(['/session']);
});

test('unreachable codes and pushes without a receipt stop the start', () => {
  expect(placesOf(agriculture, { answer: { ok: ['0', 'http-200'], none: ['404'] } })).toEqual([
    '/answer/ok/0',
    '/answer/none/0',
  ]);
  const push = { dossiers: { ...agriculture.push?.dossiers, reference: undefined } };
  expect(placesOf(agriculture, { push })).toEqual(['/push/dossiers/reference']);
  const says = [{ code: '01', text: 'đã có', is: 'taken' }];
  expect(placesOf(agriculture, { answer: { message: 'detail', says } })).toEqual(['/answer/says/0/code']);
  const unread = { ...agriculture, answer: { code: 'code', ok: ['0'], says } } as Settings;
  expect(adapter.settingsProblems?.(unread).map(({ path }) => path)).toEqual(['/answer/message']);
  expect(placesOf(agriculture, { push, answer: { ok: ['http-204'] } })).toEqual([]);
});

test('a callback answer by status has a word for each status that it is given for', () => {
  const land = landAt('http://127.0.0.1:9');
  const by = (codes: object) => {
    const failed = { ma: { from: 'status', codes: 'reply' } };
    const callbacks = { ...land.callbacks, reply: { ...land.callbacks.reply, failed } };
    const problems = adapter.settingsProblems?.({
      ...land,
      callbacks,
      codes: { ...land.codes, reply: codes },
    } as never);
    return problems?.map(({ path, message }) => `${path} ${message}`);
  };
  expect(by({ 401: '1', 422: '2', 503: '3' })).toEqual([]);
  expect(by({ 200: '0', 401: '1', 503: '3' })).toEqual([
    expect.stringMatching(/^\/callbacks\/reply\/failed\/status .*422/),
  ]);
});
