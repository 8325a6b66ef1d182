import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { loadConfig } from '../../../src/config/config.ts';
import { createHub, type Hub } from '../../../src/hub.ts';
import { loadAdapters } from '../../../src/parties/load-adapters.ts';
import type { Get } from './ask.ts';

export interface Stage {
  readonly settings: Readonly<Record<string, string>>;
  readonly secrets: { readonly reader: string; readonly personal: string };
}

/** The settings of a hub on this database. It has one party, and keys that read. */
export function createStage(folder: string, databaseUrl: string): Stage {
  const secret = (): string => randomBytes(33).toString('base64url');
  const secrets = { reader: secret(), personal: secret() };
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'hub.config.json');
  const config = {
    province: { code: 'H60', name: 'Tỉnh Tuyên Quang' },
    keys: [
      { id: 'reader', secret: secrets.reader, scopes: ['index:read'] },
      { id: 'personal', secret: secrets.personal, scopes: ['index:personal', 'index:read'] },
    ],
    parties: { 'one-stop': { adapter: 'one-stop' } },
    routes: [],
  };
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return {
    secrets,
    settings: {
      DATABASE_URL: databaseUrl,
      HUB_SECRET: secret(),
      HUB_CONFIG: path,
      HUB_DATA_DIR: join(folder, 'data'),
      HUB_ROLES: 'api,worker,scheduler',
    },
  };
}

/** The hub inside this process. Nothing runs by itself until its `start`. */
export async function openHub({ settings }: Stage): Promise<Hub> {
  const log = pino({ level: 'error' }, pino.destination(2));
  return createHub(loadConfig(settings), settings.DATABASE_URL as string, await loadAdapters(), log);
}

/** The same requests without a port. */
export function getInside({ app }: Hub, { secrets }: Stage): Get {
  return async (path) => {
    const reply = await app.request(path, { headers: { Authorization: `Bearer ${secrets.reader}` } });
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
    return (await reply.json()) as { next?: string | null };
  };
}

/**
 * The counting follows the change feed.
 * @param count waits for a hub that counts, or counts
 */
export async function untilCounted(
  get: Get,
  tell: (behind: number | 'all') => void,
  count: () => Promise<void> = () => sleep(500),
): Promise<void> {
  for (;;) {
    const { behind } = (await get('/api/v1/statistics?by=channel')) as { behind?: number | null };
    if (behind === 0) return;
    tell(behind ?? 'all');
    await count();
  }
}
