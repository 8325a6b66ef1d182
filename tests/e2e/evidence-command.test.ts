import { generateKeyPairSync, hkdfSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CompactSign } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDocumentKey, signDocument } from '../../src/secrets/signed-documents.ts';
import { dossier, HUB_SECRET, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { lienthongHere, type Ran, startLienthong } from '../support/lienthong.ts';
import { testFolder } from '../support/process.ts';

const CODE = 'H60.01-250812-0035';
const BODY = JSON.stringify(dossier({ aliases: [{ party: 'one-stop', code: 'BN-17' }] }));

let hub: TestHub;
const {
  path: folder,
  configPath,
  remove,
} = testFolder({
  province: { code: 'H60', name: 'Tỉnh Tuyên Quang' },
  parties: { 'one-stop': { adapter: 'one-stop' } },
});
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return name;
};
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

let keys: { readonly keys: readonly Record<string, string>[] };
let receipt: string;

beforeAll(async () => {
  hub = await testHub({
    nowMs: Date.now(),
    partners: { portal: testPartner() },
    routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
  });
  receipt = (await hub.push(BODY)).receipt;
  await hub.deliver();
  await hub.push([progress()], { what: 'progress' });
  keys = (await hub.read('/.well-known/jwks.json')).body;
  file('jwks.json', JSON.stringify(keys));
  file('body.json', BODY);
  file('other.json', `${BODY}\n`);
});
afterAll(async () => {
  await hub.close();
  remove();
});

/** The settings of a hub: the database's address. Verifying needs none of them. */
const env = () => ({ DATABASE_URL: hub.databaseUrl, HUB_SECRET, HUB_CONFIG: configPath });
const write = (...args: string[]): Promise<Ran> => lienthongHere(['evidence', ...args], env(), folder);
const verify = (...args: string[]): Promise<Ran> => lienthongHere(['evidence', 'verify', ...args], {}, folder);
const kid = (): string => keys.keys[0]?.kid ?? '';

