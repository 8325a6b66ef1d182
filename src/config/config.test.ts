import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { render } from '#messages/render';
import { testCertificate } from '../../tests/support/certificate.ts';
import { meaningProblems } from './check-hub-file.ts';
import { type Config, ConfigError, type Environment, loadConfig, logLevelOf } from './config.ts';

const SECRET = 'oGmD0c5mJY9qf1b3v2Q7x8L4nZ6wRkTs';
const DATABASE = { DATABASE_URL: 'postgres://hub:pass-word@db.test/hub', HUB_SECRET: SECRET };

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'lienthong-config-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));
let folders = 0;

const traced = (url: string, share = 1): Config['traces'] => ({ url, share });

describe('without any setting', () => {
  it('each one has the documented default', () => {
    const config = load({ HUB_CONFIG: undefined });
    expect(config).toMatchObject({
      databaseUrl: undefined,
      databaseReadUrls: [],
      replicaMaxLagMs: 10_000,
      redisUrl: undefined,
      host: '127.0.0.1',
      port: 8080,
      probesPort: 0,
      roles: ['api', 'worker', 'scheduler'],
      maxBodyBytes: 20 * 1024 * 1024,
      logLevel: 'info',
      traces: undefined,
      file: {},
      filePath: path.resolve('hub.config.json'),
    });
    expect(config.retryDelaysMs.slice(0, 7)).toEqual([5e3, 30e3, 120e3, 600e3, 1_800e3, 3_600e3, 7_200e3]);
  });

  it('a delivery is retried for seven days', () => {
    const days = load().retryDelaysMs.reduce((sum, delay) => sum + delay, 0) / 86_400_000;
    expect(days).toBeGreaterThan(7);
    expect(days).toBeLessThan(8);
  });

  it('data is stored in ./data', () => {
    expect(load({ HUB_DATA_DIR: undefined, ...DATABASE }).dataDir).toBe(path.resolve('data'));
  });
});

