import { join } from 'node:path';
import axios from 'axios';
import type { Fault, LedgerEntry } from '../../kit/testing/simulator/simulator.ts';
import { type Child, startListening } from '../stage/child.ts';

/** All systems beside the hub, by the id of their party, with the adapter whose simulator plays them. */
const ADAPTERS = {
  'national-portal': 'national-portal',
  'civil-status': 'civil-status',
  'one-stop': 'one-stop',
  construction: 'soap-ministry',
  transport: 'soap-ministry',
  agriculture: 'rest-ministry',
  health: 'rest-ministry',
  population: 'soap-ministry',
  igate: 'igate',
  land: 'rest-ministry',
  'opencps-bus': 'opencps-bus',
  'portal-webhooks': 'webhook-subscriber',
  vnpost: 'vnpost',
  'payment-platform': 'payment-platform',
  sink: undefined,
} as const;

export type ParticipantName = keyof typeof ADAPTERS;

export const PARTNERS = ['national-portal', 'civil-status', 'one-stop'] as const satisfies ParticipantName[];
export type PartnerName = (typeof PARTNERS)[number];

/** Systems of ministries that are connected by settings alone. */
export const MINISTRIES = ['construction', 'transport', 'agriculture', 'health'] as const satisfies ParticipantName[];
export type MinistryName = (typeof MINISTRIES)[number];

/** Answers questions of officers. */
export const REGISTER = 'population' satisfies ParticipantName;

/** The land database. Its simulator plays other systems of the land office too. */
export const LAND = 'land' satisfies ParticipantName;

/** The bus that gets the dossiers of an office with OpenCPS. */
export const BUS = 'opencps-bus' satisfies ParticipantName;

/** Systems with which citizens file by themselves: those ministries, and a one-stop system that the hub asks. */
export const FILED_AT = [...MINISTRIES, 'igate'] as const satisfies ParticipantName[];
export type FiledAtName = (typeof FILED_AT)[number];

/** The post and the payment platform, which work for citizens. */
export const SERVICES = ['vnpost', 'payment-platform'] as const satisfies ParticipantName[];
export type ServiceName = (typeof SERVICES)[number];

/** The partners of the proof. */
export const PROVED = [...PARTNERS, ...SERVICES] as const;
export type ProvedName = (typeof PROVED)[number];

/** A portal frontend that receives webhooks. */
export const SUBSCRIBER = 'portal-webhooks' satisfies ParticipantName;

/** Takes everything and stores nothing, so it can run for hours. */
export const SINK = 'sink' satisfies ParticipantName;

/** A participant's own book of what it took. The hub has no part in it. */
export interface Book {
  readonly count: number;
  readonly repeats: number;
  readonly entries: readonly LedgerEntry[];
}

/** A participant, in a process of its own. */
export interface Participant<Name extends ParticipantName = ParticipantName> {
  readonly name: Name;
  readonly url: string;
  readonly child: Child;
  /** Injects faults at the participant. */
  fault(...faults: readonly Fault[]): Promise<void>;
  book(): Promise<Book>;
}

export type Participants<Name extends ParticipantName = ParticipantName> = Readonly<{
  [Each in Name]: Participant<Each>;
}>;
export type Partners = Participants<PartnerName>;
export type FiledAt = Participants<FiledAtName>;

/** Starts these participants. Their logs go to the folder. */
export async function startParticipants<Name extends ParticipantName>(
  names: readonly Name[],
  logFolder: string,
): Promise<Participants<Name>> {
  const started = await Promise.all(names.map((name) => startParticipant(name, logFolder)));
  return Object.fromEntries(started.map((one) => [one.name, one])) as Participants<Name>;
}

async function startParticipant<Name extends ParticipantName>(
  name: Name,
  logFolder: string,
): Promise<Participant<Name>> {
  const adapter = ADAPTERS[name];
  const { child, url } = await startListening({
    script: adapter === undefined ? 'src/play/soak/sink.ts' : 'src/kit/testing/simulator/run-simulator.ts',
    args: adapter === undefined ? [] : [adapter],
    logFile: join(logFolder, `${name}.log`),
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
