import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config/config.ts';
import { HubFile } from '../../src/config/hub-file.ts';
import type { Puller } from '../../src/kit/puller.ts';
import { type LoadedAdapter, loadAdapters } from '../../src/parties/load-adapters.ts';
import { startHubProcess, testFolder } from '../support/process.ts';

const adapters = await loadAdapters();
const folders: { remove(): void }[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove();
});

/** Where a ministry's record has the members that every dossier needs. */
const REQUIRED_FIELDS = {
  code: 'ma',
  serviceCode: 'thuTuc',
  agencyCode: 'coQuan',
  channel: { value: 'online' },
  status: 'tt',
  statusAt: 'luc',
  'applicant.name': 'ten',
};
const APPLICANT = 'kind, name, identityKind, identityNumber, phone, email, address, techId';
const ONE_STOP = { adapter: 'one-stop', settings: { baseUrl: 'http://127.0.0.1:9' } };

/** A file with a fault in each of its parts. */
const WRONG = {
  province: { code: 'Hà Giang', name: 'Hà Giang' },
  keys: [{ id: 'a', secret: '${KEY}', scopes: ['root'] }],
  parties: {
    portal: { adapter: 'national-portal', settings: { adapterUrl: 'ftp://x', username: 'u', password: 12345678 } },
    register: {
      adapter: 'civil-status',
      settings: { tokenUrl: '${TOKEN_URL}', lgspAccessToken: ['tell-nobody'], units: { 'H60.01': 'x' } },
      pull: { everything: '* * * * *' },
    },
    ministry: {
      adapter: 'soap-ministry',
      settings: {
        system: 'tax',
        wsdl: 'tax.wsdl',
        security: { kind: 'x509', privateKey: 77777777 },
        codes: { 'Trạng thái': {} },
      },
    },
    legacy: { adapter: 'two-stop' },
    counter: { adapter: 'one-stop', reconcile: { sample: 'all' } },
  },
  routes: [
    { from: 'nobody', operation: 'zz', to: ['portal', 'no-one'] },
    { from: 'legacy', operation: 'service.upsert.v1', to: ['register'] },
  ],
};

