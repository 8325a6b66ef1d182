import { setTimeout as sleep } from 'node:timers/promises';
import type { Agency } from '#schemas/agency.upsert.v1';
import type { Service } from '#schemas/service.upsert.v1';
import type { Catalogue } from '../day/day.ts';
import type { AskHub } from './hub-client.ts';
import { readMetrics } from './hub-metrics.ts';
import { readAll } from './reading.ts';

const LOOK_MS = 200;
const COMES_WITHIN_MS = 60_000;
/** A catalogue worth a day: a pull that ended early shows in its size. */
const LEAST_SERVICES = 60;

/** Wait until the hub has pulled the catalogue from the national portal, and read it as a portal frontend would. */
export async function waitForCatalogue(ask: AskHub, key: string, signal: AbortSignal): Promise<Catalogue> {
  const labels = { party: 'national-portal', name: 'catalogue', result: 'complete' };
  for (const until = performance.now() + COMES_WITHIN_MS; ; ) {
    if ((await readMetrics(ask)).sum('hub_pulls_total', labels) > 0) break;
    if (performance.now() > until) throw new Error(`the catalogue did not come within ${COMES_WITHIN_MS / 1000} s`);
    await sleep(LOOK_MS, undefined, { signal });
  }
  return readCatalogue(ask, key);
}

/** The catalogue as a portal frontend reads it. */
export async function readCatalogue(ask: AskHub, key: string): Promise<Catalogue> {
  const services = await readAll<Service>(ask, key, '/api/v1/services?inForce=true&limit=200');
  const agencies = await readAll<Agency>(ask, key, '/api/v1/agencies?inForce=true&limit=200');
  if (services.length < LEAST_SERVICES)
    throw new Error(`the catalogue has ${services.length} services in force, expected at least ${LEAST_SERVICES}`);
  return {
    services: services.filter((service) => service.fieldCode && service.fieldName),
    // Dossier codes begin with the agency's; those of this province have room for it.
    agencies: agencies.filter(({ code }) => /^H60(\.\d{1,3}){1,2}$/.test(code)),
  };
}
