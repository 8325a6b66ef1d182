import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { commandScene } from '../support/command-scene.ts';

describe('lienthong archive', () => {
  const scene = commandScene();
  let recipient: string;
  beforeAll(async () => {
    const key = JSON.parse((await scene.here('keys', 'recovery', '--json')).out);
    recipient = key.recipient;
    writeFileSync(join(scene.folder, 'recovery.key'), `${key.secret}\n`);
  });
  const archive = (month: string, to = recipient) => scene.here('archive', month, '--for', to, '--json');

  test('writes a month that import takes back, and evidence verify reads its manifest', async () => {
    const { code, out } = await archive('2025-08');
    expect([code, JSON.parse(out)]).toMatchObject([
      0,
      { month: '2025-08', files: [{ name: 'messages.copy.age' }, {}, {}, {}] },
    ]);
    const back = await scene.here('import', '--archive', 'lienthong-2025-08', '--key', 'recovery.key');
    expect([back.code, back.out]).toEqual([0, expect.stringContaining('2025-08: 0 messages')]);
    const manifest = await scene.here('evidence', 'verify', 'lienthong-2025-08/manifest.jws');
    expect([manifest.code, manifest.out]).toEqual([0, expect.stringContaining('the archive of 2025-08')]);
    const { rows } = await scene.query(`SELECT action FROM audit WHERE action LIKE 'archive.%' ORDER BY id`);
    expect(rows).toEqual([{ action: 'archive.written' }, { action: 'archive.taken-back' }]);
  });

  test('a flipped byte, a missing file and another key are each named, and nothing is imported', async () => {
    const other = JSON.parse((await scene.here('keys', 'recovery', '--json')).out);
    writeFileSync(join(scene.folder, 'other.key'), `${other.secret}\n`);
    const damaged = (name: string): string => {
      cpSync(join(scene.folder, 'lienthong-2025-08'), join(scene.folder, name), { recursive: true });
      return join(scene.folder, name);
    };
    const path = join(damaged('flipped'), 'changes.copy.age');
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    writeFileSync(path, bytes);
    rmSync(join(damaged('missing'), 'attempts.copy.age'));
    for (const [folder, key, words] of [
      ['flipped', 'recovery.key', 'changes.copy.age: was changed after it was written'],
      ['missing', 'recovery.key', 'attempts.copy.age: is missing'],
      ['lienthong-2025-08', 'other.key', 'messages.copy.age: this recovery key does not open the file'],
    ] as const) {
      const { code, errors } = await scene.here('import', '--archive', folder, '--key', key);
      expect([folder, code, errors]).toEqual([folder, 2, expect.stringContaining(words)]);
    }
    const { rows } = await scene.query(`SELECT 1 FROM audit WHERE action = 'archive.taken-back'`);
    expect(rows).toHaveLength(1);
  });

  test('leaves nothing behind when a signal ends it, and says so', async () => {
    const other = await scene.session();
    // The archive waits for its second table.
    await other.query('BEGIN; LOCK TABLE events');
    const { child, ended } = scene.start('archive', '2025-07', '--for', recipient);
    const made = () => readdirSync(scene.folder).filter((name) => name.includes('2025-07'));
    await expect.poll(made, { timeout: 20_000 }).toEqual(['lienthong-2025-07.part']);
    child.kill('SIGTERM');
    const { errors } = await ended;
    await other.end();
    expect([child.signalCode, errors]).toEqual([
      'SIGTERM',
      expect.stringContaining('lienthong: SIGTERM ended the command before it was done\n'),
    ]);
    expect(made()).toEqual([]);
  });

  test('refuses wrong use before it writes anything, and says what was expected', async () => {
    const thisMonth = new Date().toISOString().slice(0, 7);
    for (const [{ code, errors }, words] of [
      [await archive('2025-08'), 'an archive is never overwritten'],
      [await archive(thisMonth), 'is not over'],
      [await archive('2025-13'), 'expected one such as 2025-08'],
      [await archive('2025-07', 'age1short'), 'expected the public half of a recovery key'],
      [await scene.here('import', '--archive', 'lienthong-2025-08'), 'expected --key'],
      [await scene.here('import', '--archive', 'nowhere', '--key', 'recovery.key'), 'there is no folder nowhere'],
      [await scene.here('import', 'one-stop'), 'expected a party and at least one file'],
    ] as const)
      expect([code, errors]).toEqual([2, expect.stringContaining(words)]);
  });
});
