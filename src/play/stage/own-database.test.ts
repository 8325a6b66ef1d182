import { expect, test } from 'vitest';
import { testDatabase } from '../../../tests/support/database.ts';
import { createOwnDatabase, execute } from './own-database.ts';

test('a role that may create no database is wrong settings, with the way out', async () => {
  const database = await testDatabase();
  const role = `own_${new URL(database.url).pathname.slice(1)}`;
  await execute(database.url, `CREATE ROLE ${role} LOGIN PASSWORD 'mat-khau-thu-nghiem'`);
  try {
    const url = Object.assign(new URL(database.url), { username: role, password: 'mat-khau-thu-nghiem' });
    await expect(createOwnDatabase(url.href)).rejects.toMatchObject({
      name: 'ConfigError',
      problems: [expect.stringMatching(/^DATABASE_URL: .*CREATEDB; without DATABASE_URL .*HUB_CONFIG=/)],
    });
  } finally {
    await execute(database.url, `DROP ROLE ${role}`);
    await database.drop();
  }
});
