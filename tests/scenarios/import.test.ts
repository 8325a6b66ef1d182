import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Operation } from '#schemas/operations';
import { examineFile } from '../../src/cli/import/examine-file.ts';
import { isApplied, loadFile, type Tally, type Told } from '../../src/cli/import/load-file.ts';
import { codeOf, dossier, HUB_SECRET, progress, type TestHub, testHub } from '../support/hub.ts';
import { lienthongHere } from '../support/lienthong.ts';
import { testFolder } from '../support/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'lienthong-import-'));

describe('import', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub();
  });
  afterAll(async () => {
    await hub.close();
    rmSync(folder, { recursive: true });
  });

  async function load(
    name: string,
    content: string | Buffer,
    operation: Operation = 'dossier.upsert.v1',
  ): Promise<Tally & { readonly told: readonly string[]; readonly problems: readonly (string | undefined)[] }> {
    const path = join(folder, name);
    writeFileSync(path, content);
    const told: Told[] = [];
    const { pipeline, kinds } = hub.hub;
    const means = { pipeline, kinds, party: 'one-stop', operation, nowMs: () => hub.clock.nowMs };
    const file = await examineFile(path, undefined);
    const tally = await loadFile(
      { ...means, tell: (one) => isApplied(one) || told.push(one), onProgress: () => undefined },
      file,
    );
    return {
      ...tally,
      problems: told.map(({ problems = [] }) => problems[0]?.message),
      told: told.map(({ line, outcome, problems = [] }) => `${line} ${outcome} ${problems[0]?.path}`),
    };
  }
  const messages = async (): Promise<number> =>
    (await hub.hub.database.query.selectFrom('messages').select('id').execute()).length;

  test('a JSON array, in the form of spreadsheets and editors', async () => {
    const both = [1, 2].map((n) => dossier({ code: codeOf(n) }));
    expect(await load('a.json', `\ufeff${JSON.stringify(both, undefined, 2)}`)).toMatchObject({
      accepted: 2,
      invalid: 0,
    });
    expect((await hub.read(`/api/v1/dossiers/${codeOf(2)}`, 'personal')).body.applicant.name).toBe('Nguyễn Văn An');
  });

  test('lines, of which a broken one spoils no other', async () => {
    const [one, other] = [dossier({ code: codeOf(3) }), dossier({ code: codeOf(1) })].map((each) =>
      JSON.stringify(each),
    );
    const { told, problems: _, ...tally } = await load('b.ndjson', `\ufeff${one}\r\n\n{"code": \n${other}`);
    expect(tally).toMatchObject({ accepted: 1, duplicate: 1, invalid: 1 });
    expect(told).toEqual(['3 invalid ']);
  });

  test('CSV by the names of fields; its cells are values, whatever they begin with', async () => {
    const row = (n: number, at: string, rest: string): string => `${codeOf(n)};1.013225;H60.01;received;${at};${rest}`;
    const {
      told,
      problems: _,
      ...tally
    } = await load(
      'c.csv',
      [
        '\ufeffcode;serviceCode;agencyCode;status;statusAt;applicant.name;databases;fees.0.amountVnd;documents.0.digitised;note',
        row(4, AT, `"Nguyễn; Văn ""An""";CSDLDC|BHXH;20000;TRUE;"=cmd|' /C calc'!A0\nhai dòng"`),
        row(5, 'hôm nay', 'Trần B;;;;'),
        `${codeOf(6)};1.013225`,
        row(7, AT, 'Lê C;;mười;;'),
        row(8, AT, '"x y";;;;'),
        row(9, AT, 'Lê D;;;;'),
      ].join('\n'),
    );
    expect(told).toEqual(['4 invalid /statusAt', '5 invalid ', '6 invalid /fees/0/amountVnd']);
    expect(tally).toMatchObject({ accepted: 3, invalid: 3 });
    expect((await hub.read(`/api/v1/dossiers/${codeOf(4)}`, 'personal')).body).toMatchObject({
      applicant: { name: 'Nguyễn; Văn "An"' },
      databases: ['CSDLDC', 'BHXH'],
      fees: [{ amountVnd: 20_000 }],
      documents: [{ digitised: true }],
      note: "=cmd|' /C calc'!A0\nhai dòng",
    });
  });

  test('CSV lists with empty first cells or unordered numbers have no holes', async () => {
    const head =
      'code,serviceCode,agencyCode,status,statusAt,fees.1.amountVnd,fees.0.amountVnd,databases.1,databases.0';
    const row = (n: number, rest: string): string => `${codeOf(n)},1.013225,H60.01,received,${AT},${rest}`;
    const { told } = await load(
      'holes.csv',
      [head, row(80, '30000,,BHXH,'), row(81, '30000,20000,BHXH,CSDLDC')].join('\n'),
    );
    expect(told).toEqual([]);
    const listsOf = async (n: number) => (await hub.read(`/api/v1/dossiers/${codeOf(n)}`, 'personal')).body;
    expect(await listsOf(80)).toMatchObject({ fees: [{ amountVnd: 30_000 }], databases: ['BHXH'] });
    expect(await listsOf(81)).toMatchObject({
      fees: [{ amountVnd: 20_000 }, { amountVnd: 30_000 }],
      databases: ['CSDLDC', 'BHXH'],
    });
  });

  test('empty lines before the first CSV row do not hide its separator', async () => {
    const row = `${codeOf(85)};1.013225;H60.01;received;${AT}`;
    const { told, ...tally } = await load(
      'begins.csv',
      ['\ufeff', ' ', 'code;serviceCode;agencyCode;status;statusAt', row].join('\r\n'),
    );
    expect(told).toEqual([]);
    expect(tally).toMatchObject({ accepted: 1, invalid: 0 });
  });

  test('trailing empty CSV rows, as spreadsheets write them, add no items', async () => {
    const row = `${codeOf(84)},1.013225,H60.01,received,${AT}`;
    const { told, ...tally } = await load(
      'ends.csv',
      ['code,serviceCode,agencyCode,status,statusAt', ',,,,', row, ',,,,', ' , ,\t,,', ',,,', '"","",,,', ''].join(
        '\r\n',
      ),
    );
    expect(told).toEqual([]);
    expect(tally).toMatchObject({ accepted: 1, invalid: 0 });
  });

  test("CSV from other tools, with a ' before a formula-like text, and divided lists", async () => {
    const head =
      'code;serviceCode;agencyCode;status;statusAt;applicant.name;applicant.phone;fees.0.amountVnd;databases';
    const { told } = await load(
      'marked.csv',
      `${head}\n${codeOf(85)};1.013225;H60.01;received;${AT};'n Ba;'+84912345678;'-1;A\\|B|C:\\D\\\\\n${codeOf(86)};1.013225;H60.01;received;${AT};'n Ba;'+84912345678;1;A\\|B|C:\\D\\\\`,
    );
    expect(told).toEqual(['2 invalid /fees/0/amountVnd']);
    expect((await hub.read(`/api/v1/dossiers/${codeOf(86)}`, 'personal')).body).toMatchObject({
      applicant: { name: "'n Ba", phone: '+84912345678' },
      databases: ['A|B', 'C:\\D\\'],
    });
  });

  test('values masked by export are refused by their place, those masked by others are not', async () => {
    const applicants: readonly [object, readonly string[]][] = [
      [{ name: 'N***** V** A*', phone: '********78' }, ['/applicant/name', '/applicant/phone']],
      [{ kind: 'enterprise', name: 'Công ty An', address: '********************ân' }, ['/applicant/address']],
      [{ kind: 'enterprise', name: 'C***' }, []],
      [{ name: 'Nguyễn V** A*' }, []],
      [{ name: 'Y B', address: '* 12 Lê Lợi' }, []],
    ];
    for (const [at, [applicant, places]] of applicants.entries()) {
      const { told, problems, invalid } = await load(
        `masked-${at}.json`,
        JSON.stringify(dossier({ code: codeOf(90 + at), applicant })),
      );
      expect({ told, invalid }).toEqual({
        told: places.slice(0, 1).map((path) => `1 invalid ${path}`),
        invalid: Math.min(places.length, 1),
      });
      for (const problem of problems) expect(problem).toContain('is masked, as export writes it without --personal');
    }
    expect(await hub.hub.rebuild()).toMatchObject({ identical: true, found: 0 });
  });

  test('CSV with an unclosed quote ends there with an error', async () => {
    const row = (n: number, name: string): string => `${codeOf(n)},1.013225,H60.01,received,${AT},${name}`;
    const head = 'code,serviceCode,agencyCode,status,statusAt,applicant.name';
    const rows = [row(70, 'An'), row(71, '"Bình'), row(72, 'Chi')];
    for (const end of ['', row(73, '"Dũng"')]) {
      const { invalid, problems } = await load(`h${end.length}.csv`, [head, ...rows, end].join('\n'));
      expect({ invalid, problems }).toEqual({
        invalid: 1,
        problems: [expect.stringMatching(/near line \d.*not read/)],
      });
    }
  });

  test('steps before their dossier wait, and are read again from the stored file', async () => {
    const steps = [progress({ code: codeOf(1) }), progress({ code: codeOf(50) })];
    const { told, problems: _, ...tally } = await load('d.json', JSON.stringify(steps), 'dossier.progress.v1');
    expect(tally).toMatchObject({ accepted: 1, quarantined: 1 });
    expect(told).toEqual(['1 quarantined /code']);
    await load('e.json', JSON.stringify(dossier({ code: codeOf(50) })));
    await expect.poll(async () => (await hub.read(`/api/v1/dossiers/${codeOf(50)}`)).body?.status).toBe('processing');
    expect(await hub.hub.rebuild()).toMatchObject({ identical: true, found: 0 });
  });

  test('a repeated file changes nothing, under any name', async () => {
    const text = JSON.stringify([dossier({ code: codeOf(60) })]);
    await load('f.json', text);
    const before = await messages();
    expect(await load('g.json', text)).toMatchObject({ accepted: 1, duplicate: 0 });
    expect(await messages()).toBe(before);
  });

  test('an import that is cut off is in the audit, and its repeat continues', async () => {
    const { pool } = hub.hub.database;
    const settings = testFolder({ parties: { 'one-stop': { adapter: 'one-stop' } } });
    const codes = Array.from({ length: 501 }, (_, n) => codeOf(1000 + n));
    writeFileSync(
      join(settings.path, 'many.ndjson'),
      codes.map((code) => JSON.stringify(dossier({ code }))).join('\n'),
    );
    const env = { DATABASE_URL: hub.databaseUrl, HUB_SECRET, HUB_CONFIG: settings.configPath };
    const imported = () => lienthongHere(['import', 'one-stop', 'many.ndjson'], env, settings.path);
    await pool.query(`CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF NEW.code = '${codes.at(-1)}' THEN RAISE EXCEPTION 'cut off'; END IF; RETURN NEW; END $$`);
    await pool.query('CREATE TRIGGER cut BEFORE INSERT ON dossiers FOR EACH ROW EXECUTE FUNCTION cut()');
    const audited = async () =>
      (await pool.query(`SELECT action, subject FROM audit WHERE actor = 'lienthong import' ORDER BY position`)).rows;
    try {
      expect((await imported()).code).toBe(2);
      expect((await hub.read(`/api/v1/dossiers/${codes[0]}`)).status).toBe(200);
      const subject = expect.stringMatching(/^party one-stop: dossier\.upsert\.v1 file:/);
      expect(await audited()).toEqual([{ action: 'import.begun', subject }]);
      await pool.query('DROP TRIGGER cut ON dossiers');
      expect((await imported()).code).toBe(0);
      expect((await audited()).map(({ action }) => action)).toEqual(['import.begun', 'import.begun', 'import']);
    } finally {
      settings.remove();
    }
  });

  test.each([
    ['utf16.csv', Buffer.from('\ufeffcode,status\n', 'utf16le'), /UTF-16, expected UTF-8/],
    ['old.csv', Buffer.from([0x63, 0x6f, 0x64, 0x65, 0x0a, 0xe2, 0x41]), /not UTF-8.*nothing was taken/],
    ['cut.csv', Buffer.from('code\nÀ').subarray(0, 6), /not UTF-8/],
    ['columns.csv', 'code,ten,status\nx,y,z\n', /"ten"; expected names such as code, serviceCode/],
    ['twice.csv', 'code,status,code\nx,y,z\n', /"code" twice/],
    ['proto.csv', '__proto__.x,code\n1,2\n', /"__proto__\.x"/],
    ['empty.json', ' \n', /is empty/],
    ['plain.txt', 'hello', /--format json\|ndjson\|csv/],
  ])('%s is refused before any item is imported', async (name, content, says) => {
    const before = await messages();
    await expect(load(name, content)).rejects.toThrow(says);
    expect(await messages()).toBe(before);
  });
});

const AT = '2025-08-12T08:15:00+07:00';
