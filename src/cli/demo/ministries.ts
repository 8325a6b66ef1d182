import { join } from 'node:path';
import axios from 'axios';
import { msToInstant } from '#core/dates';
import construction from '../../../adapters/soap-ministry/parties/construction.json' with { type: 'json' };
import transport from '../../../adapters/soap-ministry/parties/transport.json' with { type: 'json' };
import type { HubFile } from '../../config.ts';
import type { Fault } from '../../kit/simulator.ts';
import { type Child, startListening } from './child.ts';
import type { Folder } from './folder.ts';

export const MINISTRIES = ['construction', 'transport'] as const;
export type MinistryName = (typeof MINISTRIES)[number];

/** A ministry's SOAP system, in a process of its own. */
export interface Ministry {
  readonly name: MinistryName;
  readonly wsdl: string;
  readonly child: Child;
  fault(...faults: readonly Fault[]): Promise<void>;
}
export type Ministries = Readonly<Record<MinistryName, Ministry>>;

const PATHS = { construction: '/DichVuHoSo.asmx', transport: '/HoSoWS' } as const;
export const MINISTRY_PASSWORD = 'mat-khau-thu-nghiem';

export async function startMinistries(folder: Folder): Promise<Ministries> {
  const started = await Promise.all(MINISTRIES.map((name) => start(name, folder)));
  return Object.fromEntries(started.map((one) => [one.name, one])) as Ministries;
}

async function start(name: MinistryName, folder: Folder): Promise<Ministry> {
  const { child, url } = await startListening({
    script: 'src/kit/run-simulator.ts',
    args: ['soap-ministry'],
    logFile: join(folder.path, `${name}.log`),
    onLine: () => undefined,
  });
  return {
    name,
    wsdl: `${url}${PATHS[name]}?wsdl`,
    child,
    async fault(...faults) {
      await axios.post(`${url}/__simulator/faults`, faults, { proxy: false });
    },
  };
}

const HOUR_MS = 3_600_000;

/** The ministries as parties of the hub: the adapter's two examples, asked every other second. */
export function ministryParties(ministries: Ministries, nowMs: number): NonNullable<HubFile['parties']> {
  const pull = { dossiers: '*/2 * * * * *', progress: '1-59/2 * * * * *' };
  const common = { timeoutS: 3, connectTimeoutS: 2 };
  const security = { ...transport.security, password: MINISTRY_PASSWORD };
  return {
    construction: {
      adapter: 'soap-ministry',
      settings: {
        ...construction,
        ...{ wsdl: ministries.construction.wsdl, endpoint: ministries.construction.wsdl.replace('?wsdl', '') },
        ...{ password: MINISTRY_PASSWORD, pull: recent(construction.pull, nowMs), ...common },
      },
      pull,
    },
    transport: {
      adapter: 'soap-ministry',
      settings: {
        ...transport,
        wsdl: ministries.transport.wsdl,
        security,
        pull: recent(transport.pull, nowMs),
        ...common,
      },
      pull,
    },
  };
}

/** What was before the demo's day is not asked for. */
function recent(pull: Readonly<Record<string, { readonly period: object }>>, nowMs: number): object {
  const startAt = msToInstant(nowMs - HOUR_MS);
  const lists = Object.entries(pull).map(([name, list]) => [name, { ...list, period: { ...list.period, startAt } }]);
  return Object.fromEntries(lists);
}
