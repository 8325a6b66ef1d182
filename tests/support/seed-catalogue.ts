import { readFileSync } from 'node:fs';
import { readItem } from '#core/dossier/item';
import type { Operation } from '#schemas/operations';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { type Partner, type TestHub, testPartner } from './hub.ts';

const KINDS = {
  fields: 'field.upsert.v1',
  agencies: 'agency.upsert.v1',
  services: 'service.upsert.v1',
} as const satisfies Record<string, Operation>;
type Kind = keyof typeof KINDS;

/** The records of fixtures/catalogue. */
export function seedOf(kind: Kind): readonly Record<string, unknown>[] {
  return JSON.parse(readFileSync(new URL(`../../fixtures/catalogue/${kind}.json`, import.meta.url), 'utf8'));
}

/** A partner from which a hub pulls these records. */
export function catalogueSource(records: Partial<Record<Kind, readonly object[]>>): Partner {
  const pull = ([kind, operation]: [string, Operation]) => ({
    schedule: '0 0 2 * * *',
    next: async () => ({
      bodies: [{ body: Buffer.from(JSON.stringify(records[kind as Kind] ?? [])), mediaType: 'application/json' }],
      checkpoint: null,
      more: false,
    }),
    read: (body: Uint8Array) =>
      (JSON.parse(Buffer.from(body).toString()) as unknown[]).map((record) => readItem(operation, record)),
  });
  return testPartner({ pull: Object.fromEntries(Object.entries(KINDS).map((one) => [one[0], pull(one)])) });
}

/** Makes the hub pull everything from its party `source`. */
export async function pullCatalogue(hub: TestHub): Promise<void> {
  const kinds = Object.keys(KINDS);
  await makePullsDue(hub.hub.database, 'source', kinds, hub.clock.nowMs);
  for (const kind of kinds) await hub.hub.pipeline.pull('source', kind);
}
