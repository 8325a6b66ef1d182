import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { msToInstant } from '#core/dates/dates';
import { readItem } from '#core/dossier/item';
import type { Operation } from '#schemas/operations';
import { loadConfig } from '../../src/config/config.ts';
import { createHub, type Hub } from '../../src/hub.ts';
import { loadAdapters } from '../../src/parties/load-adapters.ts';

export interface CatalogueEntry {
  readonly code: string;
  readonly name: string;
  readonly inForce: boolean;
  readonly fieldCode?: string;
  readonly fieldName?: string;
}

const OPERATIONS = {
  fields: 'field.upsert.v1',
  agencies: 'agency.upsert.v1',
  services: 'service.upsert.v1',
} as const satisfies Record<string, Operation>;
type Kind = keyof typeof OPERATIONS;

export function readCatalogue(kind: Kind): readonly CatalogueEntry[] {
  return JSON.parse(fileOf(kind).toString());
}

/** Creates a hub's tables with these settings, and loads the catalogue, so that no dossier has an unknown code. */
export async function prepareHub(env: NodeJS.ProcessEnv): Promise<void> {
  const config = loadConfig(env);
  const log = pino({ level: 'error' }, pino.destination(2));
  const hub = await createHub(config, config.databaseUrl as string, await loadAdapters(), log);
  try {
    for (const kind of Object.keys(OPERATIONS) as Kind[]) await load(hub, kind);
    // Items freed by the new entries are released after the reply.
    await hub.pipeline.sweep();
  } finally {
    await hub.stop();
  }
}

async function load(hub: Hub, kind: Kind): Promise<void> {
  const body = fileOf(kind);
  const { results } = await hub.pipeline.accept({
    receivedAt: msToInstant(Date.now()),
    party: 'one-stop',
    door: 'rest',
    operation: OPERATIONS[kind],
    keyName: undefined,
    mediaType: 'application/json',
    body,
    bodyBytes: body.length,
    items: readCatalogue(kind).map((entry) => readItem(OPERATIONS[kind], entry)),
  });
  const wrong = results.find(({ outcome }) => outcome !== 'accepted');
  if (wrong) throw new Error(`fixtures/catalogue/${kind}.json: ${JSON.stringify(wrong)}`);
}

function fileOf(kind: Kind): Buffer {
  return readFileSync(join(import.meta.dirname, '../../fixtures/catalogue', `${kind}.json`));
}
