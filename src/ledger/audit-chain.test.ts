import { hash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAY_MS } from '#core/dates/dates';
import { render } from '#messages/render';
import { migratedDatabase, type TestDatabase } from '../../tests/support/database.ts';
import { up } from '../database/migrations/011-audit-chain.ts';
import { type Database, openDatabase } from '../database/pool.ts';
import { createVault } from '../secrets/vault.ts';
import { createAudit, listAudit } from './audit.ts';
import { findLateSigned, followChain, loadAnchors, resignAnchors, saveAnchor } from './audit-chain.ts';

const NOW = Date.parse('2025-08-12T08:00:00.123+07:00');
const SECRET = 'a secret of the audit for tests, long enough';
const vault = createVault([SECRET]);

let made: TestDatabase;
let database: Database;
beforeEach(async () => {
  made = await migratedDatabase();
  database = openDatabase(made.url);
});
afterEach(async () => {
  await database.close();
  await made.drop();
});

async function write(...subjects: readonly string[]): Promise<void> {
  const audit = createAudit(database, () => NOW);
  for (const subject of subjects) await audit.write({ actor: 'ops', action: 'party.pause', subject });
}

/** As somebody would who may write to the database: past the trigger. */
async function tamper(...statements: readonly string[]): Promise<void> {
  await database.pool.query(
    `SET session_replication_role = replica; ${statements.join('; ')}; RESET session_replication_role`,
  );
}

const brokenOf = async (): Promise<string | undefined> => {
  const { anchors } = await loadAnchors(database, vault);
  const { broken } = await followChain(database, undefined, anchors);
  return broken && render(broken, 'en');
};

async function sign(nowMs = NOW): Promise<void> {
  await saveAnchor(database, vault, (await followChain(database)).upTo, nowMs);
}