describe('a setting', () => {
  it.each<[string, string, Partial<Config>]>([
    ['DATABASE_URL', DATABASE.DATABASE_URL, { databaseUrl: DATABASE.DATABASE_URL }],
    [
      'DATABASE_URL',
      'postgresql:///hub?host=/run/postgresql',
      { databaseUrl: 'postgresql:///hub?host=/run/postgresql' },
    ],
    ['HUB_REPLICA_MAX_LAG_S', '120', { replicaMaxLagMs: 120_000 }],
    ['REDIS_URL', 'rediss://cache.test:6380/2', { redisUrl: 'rediss://cache.test:6380/2' }],
    ['HUB_DATA_DIR', root, { dataDir: root }],
    ['HOST', '::', { host: '::' }],
    ['PORT', '0', { port: 0 }],
    ['PORT', ' 65535 ', { port: 65_535 }],
    ['PORT', '', { port: 8080 }],
    ['HUB_PROBES_PORT', '9090', { probesPort: 9_090 }],
    ['HUB_RETRY_DELAYS_S', '0.5, 2', { retryDelaysMs: [500, 2_000] }],
    ['HUB_RETRY_DELAYS_S', '2592000', { retryDelaysMs: [2_592_000_000] }],
    ['HUB_MAX_BODY', '256MiB', { maxBodyBytes: 268_435_456 }],
    ['HUB_MAX_BODY', '1024', { maxBodyBytes: 1_024 }],
    ['HUB_MAX_BODY', '64KiB', { maxBodyBytes: 65_536 }],
    ['HUB_MAX_BODY', '2 mb', { maxBodyBytes: 2_097_152 }],
    ['LOG_LEVEL', 'debug', { logLevel: 'debug' }],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'http://collector.test:4318/',
      { traces: traced('http://collector.test:4318/v1/traces') },
    ],
    [
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
      'https://collector.test/otlp',
      { traces: traced('https://collector.test/otlp') },
    ],
  ])('%s=%s is taken', (name, value, expected) => {
    expect(load({ HUB_SECRET: SECRET, [name]: value })).toMatchObject(expected);
  });

  it.each([
    [
      { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' },
      traced('http://collector.test/v1/traces', 0.25),
    ],
    [{ OTEL_TRACES_SAMPLER: 'always_on', OTEL_TRACES_SAMPLER_ARG: '0.25' }, traced('http://collector.test/v1/traces')],
    [{ OTEL_SDK_DISABLED: 'true' }, undefined],
  ])('%o decides which share of the messages is traced', (given, expected) => {
    const env = { HUB_SECRET: SECRET, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.test', ...given };
    expect(load(env).traces).toEqual(expected);
  });

  it('DATABASE_READ_URLS names replicas of DATABASE_URL', () => {
    const [first, second] = ['postgres://hub:pass-word@db-2.test/hub', 'postgresql://db-3.test:5433/hub'];
    const DATABASE_READ_URLS = `${first} , ${second}`;
    expect(load({ ...DATABASE, DATABASE_READ_URLS }).databaseReadUrls).toEqual([first, second]);
    expect(problems({ DATABASE_READ_URLS: first })).toEqual([
      'DATABASE_READ_URLS: replicas need DATABASE_URL, the address of their primary',
    ]);
    expect(problems({ ...DATABASE, DATABASE_READ_URLS: `${first},db-3.test` })).toEqual([
      'DATABASE_READ_URLS: expected an address that begins with postgres:// or postgresql://',
    ]);
  });

  it('HUB_ROLES is any of the three roles, each counted once', () => {
    expect(load({ HUB_ROLES: 'worker, api', REDIS_URL: 'redis://127.0.0.1' }).roles).toEqual(['api', 'worker']);
    expect(load({ HUB_SECRET: SECRET, HUB_ROLES: 'api,api,api' }).roles).toEqual(['api']);
  });

  it.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4317', 'expected an address that begins with http:// or https://'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'got "grpc", expected http/json'],
    [
      'OTEL_TRACES_SAMPLER',
      'jaeger_remote',
      'got "jaeger_remote", expected one of always_on, traceidratio, parentbased_always_on, parentbased_traceidratio',
    ],
    ['OTEL_TRACES_SAMPLER_ARG', '25', 'got "25", expected a share from 0 to 1'],
    ['PORT', '65536', 'got "65536", expected a port number from 0 to 65535'],
    ['PORT', '80a', 'got "80a", expected a port number from 0 to 65535'],
    ['HUB_ROLES', 'api,cron', 'got "api,cron", expected some of api,worker,scheduler'],
    ['HUB_RETRY_DELAYS_S', '5,,30', 'got "5,,30", expected seconds such as 5,30,120, each at most 2592000 (30 days)'],
    ['HUB_RETRY_DELAYS_S', '5s', 'got "5s", expected seconds such as 5,30,120, each at most 2592000 (30 days)'],
    [
      'HUB_RETRY_DELAYS_S',
      '5,2592001',
      'got "5,2592001", expected seconds such as 5,30,120, each at most 2592000 (30 days)',
    ],
    ['HUB_REPLICA_MAX_LAG_S', '0', 'got "0", expected seconds from 1 to 120'],
    ['HUB_REPLICA_MAX_LAG_S', '121', 'got "121", expected seconds from 1 to 120'],
    ['HUB_MAX_BODY', 'lots', 'got "lots", expected a number of bytes, such as 20971520 or 20MiB, at most 256MiB'],
    ['HUB_MAX_BODY', '0', 'got "0", expected a number of bytes, such as 20971520 or 20MiB, at most 256MiB'],
    ['HUB_MAX_BODY', '257MiB', 'got "257MiB", expected a number of bytes, such as 20971520 or 20MiB, at most 256MiB'],
    ['LOG_LEVEL', 'loud', 'got "loud", expected one of trace, debug, info, warn, error, fatal, silent'],
  ])('%s=%s is refused', (name, value, message) => {
    expect(problems({ [name]: value })).toEqual([`${name}: ${message}`]);
  });

  it('that is a URL is refused without showing it: it may contain a password', () => {
    const found = problems({ HUB_SECRET: SECRET, DATABASE_URL: 'mysql://hub:pass-word@db', REDIS_URL: 'pass-word' });
    expect(found).toEqual([
      'DATABASE_URL: expected an address that begins with postgres:// or postgresql://',
      'REDIS_URL: expected an address that begins with redis:// or rediss://',
    ]);
  });

  it('with an unescaped database password is refused with a note on escaping', () => {
    expect(problems({ HUB_SECRET: SECRET, DATABASE_URL: 'postgres://hub:a/b?c@db/hub' })).toEqual([
      expect.stringMatching(/^DATABASE_URL: cannot be read as an address; .*%2F for \//),
    ]);
  });

  it('HOST has no port and no protocol, and may have the brackets of a URL', () => {
    expect(load({ HUB_SECRET: SECRET, HOST: '[::1]' }).host).toBe('::1');
    for (const HOST of ['127.0.0.1:80', 'http://hub.test', 'hub.test/'])
      expect(problems({ HUB_SECRET: SECRET, HOST })).toEqual([expect.stringMatching(/^HOST: got .*without a port/)]);
  });

  it('LOG_LEVEL has a usable value before it is checked', () => {
    expect([logLevelOf({ LOG_LEVEL: 'warn' }), logLevelOf({ LOG_LEVEL: 'loud' }), logLevelOf({})]).toEqual([
      'warn',
      'info',
      'info',
    ]);
  });
});