describe('settings that are not usable', () => {
  test('are reported at once: the file’s shape, adapters, their settings, and routes', () => {
    const found = problemsOf(WRONG, { PORT: 'x', KEY: 'a-long-enough-key-9', TOKEN_URL: 'sftp://gate:pass-word@x' });
    expect(found).toEqual([
      'PORT: got "x", expected a port number from 0 to 65535',
      '/keys/0/scopes/0: got "root", expected one of dossier:write, index:read, index:personal, catalogue:read, register:ask, ops:read, ops:body, ops:replay, ops:configure, ops:erase, question:write, petition:write, rating:write, post:write, payment:write',
      '/parties/counter/reconcile: is set, expected nothing or false: one-stop offers no look-up',
      `/parties/legacy/adapter: got "two-stop", expected one of the adapters ${[...adapters.keys()].sort().join(', ')}`,
      '/parties/ministry/settings/codes/Trạng thái: got the name "Trạng thái", expected an object by names of tables, of small letters, digits and hyphens',
      '/parties/ministry/settings/security/certificate: is missing, expected a certificate in PEM',
      '/parties/ministry/settings/security/privateKey: expected a private key in PEM',
      '/parties/portal/settings/adapterUrl: got "ftp://x", expected an address such as https://…',
      '/parties/portal/settings/dstcode: is missing, expected a text',
      '/parties/portal/settings/madonvi: is missing, expected agency code such as H60.01 or 000.00.01.H22',
      '/parties/portal/settings/password: expected a secret as a text',
      '/parties/register/pull/everything: got the name "everything", expected one of what civil-status pulls results',
      '/parties/register/settings/baseUrl: is missing, expected an address such as https://…',
      '/parties/register/settings/consumerKey: is missing, expected a text',
      '/parties/register/settings/consumerSecret: is missing, expected a secret as a text',
      '/parties/register/settings/lgspAccessToken: expected a secret as a text',
      '/parties/register/settings/maDonVi: is missing, expected a unit code of 1 to 10 digits given by the ministry',
      '/parties/register/settings/maTinh: is missing, expected a province code of two digits such as 08',
      '/parties/register/settings/tokenUrl: got the value of "${TOKEN_URL}", expected an address such as https://…',
      '/parties/register/settings/units/H60.01: got "x", expected a unit code of 1 to 10 digits given by the ministry',
      '/province/code: got "Hà Giang", expected a province code such as H60',
      '/routes/0/from: got "nobody", expected one of the parties portal, register, ministry, legacy, counter',
      expect.stringMatching(/^\/routes\/0\/operation: got "zz", expected one of the operations dossier.upsert.v1, /),
      '/routes/0/to/1: got "no-one", expected one of the parties portal, register, ministry, legacy, counter',
      '/routes/1/to/0: got "register", expected a party that takes service.upsert.v1; this one takes dossier.upsert.v1',
    ]);
    expect(found.join()).not.toMatch(/12345678|tell-nobody|77777777|pass-word/);
  });

  test('name a module of civil status that is no code, and take any code of the ministry', () => {
    const modules = {
      '1.001193': { module: 'KS-01', call: 'registration' },
      '1.000656': { module: 'khai tử', call: 'registration' },
    };
    const found = problemsOf({ parties: { register: { adapter: 'civil-status', settings: { modules } } } });
    expect(found.filter((one) => one.includes('/modules/'))).toEqual([
      '/parties/register/settings/modules/1.000656/module: got "khai tử", expected a module such as LTKS',
    ]);
  });

  test('never show an address with a wrong password', () => {
    const settings = { system: 'tax', baseUrl: 'https://h60:mat-khau@tax.example.test/api' };
    expect(problemsOf({ parties: { m: { adapter: 'rest-ministry', settings } } })).toEqual([
      expect.stringContaining('/parties/m/settings/baseUrl: got "https://***@tax.example.test/api", expected '),
    ]);
  });

  test('report of a union only the faults of the chosen kind, and an unknown kind by its name', () => {
    const told = (security: object) => {
      const settings = { system: 'tax', wsdl: 'tax.wsdl', security };
      return problemsOf({ parties: { m: { adapter: 'soap-ministry', settings } } });
    };
    expect(told({ kind: 'username-token', username: 'u', password: 'p' })).toEqual([
      '/parties/m/settings/security/form: is missing, expected one of text, digest',
    ]);
    expect(told({ kind: 'basik', username: 'u' })).toEqual([
      '/parties/m/settings/security/kind: got "basik", expected one of basic, username-token, x509',
    ]);
    expect(told({ username: 'u' })).toEqual([
      '/parties/m/settings/security/kind: is missing, expected one of basic, username-token, x509',
    ]);
  });

  test('report a missing code table of a ministry at each place of its use', () => {
    const settings = {
      system: 'tax',
      wsdl: 'tax.wsdl',
      codes: { status: { '01': 'received' } },
      pull: {
        dossiers: {
          // A field of theirs named `codes` does not use a table.
          operation: 'List',
          request: { 'a/b': { from: 'size', codes: 'sizes' }, codes: 'page' },
          records: 'r',
          page: { size: 10 },
          fields: {
            ...REQUIRED_FIELDS,
            status: { from: 'tt', codes: 'status' },
            fees: { each: 'phi', fields: { name: { from: 'loai', codes: 'kinds' } } },
          },
        },
      },
      push: {
        progress: {
          operation: 'Step',
          request: { 'x.status': { from: 'record.status', codes: 'statuses' } },
          lookUp: {
            operation: 'Find',
            request: {},
            records: 'r',
            match: { s: { from: 'record.status', codes: 'status' } },
          },
        },
      },
    };
    const expected = 'expected one of the tables in codes: status';
    expect(problemsOf({ parties: { m: { adapter: 'soap-ministry', settings } } })).toEqual([
      `/parties/m/settings/pull/dossiers/fields/fees/fields/name/codes: got the name "kinds", ${expected}`,
      `/parties/m/settings/pull/dossiers/request/a~1b/codes: got the name "sizes", ${expected}`,
      `/parties/m/settings/push/progress/request/x.status/codes: got the name "statuses", ${expected}`,
    ]);
  });

  test('a source or target that can never have a value is reported with its place and what is known', () => {
    const settings = {
      system: 'tax',
      baseUrl: 'https://tax.example.test',
      answer: { ok: ['http-201'] },
      pull: {
        dossiers: {
          operation: 'GET list',
          records: 'items',
          request: { '?trang': 'pageNumber', '?tu': { from: 'since', date: 'instant' } },
          fields: { ...REQUIRED_FIELDS, 'applicant.fullName': 'ten', status: undefined },
        },
      },
      push: {
        dossiers: {
          operation: 'POST dossiers',
          request: {
            ten: 'record.applicant.fullName',
            phi: 'record.fees.0.amountVnd',
            nop: { from: ['record.applicant'] },
            tien: { each: 'record.fees', fields: { so: { from: 'amountVnd', as: 'vnd' }, ma: 'dossierCode' } },
            mot: { of: 'record.fees', where: { ten: 'Phí' }, from: 'soTien' },
            khong: { from: 'code', where: { name: 'Phí' } },
          },
          lookUp: { operation: 'GET one', request: { '?ma': 'code' }, records: 'items', match: { ma: 'row.code' } },
        },
      },
    };
    const [list, told] = ['/parties/m/settings/pull/dossiers', '/parties/m/settings/push/dossiers'];
    expect(problemsOf({ parties: { m: { adapter: 'rest-ministry', settings } } })).toEqual([
      `${list}/fields/applicant.fullName: "fullName" is not a member here, expected one of ${APPLICANT}`,
      `${list}/fields/status: is missing, expected where a record has it`,
      `${list}/request/?trang: got "pageNumber", expected one of until, page`,
      `${list}/request/?tu/from: got "since", expected one of until, page`,
      `${told}/lookUp/match/ma: got "row.code", expected one of id, code, record, dossier, service, agency`,
      `${told}/request/khong/where: chooses from a list; name the list by each or of`,
      expect.stringContaining(`${told}/request/mot/from: got "soTien", expected one of `),
      expect.stringContaining(`${told}/request/mot/where/ten: got "ten", expected one of `),
      `${told}/request/nop/from/0: got "record.applicant", which is an object, expected one of its members ${APPLICANT}`,
      expect.stringContaining(
        `${told}/request/phi: got "record.fees.0.amountVnd", expected one of the members of record.fees: `,
      ),
      `${told}/request/ten: got "record.applicant.fullName", expected one of the members of record.applicant: ${APPLICANT}`,
      expect.stringContaining(`${told}/request/tien/fields/ma: got "dossierCode", expected one of `),
    ]);
  });

  test('members of one object stand as paths: fields without each, text or template is a problem', () => {
    const { 'applicant.name': _, ...fields } = REQUIRED_FIELDS;
    const one = { from: 'chuHoSo', fields: { name: 'hoTen' } };
    const settings = {
      system: 'tax',
      baseUrl: 'https://tax.example.test',
      pull: {
        dossiers: { operation: 'GET dossiers', request: {}, records: 'items', fields: { ...fields, applicant: one } },
      },
      push: {
        dossiers: {
          operation: 'POST dossiers',
          request: {
            giay: { of: 'record.documents', fields: { ten: 'name' } },
            phi: { each: 'record.fees', fields: { so: 'amountVnd' } },
            phieu: { text: 'json', fields: { ma: 'code' } },
            so: { each: 'record.fees', from: 'amountVnd', fields: { so: 'amountVnd' } },
            loi: { template: 'Hồ sơ {ma}', fields: { ma: 'code' } },
          },
          reference: 'so',
        },
      },
      ask: {
        owner: {
          title: 'Chủ hồ sơ',
          operation: 'GET one',
          request: {},
          values: {},
          records: 'items',
          fields: { chu: one, giay: { text: 'json', fields: { ten: 'tenGiay' } } },
        },
      },
    };
    const why = 'belongs to each, text or template; for one object write paths such as applicant.name';
    expect(problemsOf({ parties: { m: { adapter: 'rest-ministry', settings } } })).toEqual([
      `/parties/m/settings/ask/owner/fields/chu/fields: ${why}`,
      '/parties/m/settings/ask/owner/fields/giay/text: belongs to a request, not to an answer',
      `/parties/m/settings/pull/dossiers/fields/applicant/fields: ${why}`,
      `/parties/m/settings/push/dossiers/request/giay/fields: ${why}`,
      '/parties/m/settings/push/dossiers/request/so/from: has no effect beside fields; write it in a member of fields',
    ]);
  });

  test('a route to a party whose settings have no operation for it is reported with what the party has', () => {
    const dossiers = { operation: 'POST dossiers', request: { ma: 'code' }, reference: 'so' };
    const settings = { system: 'tax', baseUrl: 'https://tax.example.test', push: { dossiers } };
    const parties = { m: { adapter: 'rest-ministry', settings, pull: { progress: '* * * * *' } }, counter: ONE_STOP };
    const route = { from: 'counter', to: ['m'] };
    const routes = ['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) => ({ ...route, operation }));
    expect(problemsOf({ parties, routes })).toEqual([
      '/parties/m/pull/progress: got the name "progress", expected one of what rest-ministry pulls (none)',
      '/routes/1/to/0: got "m", expected a party that takes dossier.progress.v1; this one takes dossier.upsert.v1 by its settings',
    ]);
    const nothing = { ...parties.m, settings: { ...settings, push: {} }, pull: {} };
    expect(problemsOf({ parties: { ...parties, m: nothing }, routes })).toEqual(
      [0, 1].map((at) => expect.stringContaining(`/routes/${at}/to/0: got "m", expected `)),
    );
  });

  test('stop the start before any query', async () => {
    const folder = folderOf({ parties: { legacy: { adapter: 'two-stop' } } });
    const dataDir = join(folder.path, 'data');
    const started = startHubProcess({ HUB_CONFIG: folder.configPath, HUB_DATA_DIR: dataDir });
    await expect(started).rejects.toThrow(/ended with 2.*\/parties\/legacy\/adapter: got \\"two-stop\\"/s);
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);
  });
});

