import { join } from 'node:path';
import axios from 'axios';
import type { Fault, LedgerEntry } from '../../kit/testing/simulator/simulator.ts';
import { type Child, startListening } from '../stage/child.ts';
import type { Folder } from '../stage/folder.ts';

export const PARTNERS = ['national-portal', 'civil-status', 'one-stop'] as const;
export type PartnerName = (typeof PARTNERS)[number];

/** A partner's own book of what it took. The hub has no part in it. */
export interface Book {
  readonly count: number;
  readonly repeats: number;
  readonly entries: readonly LedgerEntry[];
}

/** A partner's simulator, in a process of its own. */
export interface Partner<Name extends string = string> {
  readonly name: Name;
  readonly url: string;
  readonly child: Child;
  /** Injects faults at the partner. */
  fault(...faults: readonly Fault[]): Promise<void>;
  book(): Promise<Book>;
}

export type Partners = Readonly<Record<PartnerName, Partner>>;

export async function startPartners(folder: Pick<Folder, 'path'>): Promise<Partners> {
  const started = await Promise.all(PARTNERS.map((name) => startPartner(name, folder)));
  return Object.fromEntries(started.map((partner) => [partner.name, partner])) as Partners;
}

/** @param adapter the adapter with the simulator, if its name differs from the partner's */
export async function startPartner<Name extends string>(
  name: Name,
  folder: Pick<Folder, 'path'>,
  adapter: string = name,
): Promise<Partner<Name>> {
  const { child, url } = await startListening({
    script: 'src/kit/testing/simulator/run-simulator.ts',
    args: [adapter],
    logFile: join(folder.path, `${name}.log`),
    onLine: () => undefined,
  });
  return {
    name,
    url,
    child,
    async fault(...faults) {
      await axios.post(`${url}/__simulator/faults`, faults, { proxy: false });
    },
    async book() {
      const { data } = await axios.get<Book>(`${url}/__simulator/ledger`, { proxy: false });
      return data;
    },
  };
}
