import { setTimeout as sleep } from 'node:timers/promises';
import type { Agency } from '#schemas/agency.upsert.v1';
import type { Service } from '#schemas/service.upsert.v1';
import type { Catalogue } from '../day/day.ts';
import { type AskHub, getJson } from './hub-client.ts';
import { readAll } from './reading.ts';

const LOOK_MS = 200;
const ARRIVES_WITHIN_MS = 60_000;
/** A smaller catalogue means that the pull ended early. */
const LEAST_SERVICES = 60;

/** Waits until the hub has pulled the catalogue from the national portal, and reads it as a portal frontend does. */
export async function waitForCatalogue(
  ask: AskHub,
  keys: { readonly ops: string; readonly portal: string },
  signal: AbortSignal,
): Promise<Catalogue> {
  interface Party {
    readonly pulls: readonly { readonly name: string; readonly lastAt: string | null; readonly lastError: unknown }[];
  }
  for (const until = performance.now() + ARRIVES_WITHIN_MS; ; ) {
    const { pulls } = await getJson<Party>(ask, '/api/v1/ops/parties/national-portal', keys.ops);
    const pull = pulls.find(({ name }) => name === 'catalogue');
    if (pull && pull.lastAt !== null && pull.lastError === null) return readCatalogue(ask, keys.portal);
    if (performance.now() > until) throw new Error(`the catalogue did not arrive within ${ARRIVES_WITHIN_MS / 1000} s`);
    await sleep(LOOK_MS, undefined, { signal });
  }
}

/** The catalogue as a portal frontend reads it. */
async function readCatalogue(ask: AskHub, key: string): Promise<Catalogue> {
  const services = await readAll<Service>(ask, key, '/api/v1/services?inForce=true&limit=200');
  const agencies = await readAll<Agency>(ask, key, '/api/v1/agencies?inForce=true&limit=200');
  if (services.length < LEAST_SERVICES)
    throw new Error(`the catalogue has ${services.length} services in force, expected at least ${LEAST_SERVICES}`);
  return {
    services: services.filter((service) => service.fieldCode && service.fieldName),
    // Dossier codes begin with an agency's code; those of this province leave room for it.
    agencies: agencies.filter(({ code }) => /^H60(\.\d{1,3}){1,2}$/.test(code)),
  };
}