test('refuse an adapter’s schedule without a next run, unless the file has another one', () => {
  const loaded = adapters.get('igate') as LoadedAdapter;
  const puller = Object.values(loaded.adapter.pull ?? {})[0] as Puller<unknown>;
  const scheduled = (schedule: string) => {
    const adapter = { ...loaded.adapter, pull: { all: { ...puller, schedule } }, offers: undefined };
    const manifest = { ...loaded.manifest, pulls: ['all'] };
    return new Map([['igate', { manifest, adapter, settingsProblems: () => [] } as unknown as LoadedAdapter]]);
  };
  const file = (more: object = {}) => ({ parties: { gate: { adapter: 'igate', ...more } } });
  for (const ended of ['0 0 2 1 1 * 2020', 'nightly'])
    expect(problemsOf(file(), {}, scheduled(ended))).toEqual([
      `/parties/gate/pull/all: got "${ended}", expected a cron schedule such as */15 * * * *`,
    ]);
  expect(problemsOf(file({ pull: { all: '0 * * * * *' } }), {}, scheduled('0 0 2 1 1 * 2020'))).toEqual([]);
  expect(problemsOf(file(), {}, scheduled('0 0 2 1 1 *'))).toEqual([]);
});

test('have an expectation in words for every member: of the file and of each adapter', () => {
  const silent = [...adapters].flatMap(([name, { adapter }]) => wordless(adapter.settings, name));
  expect([...silent, ...wordless(HubFile, 'HUB_CONFIG')]).toEqual([]);
});

