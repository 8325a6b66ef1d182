import { describe, expect, test } from 'vitest';
import { testConnection } from '#kit/testing';
import adapter from './adapter.ts';
import type { Settings } from './settings.ts';
import { constructionAt, eReceiptAt, populationAt, smsAt, transportAt } from './simulator/connect.ts';

const AWAY = 'http://127.0.0.1:9';
const problemsOf = async (settings: object): Promise<readonly string[]> => {
  const connection = testConnection(settings as Settings);
  try {
    return (await adapter.examine?.(connection)) ?? ['no check'];
  } finally {
    connection.close();
  }
};

describe('the comparison of settings with their WSDL', () => {
  const construction = constructionAt(AWAY);
  const { dossiers } = construction.push;

  test.each([constructionAt, eReceiptAt, populationAt, smsAt, transportAt])('%o: the example fits', async (at) => {
    expect(await problemsOf(at(AWAY))).toEqual([]);
  });

  test('a missing file is one problem, with every place that needs it', async () => {
    const [problem, ...others] = await problemsOf({ ...construction, wsdl: 'nowhere/bo.wsdl' });
    expect(problem).toMatch(/^\/session, \/pull\/dossiers, .*: the WSDL nowhere\/bo\.wsdl cannot be read: ENOENT$/);
    expect(others).toEqual([]);
  });

  test('an operation and a member that the WSDL lacks are named with their place', async () => {
    const wrong = { ...dossiers, operation: 'GuiHoSoMoi' };
    expect(await problemsOf({ ...construction, push: { ...construction.push, dossiers: wrong } })).toEqual([
      expect.stringMatching(/^\/push\/dossiers: the WSDL has no operation GuiHoSoMoi at its port /),
    ]);
    const request = { ...dossiers.request, 'hoSo.MaSo': 'code' };
    expect(
      await problemsOf({ ...construction, push: { ...construction.push, dossiers: { ...dossiers, request } } }),
    ).toEqual([expect.stringMatching(/^\/push\/dossiers: .* in the WSDL, but /)]);
  });

  test('a WSDL at an address that does not answer is a problem', async () => {
    const problems = await problemsOf({ ...construction, wsdl: `${AWAY}/a?wsdl` });
    expect(problems).toEqual([expect.stringMatching(/: the WSDL http:\/\/127\.0\.0\.1:9\/a\?wsdl: .*ECONNREFUSED/)]);
  });
});
