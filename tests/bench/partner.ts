import { SIMULATOR_TOKEN } from '../../adapters/one-stop/simulator.ts';
import type { PartnerOrder, PartnerState, Taken } from './fast-partner.ts';
import { compare } from './ledger-check.ts';
import { startWorker } from './workers.ts';

/** A partner that costs next to nothing, in a separate process, with a book of its dossiers; see fast-partner.ts. */
export interface Partner {
  readonly url: string;
  /** As a hub's configuration names it. */
  readonly party: PartyConfig;
  /** Whether it took each of these dossiers once and nothing else. */
  problems(acknowledged: readonly string[]): Promise<readonly string[]>;
  taken(): Promise<readonly Taken[]>;
  /** How much it took so far, and between which moments. */
  count(): Promise<{ readonly count: number; readonly firstAtMs: number; readonly lastAtMs: number }>;
  /** From now on its address is unreachable. */
  leave(): Promise<void>;
  stop(): Promise<void>;
}

export interface PartyConfig {
  readonly adapter: string;
  readonly settings: object;
}

/** The adapter for it: one dossier a call, or ten. */
export type PartnerKind = 'one-stop' | 'national-portal';

export async function startPartner(kind: PartnerKind = 'one-stop'): Promise<Partner> {
  const worker = startWorker<PartnerOrder, PartnerState>('tests/bench/fast-partner.ts');
  const { url } = (await worker.ask('open')) as { url: string };
  const taken = async (): Promise<readonly Taken[]> =>
    ((await worker.ask('taken')) as { taken: readonly Taken[] }).taken;
  return {
    url,
    party: partyOf(kind, url),
    taken,
    count: () => worker.ask('count') as ReturnType<Partner['count']>,
    problems: async (acknowledged) => compare('the partner', await taken(), acknowledged),
    leave: async () => void (await worker.ask('leave')),
    stop: async () => worker.stop(),
  };
}

/** The party entry of a partner at this address. */
export function partyOf(kind: PartnerKind, url: string): PartyConfig {
  if (kind === 'one-stop') return { adapter: kind, settings: { baseUrl: url, token: SIMULATOR_TOKEN } };
  const account = {
    username: 'phep-do',
    password: 'mat-khau-cua-phep-do',
    dstcode: 'VN:GOV:000.00.00.G22:vpcpdvcprovider',
  };
  return { adapter: kind, settings: { adapterUrl: url, ...account, madonvi: 'H60' } };
}
