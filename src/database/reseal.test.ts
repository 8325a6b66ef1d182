import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dossier, progress, type TestHub, testHub, testPartner } from '../../tests/support/hub.ts';
import { createVault } from '../secrets/vault.ts';
import { reseal } from './reseal.ts';

const OLD = 'a-secret-of-the-tests-that-is-long-enough';
const NEW = 'another-secret-of-the-tests-that-is-long-enough';
const CODE = 'H60.01-250812-0035';

const NOTHING = {
  dossiers: 0,
  messages: 0,
  events: 0,
  attempts: 0,
  records: 0,
  record_events: 0,
  files: 0,
  file_fetches: 0,
  legal_holds: 0,
  uploads: 0,
  dropped_files: 0,
};

describe('reseal', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await testHub({
      partners: { portal: testPartner() },
      routes: [{ from: 'one-stop', operation: 'dossier.upsert.v1', to: ['portal'] }],
    });
    await hub.push(dossier());
    await hub.push(progress(), { what: 'progress' });
    await hub.push(
      Array.from({ length: 450 }, (_, at) => dossier({ code: `H60.01-250812-${at + 1_000}`, applicant: undefined })),
    );
    await hub.deliver();
    const sealed = createVault([OLD]).seal('[]');
    await pool().query('UPDATE attempts SET wire = $1, wire_key = $2 WHERE delivery_id % 2 = 0', [
      sealed.bytes,
      sealed.keyId,
    ]);
  });
  afterEach(() => hub.close());

  const pool = () => hub.hub.database.pool;
  const renew = (secrets: readonly [string, ...string[]], tell: Parameters<typeof reseal>[3] = () => undefined) =>
    reseal(hub.hub.database, createVault(secrets), hub.hub.kinds, tell);

  async function everySealed() {
    const { rows } = await pool().query<{ place: string; bytes: Buffer; keyId: number }>(
      `SELECT 'dossiers ' || code AS place, sealed AS bytes, sealed_key AS "keyId" FROM dossiers
       UNION ALL SELECT 'messages ' || id, body, body_key FROM messages
       UNION ALL SELECT 'events ' || code || ' ' || seq, record, record_key FROM events
       UNION ALL SELECT 'attempts ' || delivery_id || ' ' || number, wire, wire_key FROM attempts WHERE wire IS NOT NULL`,
    );
    return rows;
  }

  // Comparing texts takes milliseconds, comparing buffers byte by byte takes seconds.
  const asText = ({ place, bytes, keyId }: Awaited<ReturnType<typeof everySealed>>[number]): string =>
    `${place} ${keyId} ${bytes.toString('base64')}`;

  async function plain(secret: string): Promise<Map<string, string>> {
    const vault = createVault([secret]);
    return new Map((await everySealed()).map((row) => [row.place, vault.open(row).toString()]));
  }

  test('the new secret alone opens everything afterwards, and nothing else changes', async () => {
    const before = await plain(OLD);
    const told: number[] = [];
    const report = await renew([NEW, OLD], ({ done, total }) => {
      told.push(done);
      expect(total).toBe(before.size);
    });
    expect(report.unopened).toBe(0);
    expect(report.resealed).toMatchObject({ dossiers: 451, messages: 3, events: 452 });
    expect(told.at(-1)).toBe(before.size);
    expect(await plain(NEW)).toEqual(before);
  });

  test("a citizen's proof is valid under the new secret", async () => {
    await renew([NEW, OLD]);
    const { rows } = await pool().query('SELECT phone_proof, identity_proof FROM dossiers WHERE code = $1', [CODE]);
    const vault = createVault([NEW]);
    expect(rows).toEqual([{ phone_proof: vault.proof(CODE, '0001'), identity_proof: vault.proof(CODE, '0001') }]);
    const both = createVault([NEW, OLD]);
    const before = createVault([OLD]).proof(CODE, '0001');
    expect([both.proves(CODE, '0001', before), both.proves(CODE, '0002', before)]).toEqual([true, false]);
    expect(vault.proves(CODE, '0001', before)).toBe(false);
    const without = await pool().query(
      'SELECT count(*) AS n FROM dossiers WHERE phone_proof IS NULL AND identity_proof IS NULL',
    );
    expect(without.rows[0].n).toBe(450);
  });

  test('a second run does the rest, and nothing twice', async () => {
    const ended = renew([NEW, OLD], () => {
      throw new Error('ended');
    });
    await expect(ended).rejects.toThrow('ended');
    const { resealed } = await renew([NEW, OLD]);
    expect(resealed.dossiers).toBe(251);
    expect((await renew([NEW, OLD])).resealed).toEqual(NOTHING);
    expect((await plain(NEW)).size).toBe((await everySealed()).length);
  });

  test('a value that no given secret opens is counted and stays unchanged', async () => {
    const before = (await everySealed()).map(asText);
    const { resealed, unopened } = await renew([NEW]);
    expect(resealed).toEqual(NOTHING);
    expect(unopened).toBe(before.length);
    expect((await everySealed()).map(asText)).toEqual(before);
  });
});