describe('the chain of the audit', () => {
  test('is intact after concurrent writes', async () => {
    const subjects = [
      '"quoted" \\ and\nnew lines\t\u0001\u001f\u007f',
      'Đỗ Thị Ước \u2028 \u{1f600}',
      '',
      'x'.repeat(5_000),
    ];
    const writers = [createAudit(database, () => NOW), createAudit(database, () => NOW + 877)];
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        writers[n % 2]?.write({
          actor: 'ops',
          action: 'dossier.read-personal',
          subject: subjects[n % subjects.length] as string,
          ...(n % 3 === 0 && { why: `vì sao ${n}` }),
        }),
      ),
    );
    expect(await followChain(database)).toMatchObject({ upTo: { position: 60 }, broken: undefined });
  });

  test('can be followed by the list alone', async () => {
    await write('a', 'b');
    let before = hash('sha256', '', 'buffer');
    for (const one of (await listAudit(database, {}, 10, undefined)).toReversed()) {
      const { position, actor, action, subject, why, link } = one;
      const members = [position, Date.parse(one.at), actor, action, subject, why].map((member) =>
        JSON.stringify(member),
      );
      before = hash('sha256', Buffer.concat([before, Buffer.from(`[${members.join(', ')}]`)]), 'buffer');
      expect(before.toString('hex')).toBe(link);
    }
  });

  test.each([
    ['changed', [`UPDATE audit SET subject = 'z' WHERE position = 2`], /^entry 2 \(id 2\) was changed or moved/],
    [
      'given another time',
      [`UPDATE audit SET at = at + interval '1 ms' WHERE position = 4`],
      /^entry 4 .* was changed or moved/,
    ],
    ['left out', ['DELETE FROM audit WHERE position = 3'], /^entry 3 is missing/],
    ['left out at the beginning', ['DELETE FROM audit WHERE position < 3'], /^entries 1 to 2 are missing/],
    ['left out at the end', ['DELETE FROM audit WHERE position > 3'], /^entries 4 to 5 are missing/],
    ['emptied', ['TRUNCATE audit'], /^entries 1 to 5 are missing/],
    [
      'moved',
      [
        'UPDATE audit SET position = position + 100 WHERE position IN (2, 3)',
        'UPDATE audit SET position = 105 - position WHERE position > 100',
      ],
      /^entry 2 .* was changed or moved/,
    ],
    [
      'put in',
      [
        'UPDATE audit SET position = position + 100 WHERE position > 2',
        `INSERT INTO audit (at, actor, action, subject, position, link) SELECT at, actor, action, 'z', 3, link FROM audit WHERE position = 2`,
        'UPDATE audit SET position = position - 99 WHERE position > 100',
      ],
      /^entry 3 .* was changed or moved/,
    ],
    [
      'put in at the end',
      [
        `INSERT INTO audit (at, actor, action, subject, position, link) SELECT at, actor, action, 'z', 6, link FROM audit WHERE position = 5`,
      ],
      /^entry 6 comes after the last written one/,
    ],
    ['no longer known to be the newest', ['DELETE FROM audit_head'], /^entry 1 comes after the last written one/],
    [
      'put back to what it was, with its head',
      [
        'DELETE FROM audit WHERE position > 3',
        'UPDATE audit_head SET (position, link) = (SELECT position, link FROM audit WHERE position = 3)',
      ],
      /^entries 4 to 5 are missing/,
    ],
  ])('shows which entry was %s', async (_, statements, broken) => {
    await write('a', 'b', 'c', 'd', 'e');
    await sign();
    expect(await brokenOf()).toBeUndefined();
    await tamper(...statements);
    expect(await brokenOf()).toMatch(broken);
  });

  test('that was remade without the secret does not match the signatures', async () => {
    await write('a', 'b');
    await sign();
    await write('c');
    await sign(NOW + DAY_MS);
    await tamper(
      `UPDATE audit SET subject = 'z' WHERE position = 1`,
      `UPDATE audit SET link = hub_audit_link(sha256(''), audit) WHERE position = 1`,
      `UPDATE audit a SET link = hub_audit_link(b.link, a) FROM audit b WHERE a.position = 2 AND b.position = 1`,
      `UPDATE audit a SET link = hub_audit_link(b.link, a) FROM audit b WHERE a.position = 3 AND b.position = 2`,
      'UPDATE audit_head SET link = (SELECT link FROM audit WHERE position = 3)',
    );
    expect((await followChain(database)).broken).toBeUndefined();
    expect(await brokenOf()).toMatch(/^entry 2 .* differs from its signature/);
  });

  test('that was changed after its signatures were deleted shows as signed late', async () => {
    const late = async (nowMs: number, sinceDay = '2025-08-12') =>
      findLateSigned(database, (await loadAnchors(database, vault)).anchors, sinceDay, nowMs);
    await write('a');
    await sign();
    for (const day of [1, 2, 3]) {
      const audit = createAudit(database, () => NOW + day * DAY_MS);
      await audit.write({ actor: 'ops', action: 'party.pause', subject: `day ${day}` });
      await sign(NOW + day * DAY_MS);
    }
    expect(await late(NOW + 9 * DAY_MS)).toBeUndefined();
    await tamper(
      'DELETE FROM audit WHERE position = 2',
      'UPDATE audit SET position = position - 1 WHERE position > 2',
      `UPDATE audit a SET link = hub_audit_link(b.link, a) FROM audit b WHERE a.position = 2 AND b.position = 1`,
      `UPDATE audit a SET link = hub_audit_link(b.link, a) FROM audit b WHERE a.position = 3 AND b.position = 2`,
      'UPDATE audit_head SET (position, link) = (SELECT position, link FROM audit WHERE position = 3)',
      `DELETE FROM audit_anchors WHERE day > '2025-08-12'`,
    );
    const changed = { entries: 2, first: '2025-08-14T08:00:00.123+07:00', last: '2025-08-15T08:00:00.123+07:00' };
    expect([await brokenOf(), await late(NOW + 9 * DAY_MS)]).toMatchObject([undefined, { entries: 2 }]);
    await sign(NOW + 9 * DAY_MS);
    expect([await brokenOf(), await late(NOW + 9 * DAY_MS)]).toEqual([undefined, changed]);
    expect(await late(NOW + 40 * DAY_MS, '2025-08-22')).toBeUndefined();
  });

  test('is in time if signed on the next day, or written before the first signature', async () => {
    await write('a', 'b');
    await sign(NOW + 90 * DAY_MS);
    const audit = createAudit(database, () => NOW + 91 * DAY_MS);
    await audit.write({ actor: 'ops', action: 'party.pause', subject: 'c' });
    await sign(NOW + 92 * DAY_MS);
    const { anchors } = await loadAnchors(database, vault);
    expect(await findLateSigned(database, anchors, '2025-08-12', NOW + 93 * DAY_MS)).toBeUndefined();
  });

  test('can be signed by nobody else, and a signature is valid for one day', async () => {
    await write('a');
    await sign();
    await saveAnchor(
      database,
      createVault(['another secret that nobody knows, long enough']),
      { position: 1, link: '00' },
      NOW + DAY_MS,
    );
    await database.pool.query(
      `INSERT INTO audit_anchors SELECT day + 2, signed FROM audit_anchors WHERE day = '2025-08-12'`,
    );
    const { anchors, forged } = await loadAnchors(database, vault);
    expect(anchors.map(({ position }) => position)).toEqual([1]);
    expect(forged).toEqual(['2025-08-13', '2025-08-14']);
  });

  test('is signed again after a change of the secret', async () => {
    await write('a');
    await sign();
    const both = createVault(['the new secret of the audit, long enough as well', SECRET]);
    const next = createVault(['the new secret of the audit, long enough as well']);
    expect((await loadAnchors(database, next)).forged).toHaveLength(1);
    expect([await resignAnchors(database, both), await resignAnchors(database, both)]).toEqual([1, 0]);
    expect(await loadAnchors(database, next)).toMatchObject({ anchors: [{ position: 1 }], forged: [] });
  });

  test('includes entries from before it existed', async () => {
    await database.pool.query(`
      DROP TRIGGER audit_linked ON audit;
      DROP FUNCTION hub_link_audit, hub_audit_link;
      DROP TABLE audit_head, audit_anchors;
      ALTER TABLE audit DROP COLUMN position, DROP COLUMN link;
      INSERT INTO audit (at, actor, action, subject) SELECT now(), 'ops', 'party.pause', n::text FROM generate_series(1, 30) n`);
    await up(database.query as unknown as Kysely<unknown>);
    await write('new');
    expect(await followChain(database)).toMatchObject({ upTo: { position: 31 }, broken: undefined });
  });
});