describe('HUB_SECRET', () => {
  it('is created once on the embedded default and readable by the hub’s user alone', () => {
    const dataDir = path.join(newFolder(), 'deep', 'data');
    const [first] = load({ HUB_DATA_DIR: dataDir }).secrets;
    expect(Buffer.byteLength(first)).toBeGreaterThanOrEqual(32);
    expect(load({ HUB_DATA_DIR: dataDir }).secrets).toEqual([first]);
    expect(fs.readdirSync(dataDir)).toEqual(['secret']);
    if (process.platform !== 'win32') expect(fs.statSync(path.join(dataDir, 'secret')).mode & 0o777).toBe(0o600);
  });

  it('that is stored and damaged is never used, nor replaced', () => {
    const dataDir = newFolder();
    const file = path.join(dataDir, 'secret');
    fs.writeFileSync(file, 'oGmD0c5m');
    expect(problems({ HUB_DATA_DIR: dataDir })).toEqual([
      `HUB_SECRET: cannot be kept in ${file}: its secret is incomplete; restore the file from a backup`,
    ]);
    expect(fs.readFileSync(file, 'utf8')).toBe('oGmD0c5m');
  });

  it('is refused at once where no folder can be created', () => {
    const file = path.join(root, 'a-file');
    fs.writeFileSync(file, '');
    const places = [path.join(file, 'data'), ...(process.platform === 'linux' ? ['/proc/lienthong/data'] : [])];
    for (const dataDir of places)
      expect(problems({ HUB_DATA_DIR: dataDir })).toEqual([
        expect.stringMatching(/^HUB_SECRET: cannot be kept in .*secret: E(?:NOENT|NOTDIR|EXIST).*give HUB_DATA_DIR/),
      ]);
  });

  it.each(['postgres', 'postgres.place'])('of an embedded database is never invented by a command: %s', (name) => {
    const dataDir = newFolder();
    const env = { HUB_DATA_DIR: dataDir, HUB_CONFIG: written('{}'), HUB_SECRET_OLD: SECRET.toLowerCase() };
    expect(loadConfig(env, undefined, false).secrets).toHaveLength(2);
    fs.writeFileSync(path.join(dataDir, name), '');
    expect(() => loadConfig(env, undefined, false)).toThrow(
      /HUB_SECRET: is missing, and so is .*secret, expected the secret of the database in .*; load the variables/,
    );
    expect(loadConfig({ ...env, HUB_SECRET: SECRET }, undefined, false).secrets).toHaveLength(2);
    expect(fs.readdirSync(dataDir)).toEqual([name]);
  });

  it('is required with DATABASE_URL', () => {
    const dataDir = newFolder();
    expect(problems({ HUB_DATA_DIR: dataDir, DATABASE_URL: DATABASE.DATABASE_URL })).toEqual([
      'HUB_SECRET: is missing; it is required with DATABASE_URL; make one with: openssl rand -base64 48',
    ]);
    expect(fs.readdirSync(dataDir)).toEqual([]);
  });

  it('is followed by the previous ones', () => {
    const old = [SECRET.toUpperCase(), SECRET.toLowerCase()];
    expect(load({ ...DATABASE, HUB_SECRET_OLD: old.join(', ') }).secrets).toEqual([SECRET, ...old]);
  });

  it.each([
    ['short', 'oGmD0c5mJY9q', 'expected at least 32 bytes, got 12'],
    ['one letter', 'x'.repeat(48), 'got a text that can be guessed'],
    ['a few letters', 'abcabd'.repeat(8), 'got a text that can be guessed'],
    ['a placeholder', 'change-me-please-change-me-please', 'got a text that can be guessed'],
  ])('that is weak is refused and not shown: %s', (_why, secret, message) => {
    for (const name of ['HUB_SECRET', 'HUB_SECRET_OLD']) {
      const found = problems({ ...DATABASE, [name]: secret });
      expect(found).toEqual([expect.stringContaining(`${name}: `)]);
      expect(found[0]).toContain(message);
      expect(found[0]).not.toContain(secret);
    }
  });
});