describe('lienthong evidence', () => {
  test('writes a file that verifies anywhere: its signer, and what happened when', async () => {
    const written = await startLienthong(['evidence', 'bn-17', 'one.jws'], env(), folder).ended;
    expect(written).toMatchObject({ code: 0, out: `the evidence of ${CODE} is written to one.jws\n` });
    expect(statSync(join(folder, 'one.jws')).mode & 0o777).toBe(0o600);
    // In a separate process, without database and settings.
    const { code, out, errors } = await startLienthong(
      ['evidence', 'verify', 'one.jws', '--keys', 'jwks.json'],
      {},
      folder,
    ).ended;
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(out).toContain(`one.jws is as it was signed: evidence of ${CODE}`);
    expect(out).toMatch(new RegExp(`signed for H60 Tỉnh Tuyên Quang at .* by the key ${kid()}\n`));
    expect(out).toContain('that key is one of jwks.json\n');
    expect(out).toContain('also known as BN-17 (one-stop)');
    const order = [
      /one-stop sent dossier\.upsert\.v1 by rest \(key one-stop\): message .*, item 0 accepted, SHA-256 [0-9a-f]{64}/,
      /step 1 recorded: received at 2025-08-12T08:15:00\+07:00, as one-stop says/,
      /delivery 1 of dossier\.upsert\.v1 to portal created of step 1; its state now is delivered/,
      /delivery 1 of dossier\.upsert\.v1 to portal, attempt 1: delivered/,
      /the audit's newest entry was number 1, with the link [0-9a-f]{64}/,
    ].map((line) => out.search(line));
    expect([order.includes(-1), order]).toEqual([false, order.toSorted((one, other) => one - other)]);
    const { rows } = await hub.hub.database.pool.query('SELECT actor, action, subject FROM audit');
    expect(rows).toEqual([{ actor: 'lienthong evidence', action: 'dossier.evidence', subject: `dossier ${CODE}` }]);
  });

  test('without published keys it says that none was compared, and shows the thumbprint to compare', async () => {
    await write(CODE, 'two.jws');
    const { code, out } = await verify('two.jws');
    expect(code).toBe(0);
    expect(out).toContain(`was NOT compared with a published one: check that ${kid()} is a kid in`);
  });

  test('names the message with exactly the bytes of a file, and ends with 1 without one', async () => {
    await write(CODE, 'three.jws');
    const found = await verify('three.jws', '--body', 'body.json', '--json');
    const [message] = JSON.parse(found.out).content.messages;
    expect([found.code, JSON.parse(found.out)]).toMatchObject([
      0,
      { type: 'evidence', kid: kid(), isKeyPublished: false, body: { messages: [message.id] } },
    ]);
    const other = await verify('three.jws', '--body', 'other.json');
    expect([other.code, other.out]).toEqual([1, expect.stringContaining('NO message has exactly the bytes of')]);
  });

  test('verifies a signed receipt too', async () => {
    const path = `/api/v1/parties/one-stop/receipts/${receipt}`;
    const response = await hub.request('GET', path, 'one-stop', undefined, { Accept: 'application/jose' });
    file('receipt.jws', await response.text());
    const { code, out } = await verify('receipt.jws', '--keys', 'jwks.json', '--body', 'body.json');
    expect(code).toBe(0);
    expect(out).toContain(`receipt.jws is as it was signed: receipt ${receipt}`);
    expect(out).toContain(`message ${receipt} has exactly the bytes of body.json`);
    expect(out).toContain(`  0  ${CODE}  accepted`);
  });

  test('names a message that is no longer stored', async () => {
    const pool = hub.hub.database.pool;
    const { rows } = await pool.query('DELETE FROM messages WHERE receipt <> $1 RETURNING id', [receipt]);
    await write(CODE, 'four.jws');
    expect((await verify('four.jws')).out).toContain(`message ${rows[0].id} arrived; it is no longer stored`);
    await pool.query('DELETE FROM events WHERE seq = 2');
    await write(CODE, 'four.jws', '--force');
    expect((await verify('four.jws')).out).toContain('1 of 2 steps are stored');
  });

  test('writes to stdout too, and does not overwrite an existing file', async () => {
    const { code, out } = await write(CODE, '-');
    expect(code).toBe(0);
    file('stdout.jws', out);
    expect((await verify('stdout.jws', '--keys', 'jwks.json')).code).toBe(0);
    expect(await write(CODE, 'stdout.jws')).toMatchObject({ code: 2, errors: /--force overwrites it/ });
    expect(read('stdout.jws')).toBe(out);
    expect(await write(CODE, 'stdout.jws', '--force', '--json')).toMatchObject({ code: 0 });
    expect(read('stdout.jws')).not.toBe(out);
    expect(await write(CODE, '-', '--json')).toMatchObject({ code: 2 });
    expect(await write('H60.01-250812-9999', 'none.jws')).toMatchObject({ code: 1, errors: /nothing is stored/ });
    expect(existsSync(join(folder, 'none.jws'))).toBe(false);
  });

  test('a write failure is explained, and leaves no file', async () => {
    mkdirSync(join(folder, 'a-folder'));
    for (const name of ['a-folder', 'no-such-folder/x.jws'])
      expect(await write(CODE, name, '--force')).toMatchObject({
        code: 1,
        out: '',
        errors: expect.stringContaining(`lienthong: ${name} could not be written: `),
      });
    expect(existsSync(join(folder, 'a-folder.part'))).toBe(false);
    // A foreign file in the place of the part stays.
    mkdirSync(join(folder, 'five.jws.part'));
    expect(await write(CODE, 'five.jws')).toMatchObject({
      code: 1,
      errors: expect.stringContaining('lienthong: five.jws could not be written: '),
    });
  });
});