/** Places of a schema where a message could only name a type. */
function wordless(schema: unknown, path: string): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const {
    type,
    description,
    properties,
    patternProperties,
    items,
    anyOf,
    enum: values,
    const: fixed,
  } = schema as Record<string, unknown>;
  const isSilent =
    ['string', 'number', 'integer'].includes(String(type)) && !description && !values && fixed === undefined;
  return [
    ...(isSilent ? [path] : []),
    ...Object.entries({ ...(properties as object), ...(patternProperties as object) }).flatMap(([name, member]) =>
      wordless(member, `${path}/${name}`),
    ),
    ...wordless(items, `${path}/*`),
    ...(Array.isArray(anyOf) ? anyOf.flatMap((one) => wordless(one, path)) : []),
  ];
}

function problemsOf(
  file: object,
  env: Readonly<Record<string, string>> = {},
  known: typeof adapters = adapters,
): readonly string[] {
  const { path, configPath } = folderOf(file);
  try {
    loadConfig({ HUB_CONFIG: configPath, HUB_DATA_DIR: path, ...env }, known);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => problem.replace(`${configPath} `, '')).sort(byPlace);
  }
  return [];
}

/** The environment's first. */
function byPlace(a: string, b: string): number {
  return Number(a.startsWith('/')) - Number(b.startsWith('/')) || (a < b ? -1 : 1);
}

function folderOf(file: object): ReturnType<typeof testFolder> {
  const folder = testFolder(file);
  folders.push(folder);
  return folder;
}