describe('HUB_CONFIG', () => {
  it('each problem of the file has a Vietnamese sentence', () => {
    const problems = meaningProblems({
      province: { officeHours: [{ from: '08:00', to: '07:00' }], daysOff: ['2026-02-30'] },
      retention: { personalDataMonths: { dossier: { returned: 60 } } },
      parties: {
        'One Stop': { owns: { codes: ['H60'] }, pull: { catalogue: 'daily' }, tls: { certificate: 'x' } },
        citizens: { owns: { codes: ['H60'] }, tls: { ca: '/nowhere' }, sendsItself: ['One Stop', 'x'] },
      },
      keys: [
        { id: 'a', secret: 'changeme', scopes: ['dossier:write'], certificate: '-----' },
        { id: 'a', party: 'nobody' },
      ],
      proxies: ['x'],
      routes: [
        { from: 'nobody', operation: 'dossier.upsert.v1', share: { from: 9, to: 1 } },
        { from: 'One Stop', operation: 'rating.upsert.v1', share: {} },
        { from: 'citizens', operation: 'dossier.upsert.v1', to: ['One Stop'] },
      ],
    });
    expect(problems.length).toBeGreaterThanOrEqual(19);
    for (const one of problems) {
      expect(one.message).toMatch(/^(?:[ -~]|[–…])+$/);
      expect(render(one, 'vi')).not.toMatch(/\b(?:is|expected|got|which|that|of)\b/);
    }
  });

  it('keeps no body longer than the personal data in it', () => {
    const wrong = (retention: object) => problemsOf({ retention });
    const personalDataMonths = { dossier: { returned: 60 }, payment: { paid: 120 } };
    expect(wrong({ personalDataMonths })).toEqual([
      '/retention/bodiesMonths: is missing, expected at most 60, which is /retention/personalDataMonths/dossier/returned: bodies have personal data too',
    ]);
    expect(wrong({ bodiesMonths: 61, personalDataMonths })).toHaveLength(1);
    expect(wrong({ bodiesMonths: 60, personalDataMonths })).toEqual([]);
    expect(wrong({ bodiesMonths: 60, personalDataMonths: { dossier: { received: 60 } } })).toHaveLength(1);
  });

  const party = { adapter: 'one-stop', settings: { password: from('PARTY_PASSWORD') } };
  const key = { id: 'portal', secret: from('PORTAL_KEY'), scopes: ['index:read'] };
  const env = { PORTAL_KEY: 'portal-key-1', PARTY_PASSWORD: 'hidden' };

  it('is read with the environment’s values in place', () => {
    const file = {
      province: { code: 'H60', name: 'Tỉnh Tuyên Quang', timezone: 'Asia/Ho_Chi_Minh' },
      keys: [key, { id: 'one-stop', secret: `a-${from('PORTAL_KEY')}`, scopes: ['dossier:write'], party: 'one-stop' }],
      parties: { 'one-stop': { ...party, pull: { dossiers: '*/5 * * * *' } }, portal: { adapter: 'portal' } },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
    };
    const config = load({ ...env, HUB_CONFIG: written(`\uFEFF${JSON.stringify(file)}`) });
    expect(config.file.province).toEqual(file.province);
    expect(config.file.keys?.map(({ secret }) => secret)).toEqual(['portal-key-1', 'a-portal-key-1']);
    expect(config.file.parties?.['one-stop']?.settings).toEqual({ password: 'hidden' });
    expect(config.file.routes).toEqual(file.routes);
  });

  it('has each member once: the first of two parties with one id would be dropped without a word', () => {
    const file = `{ "keys": [${JSON.stringify(key)}, { "id": "a", "id": "b:{", "secret": "abcdefgh-1", "scopes": [] }],
      "parties": { "x/y": 1, "portal": { "adapter": "portal" }, "one-stop": ${JSON.stringify(party)},
        "\\u0070ortal": { "adapter": "portal" }, "portal": { "adapter": "portal" } } }`;
    const told = problems({ ...env, HUB_CONFIG: written(file) }).map((one) => one.replace(/^.*?json /, ''));
    expect(told).toEqual(
      expect.arrayContaining([
        '/keys/1/id: is given 2 times, expected once',
        '/parties/portal: is given 3 times, expected once',
      ]),
    );
    expect(told.filter((one) => one.includes('expected once'))).toHaveLength(2);
  });

  it('may route a share of the dossiers to a party', () => {
    const route = { from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] };
    const parties = { 'one-stop': party, portal: { adapter: 'portal' } };
    const withShare = (share: unknown, more: object = {}) => {
      const file = { parties, routes: [{ ...route, share, ...more }] };
      return problems({ ...env, HUB_CONFIG: written(JSON.stringify(file)) }).map((one) =>
        one.replace(/^.*?json: /, ''),
      );
    };
    const file = { parties, routes: [{ ...route, share: { from: 0, to: 10 } }] };
    expect(load({ ...env, HUB_CONFIG: written(JSON.stringify(file)) }).file.routes).toEqual(file.routes);
    expect(withShare({ from: 40, to: 40 })).toEqual([
      expect.stringContaining('/routes/0/share/to: got 40, expected more than /routes/0/share/from, which is 40'),
    ]);
    expect(withShare({ from: 0, to: 10 }, { operation: 'service.upsert.v1' })).toEqual([
      expect.stringContaining('/routes/0/share: is set, expected nothing: "service.upsert.v1" is not about dossiers'),
    ]);
    expect(withShare({ from: -1, to: 101 })).toEqual([
      expect.stringContaining('/routes/0/share/from: got -1, expected a whole number from 0 to 99'),
      expect.stringContaining('/routes/0/share/to: got 101, expected a whole number from 1 to 100'),
    ]);
  });

  it('lets a system synchronise with a party itself, and then refuses a route that would do it again', () => {
    const route = { from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] };
    const withEntry = (entry: object, routes: readonly object[]) => {
      const parties = { 'one-stop': { ...party, ...entry }, portal: { adapter: 'portal' } };
      return problems({ ...env, HUB_CONFIG: written(JSON.stringify({ parties, routes })) });
    };
    expect(withEntry({ sendsItself: ['portal'] }, [route, { ...route, operation: 'rating.upsert.v1' }])).toEqual([
      expect.stringContaining(
        '/routes/0/to/0: got "portal", which gets these dossiers from their owner without the hub, see /parties/one-stop/sendsItself',
      ),
    ]);
    expect(withEntry({ sendsItself: ['nobody'] }, [])).toEqual([
      expect.stringContaining('/parties/one-stop/sendsItself/0: got "nobody", expected one of the parties'),
    ]);
  });

  it('may be absent at its default place only', () => {
    const absent = path.join(root, 'absent.json');
    expect(problems({ HUB_CONFIG: absent })).toEqual([`HUB_CONFIG: ${absent} does not exist`]);
    expect(problems({ HUB_CONFIG: root })).toEqual([expect.stringMatching(/^HUB_CONFIG: .* cannot be read: EISDIR/)]);
  });

  it.each([
    ['{\n  "keys": [{ "id": "portal", "secret": "tell-nobody" },}', 'line 2, column 56'],
    ['{\n  "keys": [{ "secret": tell-nobody }]', 'line 2, column 25'],
    ['{ "keys": [{ "secret": "tell-nobody', 'line 1, column 36'],
  ])('that is not JSON is refused with the line and without its text', (text, place) => {
    const file = written(text);
    expect(problems({ HUB_CONFIG: file })).toEqual([
      `HUB_CONFIG: ${file} cannot be read: it is not JSON from ${place} on`,
    ]);
  });

  it('a variable with the line end of Windows is refused by its name, without its value', () => {
    const key = (name: string) => ({ id: name.toLowerCase(), secret: from(name), scopes: ['index:read'] });
    const file = written(JSON.stringify({ keys: [key('PORTAL'), key('OTHER')] }));
    expect(problems({ HUB_CONFIG: file, PORTAL: 'a-secret-1\r', OTHER: 'a\r\nsecret-2' })).toEqual([
      `${file} /keys/0/secret: PORTAL in the environment ends with a carriage return, expected lines that end as on Linux; run sed -i 's/\\r$//' on the file of the variables and load it again`,
    ]);
  });

  it('is UTF-8, with or without a byte order mark; any other encoding is refused', () => {
    const text = '{\r\n"province": { "code": "H60", "name": "Tỉnh Tuyên Quang" } }\r\n';
    const told = (bytes: Buffer) => {
      const file = path.join(newFolder(), 'hub.config.json');
      fs.writeFileSync(file, bytes);
      return problems({ HUB_CONFIG: file }).map((problem) => problem.slice(problem.indexOf('cannot be read')));
    };
    expect(load({ HUB_CONFIG: written(`\uFEFF${text}`) }).file.province?.name).toBe('Tỉnh Tuyên Quang');
    expect(told(Buffer.from(`\uFEFF${text}`, 'utf16le'))).toEqual(['cannot be read: it is UTF-16, expected UTF-8']);
    expect(told(Buffer.from(text.replace('ỉ', 'i'), 'latin1'))).toEqual([expect.stringContaining('it is not UTF-8')]);
    expect(told(Buffer.from(' \n'))).toEqual([expect.stringContaining('it is empty')]);
  });

  it('is refused with every problem at once, each with its place', () => {
    const file = {
      province: { code: 'Hà Giang', name: '', zone: 7 },
      keys: [
        key,
        { ...key, secret: from('NOBODY_KEY'), scope: [], scopes: ['root'], party: 'nobody' },
        { id: 'portal:2', secret: from('PORTAL_KEY') },
      ],
      parties: {
        'one-stop': { ...party, setings: {} },
        'One Stop': party,
        late: { ...party, pull: { all: 'hourly' } },
      },
      routes: [
        { from: 'two-stop', operation: 'dossier.upsert.v1', to: ['one-stop', 'zero-stop'] },
        { from: 'late', to: [] },
      ],
      retention: 12,
    };
    expect(problemsOf(file, { ...env, PORT: 'x' })).toEqual([
      'PORT: got "x", expected a port number from 0 to 65535',
      '/keys/1/id: is the id of /keys/0 too',
      '/keys/1/party: got "nobody", expected one of the parties one-stop, One Stop, late',
      '/keys/1/scope: "scope" is not a member here, expected one of id, secret, scopes, party, person, limitsPersons, asks, certificate',
      '/keys/1/scopes/0: got "root", expected one of dossier:write, index:read, index:personal, catalogue:read, register:ask, ops:read, ops:body, ops:replay, ops:configure, ops:erase, question:write, petition:write, rating:write, post:write, payment:write',
      '/keys/1/secret: the environment has no NOBODY_KEY',
      '/keys/2/id: got "portal:2", expected a user name of at most 100 characters, without a colon',
      '/keys/2/scopes: is missing, expected a list of scopes',
      '/keys/2/secret: is the secret of /keys/0 too',
      "/parties/One Stop: the party's name is to be an id of lower-case letters, digits, dots and hyphens",
      '/parties/late/pull/all: got "hourly", expected a cron schedule such as */15 * * * *',
      '/parties/one-stop/setings: "setings" is not a member here, expected one of adapter, title, settings, authoritative, owns, may, sendsItself, pull, files, budget, maintenance, tls, reconcile',
      '/province/code: got "Hà Giang", expected a province code such as H60',
      '/province/name: got "", expected a name',
      '/province/zone: "zone" is not a member here, expected one of code, name, timezone, officeHours, daysOff, workdays, reportingDay',
      '/retention: got 12, expected an object',
      '/routes/0/from: got "two-stop", expected one of the parties one-stop, One Stop, late',
      '/routes/0/to/1: got "zero-stop", expected one of the parties one-stop, One Stop, late',
      '/routes/1/operation: is missing, expected an operation such as dossier.upsert.v1',
      '/routes/1/to: got a list of 0, expected a list of at least one party',
    ]);
  });

  it('refuses a writing key that opens no party’s door', () => {
    const keys = (...given: object[]) => problemsOf({ keys: given, parties: { 'one-stop': party } }, env);
    const writing = { ...key, scopes: ['index:read', 'dossier:write'] };
    expect(keys(writing)).toEqual([
      '/keys/0/party: is missing, expected the party whose door the key opens (scope dossier:write)',
    ]);
    expect(keys({ ...writing, party: 'one-stop' })).toEqual([]);
    expect(keys(key)).toEqual([]);
  });

  it('refuses a party with a name that the hub itself uses', () => {
    for (const name of ['citizens', 'officers'])
      expect(problemsOf({ parties: { [name]: party } }, env)).toEqual([
        `/parties/${name}: the hub uses this name itself, expected another name`,
      ]);
  });

  it('reports a certificate of two keys, as PEM and as a fingerprint', () => {
    const { certificate } = testCertificate('một');
    const fingerprint = new X509Certificate(certificate).fingerprint256.replaceAll(':', '').toLowerCase();
    const keys = [certificate, fingerprint].map((one, at) => ({
      ...{ id: `k${at}`, secret: `mat-ma-cua-khoa-so-${at}`, scopes: ['index:read'], certificate: one },
    }));
    expect(problemsOf({ keys })).toEqual([expect.stringMatching(/^\/keys\/1\/certificate: .*\/keys\/0/)]);
  });

  it('reports what is no agency in the deadlines', () => {
    const agencies = { H60: 3, 'H60.5a': 2, '000.00.05.H60': 4, 'h60.05': 1, 'H60.06': 'two' };
    expect(problemsOf({ deadlines: { question: { agencies } } })).toEqual([
      '/deadlines/question/agencies/H60.06: got "two", expected a whole number of working days',
      '/deadlines/question/agencies/H60.5a: got "H60.5a", expected agency code such as H60.01 or 000.00.01.H22',
      '/deadlines/question/agencies/h60.05: got "h60.05", expected agency code such as H60.01 or 000.00.01.H22',
    ]);
  });

  it('reports wrong settings of a party’s comparison', () => {
    const compared = (reconcile: unknown) => problemsOf({ parties: { portal: { adapter: 'portal', reconcile } } });
    expect(compared({ schedule: 'nightly', sample: 0, hour: 3 })).toEqual([
      '/parties/portal/reconcile/hour: "hour" is not a member here, expected one of schedule, sample',
      '/parties/portal/reconcile/sample: got 0, expected a whole number of dossiers, at least 1, or "all"',
      '/parties/portal/reconcile/schedule: got "nightly", expected a cron schedule such as 0 30 3 * * *',
    ]);
    expect(compared('never')).toEqual([
      '/parties/portal/reconcile: got "never", expected schedule and sample, or false',
    ]);
    expect(compared({ sample: 'some' })).toHaveLength(1);
    for (const right of [false, {}, { schedule: '0 0 1 * * 0' }, { sample: 1 }, { sample: 'all' }])
      expect(compared(right)).toEqual([]);
  });

  it("reports a missing, unreadable or foreign part of a party's TLS", () => {
    const [one, other] = [testCertificate('một'), testCertificate('hai')];
    const tls = (given: object) => problemsOf({ parties: { portal: { adapter: 'portal', tls: given } } });
    expect(tls({ ca: one.certificate, certificate: one.certificate, key: one.key })).toEqual([]);
    expect(tls({ certificate: one.certificate })).toEqual([
      '/parties/portal/tls/key: is missing, expected the key that belongs to /parties/portal/tls/certificate',
    ]);
    const [wrong] = tls({ certificate: one.certificate, key: other.key });
    expect(wrong).toMatch(/^\/parties\/portal\/tls: cannot be used: .*mismatch.*expected a text in PEM/);
    expect(wrong).not.toContain('PRIVATE');
    expect(tls({ ca: '/nowhere/ca.pem' })[0]).toMatch(
      /^\/parties\/portal\/tls\/ca: cannot be used: ENOENT: \/nowhere\/ca\.pem; expected/,
    );
    const bare = one.key.replace(/-----.*-----|\n/g, '');
    const [unshown] = tls({ certificate: one.certificate, key: bare });
    expect(unshown).toMatch(/^\/parties\/portal\/tls\/key: cannot be used: \w+; expected/);
    expect(unshown).not.toContain(bare);
    expect(tls({ ca: 1 })).toEqual([
      '/parties/portal/tls/ca: got 1, expected a text in PEM (-----BEGIN …), or the path of a file in PEM',
    ]);
  });

  it('reports proxies that are neither an address nor a network', () => {
    expect(problemsOf({ proxies: ['10.0.0.5', '10.1.0.0/16', 'loopback', 'proxy.example', '10.0.0.0/99'] })).toEqual([
      '/proxies/3: got "proxy.example", expected an address such as 10.0.0.5, a network such as 10.0.0.0/8, or loopback',
      '/proxies/4: got "10.0.0.0/99", expected an address such as 10.0.0.5, a network such as 10.0.0.0/8, or loopback',
    ]);
  });

  it('reports invalid office hours and days', () => {
    const own = { code: 'H60', name: 'Tỉnh Tuyên Quang' };
    const officeHours = [
      { from: '13:30', to: '11:30' },
      { from: '7:30', to: '11:30' },
    ];
    const province = { ...own, officeHours, daysOff: ['2026-02-30'], workdays: ['2026-08-22', '22/8/2026'] };
    expect(problemsOf({ province })).toEqual([
      '/province/daysOff/0: got "2026-02-30", expected a real date such as 2026-02-16',
      '/province/officeHours/0/to: got "11:30", expected a time after "13:30"',
      '/province/officeHours/1/from: got "7:30", expected a time of the day such as 22:00',
      '/province/workdays/1: got "22/8/2026", expected a date such as 2026-02-16',
    ]);
  });

  it('reports a province that never works, where no deadline would come', () => {
    const own = { code: 'H60', name: 'Tỉnh Tuyên Quang' };
    const never = [{ from: '07:30', to: '11:30', days: [] }];
    expect(problemsOf({ province: { ...own, officeHours: [] } })).toEqual([
      '/province/officeHours: got a list of 0, expected a list of office hours such as [{"from": "07:30", "to": "11:30"}]',
    ]);
    expect(problemsOf({ province: { ...own, officeHours: never } })).toEqual([
      '/province/officeHours/0/days: got a list of 0, expected a list of days such as ["monday"]',
    ]);
  });

  it('never shows a secret in a problem', () => {
    const keys = [
      { id: 'a', secret: 'tell-no', scopes: [] },
      { id: 'b', secret: from('SHORT'), scopes: [from('SHORT')], party: from('SHORT') },
      { id: from('SHORT'), secret: 12345678, scopes: [] },
      { id: from('SHORT'), secret: 'long-enough', scopes: [] },
    ];
    const found = problemsOf(
      { keys, parties: { x: { adapter: from('SHORT'), pull: { all: from('SHORT') } } } },
      { SHORT: 'Ab1' },
    );
    expect(found).toEqual([
      '/keys/0/secret: expected a secret of at least 8 characters',
      `/keys/1/party: got the value of "\${SHORT}", expected an id of lower-case letters, digits, dots and hyphens`,
      `/keys/1/scopes/0: got the value of "\${SHORT}", expected one of dossier:write, index:read, index:personal, catalogue:read, register:ask, ops:read, ops:body, ops:replay, ops:configure, ops:erase, question:write, petition:write, rating:write, post:write, payment:write`,
      `/keys/1/secret: got the value of "\${SHORT}", expected a secret of at least 8 characters`,
      '/keys/2/secret: expected a secret of at least 8 characters',
      '/keys/3/id: is the id of /keys/2 too',
      `/parties/x/adapter: got the value of "\${SHORT}", expected an id of lower-case letters, digits, dots and hyphens`,
      `/parties/x/pull/all: got the value of "\${SHORT}", expected a cron schedule such as */15 * * * *`,
    ]);
  });

  it('names a blank variable, as `lienthong init` leaves them', () => {
    const keys = [{ id: from('ID'), secret: from('BLANK'), scopes: [] }];
    expect(problemsOf({ keys }, { ID: '', BLANK: ' ' })).toEqual([
      '/keys/0/id: ID is blank in the environment, expected a user name of at most 100 characters, without a colon',
      '/keys/0/secret: BLANK is blank in the environment, expected a secret of at least 8 characters',
    ]);
  });

  it.each([[null], ['text'], [[]], [{ keys: {}, parties: [], routes: [null] }]])(
    'of another shape is refused: %j',
    (file) => {
      expect(problemsOf(file).length).toBeGreaterThan(0);
    },
  );
});

function load(env: Environment = {}): Config {
  return loadConfig({ HUB_DATA_DIR: newFolder(), HUB_CONFIG: written('{}'), ...env });
}

function problems(env: Environment): readonly string[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** The problems of a file, in order. Checks also that each names the file. */
function problemsOf(file: unknown, env: Environment = {}): readonly string[] {
  const place = written(JSON.stringify(file));
  const [ofFile, others] = [true, false].map((wanted) =>
    problems({ ...env, HUB_CONFIG: place }).filter((problem) => problem.startsWith(`${place} /`) === wanted),
  ) as [string[], string[]];
  return [...others, ...ofFile.map((problem) => problem.slice(place.length + 1)).sort()];
}

/** A text of the file that the environment fills in. */
function from(variable: string): string {
  return `\${${variable}}`;
}

function written(text: string): string {
  const file = path.join(newFolder(), 'hub.config.json');
  fs.writeFileSync(file, text);
  return file;
}

function newFolder(): string {
  const folder = path.join(root, String(++folders));
  fs.mkdirSync(folder);
  return folder;
}