describe('lienthong evidence verify refuses', () => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const opened = (signed: string) => signed.trim().split('.') as [string, string, string];
  const headerOf = (signed: string) => JSON.parse(Buffer.from(opened(signed)[0], 'base64url').toString());

  async function refused(content: string, says: RegExp, ...args: string[]): Promise<void> {
    file('refused.jws', content);
    const { code, out, errors } = await verify('refused.jws', ...args);
    expect({ code, out, errors }).toEqual({ code: 1, out: '', errors: expect.stringMatching(says) });
    expect(errors).not.toMatch(/\n\s+at /);
  }

  let signed: string;
  beforeAll(async () => {
    signed = (await write(CODE, '-')).out.trim();
  });

  test('any changed byte', async () => {
    const [header, payload, signature] = opened(signed);
    const said = Buffer.from(payload, 'base64url').toString();
    const changed = Buffer.from(said.replace('"received"', '"returned"')).toString('base64url');
    expect(changed).not.toBe(payload);
    for (const keys of [[], ['--keys', 'jwks.json']]) {
      await refused([header, changed, signature].join('.'), /it was changed, or another key/, ...keys);
      await refused([part({ ...headerOf(signed), x: 1 }), payload, signature].join('.'), /it was changed/, ...keys);
      const other = signature.startsWith('A') ? 'B' : 'A';
      await refused([header, payload, other + signature.slice(1)].join('.'), /it was changed/, ...keys);
      await refused([header, payload, ''].join('.'), /it was changed/, ...keys);
    }
    await refused(`${header}.${payload}`, /not a compact JWS/);
    await refused('{"keys":[]}', /not a compact JWS/);
  });

  test('a foreign key: under its own name with given keys, and under ours always', async () => {
    const stranger = await createDocumentKey(new Uint8Array(hkdfSync('sha256', 'of a stranger', '', '', 32)));
    const content = JSON.parse(Buffer.from(opened(signed)[1], 'base64url').toString());
    const theirs = await signDocument(stranger, 'evidence', content);
    await refused(theirs, /its key \S+ is none of the given keys/, '--keys', 'jwks.json');
    const asOurs = await signDocument(
      { ...stranger, published: { ...stranger.published, kid: kid() } },
      'evidence',
      content,
    );
    await refused(asOurs, /it was changed, or another key has signed it/, '--keys', 'jwks.json');
    await refused(asOurs, /the key that is called \S+ is another one/);
    // A list of keys with a foreign key under our name.
    file('false.json', JSON.stringify({ keys: [{ ...stranger.published, kid: kid() }] }));
    await refused(asOurs, /the key that is called \S+ is another one/, '--keys', 'false.json');
    await refused(await signDocument(stranger, 'evidence', { messages: 'no' }), /nothing that a hub writes/);
  });

  test('a missing signature, a public key used as a secret, and a signature for another use', async () => {
    const [, payload] = opened(signed);
    const header = headerOf(signed);
    await refused(`${part({ ...header, alg: 'none' })}.${payload}.`, /signed by "none", expected EdDSA/);
    const secret = Buffer.from(keys.keys[0]?.x ?? '', 'base64url');
    const hs256 = await new CompactSign(Buffer.from(payload, 'base64url'))
      .setProtectedHeader({ ...header, alg: 'HS256' })
      .sign(secret);
    for (const keys of [[], ['--keys', 'jwks.json']])
      await refused(hs256, /signed by "HS256", expected EdDSA/, ...keys);
    const { privateKey } = generateKeyPairSync('ed25519');
    const foreign = await new CompactSign(Buffer.from(payload, 'base64url'))
      .setProtectedHeader({ ...header, typ: 'JWT' })
      .sign(privateKey);
    await refused(foreign, /its typ is "JWT", expected one of lienthong-receipt/);
  });

  test('an unreadable file, with 2', async () => {
    file('good.jws', signed);
    file('nothing.json', '{}');
    for (const args of [
      ['no.jws'],
      ['good.jws', '--keys', 'no.json'],
      ['good.jws', '--body', 'no'],
      ['good.jws', '--keys', 'nothing.json'],
    ])
      expect([args, (await verify(...args)).code]).toEqual([args, 2]);
    const { code, out } = await verify('no.jws', '--json');
    expect([code, JSON.parse(out).error]).toEqual([2, expect.stringContaining('cannot be read')]);
  });
});
