// Writes src/database/tables.ts from a database that it creates, migrates and drops. Run: npm run tables
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadBuilt } from './build.mjs';

const { openDatabase } = await loadBuilt('src/database/pool.js');
const { migrate } = await loadBuilt('src/database/migrate.js');
const { tableTypes } = await loadBuilt('src/database/table-types.js');
const { url, drop } = await (process.env.DATABASE_URL ? ownDatabase(process.env.DATABASE_URL) : embedded());
const database = openDatabase(url, { size: 1 });
try {
  await migrate(database, Date.now());
  const target = path.join(import.meta.dirname, '..', 'src', 'database', 'tables.ts');
  fs.writeFileSync(target, await tableTypes(database.pool));
} finally {
  await database.close();
  await drop();
}

async function ownDatabase(serverUrl) {
  const { createOwnDatabase } = await loadBuilt('src/play/stage/own-database.js');
  return createOwnDatabase(serverUrl);
}

async function embedded() {
  const { startEmbeddedPostgres } = await loadBuilt('src/embedded-postgres/start.js');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'lienthong-tables-'));
  fs.chmodSync(folder, 0o755); // as root, PostgreSQL runs as another user
  const server = await startEmbeddedPostgres({ dataDir: path.join(folder, 'data') });
  const drop = async () => {
    await server.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  };
  return { url: server.url, drop };
}
