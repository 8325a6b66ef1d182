import { msToInstant } from '#core/dates/dates';
import agriculture from '../../../adapters/rest-ministry/parties/agriculture.json' with { type: 'json' };
import construction from '../../../adapters/soap-ministry/parties/construction.json' with { type: 'json' };
import transport from '../../../adapters/soap-ministry/parties/transport.json' with { type: 'json' };
import type { HubFile } from '../../config/config.ts';
import type { Folder } from '../stage/folder.ts';
import { type Partner, startPartner } from './partners.ts';

/** The adapter for each ministry. */
const ADAPTERS = { construction: 'soap-ministry', transport: 'soap-ministry', agriculture: 'rest-ministry' } as const;
export type MinistryName = keyof typeof ADAPTERS;
export const MINISTRIES = Object.keys(ADAPTERS) as readonly MinistryName[];

/** This ministry's dossiers go to the agriculture ministry too, which lists them. */
export const TELLING = 'construction' satisfies MinistryName;
export const TOLD = 'agriculture' satisfies MinistryName;

/** A ministry's system, in a process of its own. */
export type Ministry = Partner<MinistryName>;
export type Ministries = Readonly<Record<MinistryName, Ministry>>;

const PATHS: Readonly<Record<MinistryName, string>> = {
  construction: '/DichVuHoSo.asmx',
  transport: '/HoSoWS',
  agriculture: '/api/v2',
};
export const MINISTRY_PASSWORD = 'mat-khau-thu-nghiem';
export const MINISTRY_TOKEN = 'khoa-thu-nghiem';

/** Builds the address of a ministry's operation. */
export const addressOf = ({ name, url }: Pick<Ministry, 'name' | 'url'>): string => `${url}${PATHS[name]}`;
export const wsdlOf = (ministry: Ministry): string => `${addressOf(ministry)}?wsdl`;

export async function startMinistries(folder: Folder): Promise<Ministries> {
  const started = await Promise.all(MINISTRIES.map((name) => startPartner(name, folder, ADAPTERS[name])));
  return Object.fromEntries(started.map((one) => [one.name, one])) as Ministries;
}

const HOUR_MS = 3_600_000;

/** The ministries as parties of the hub: examples of the adapters, polled every two seconds. */
export function ministryParties(ministries: Ministries, nowMs: number): Required<Pick<HubFile, 'parties' | 'routes'>> {
  const where = {
    construction: {
      ...{ wsdl: wsdlOf(ministries.construction), endpoint: addressOf(ministries.construction) },
      password: MINISTRY_PASSWORD,
    },
    transport: {
      wsdl: wsdlOf(ministries.transport),
      security: { ...transport.security, password: MINISTRY_PASSWORD },
    },
    agriculture: {
      baseUrl: addressOf(ministries.agriculture),
      security: { ...agriculture.security, token: MINISTRY_TOKEN },
    },
  };
  const examples = { construction, transport, agriculture };
  const parties = MINISTRIES.map((name) => {
    const pull = recent(examples[name].pull, nowMs);
    const settings = { ...examples[name], ...where[name], pull, timeoutS: 3, connectTimeoutS: 2 };
    return [name, { adapter: ADAPTERS[name], settings, pull: SCHEDULES }] as const;
  });
  return {
    parties: Object.fromEntries(parties),
    routes: ['dossier.upsert.v1', 'dossier.progress.v1'].map((operation) => ({
      from: TELLING,
      operation,
      to: [TOLD],
    })),
  };
}

const SCHEDULES = { dossiers: '*/2 * * * * *', progress: '1-59/2 * * * * *' };

/** The hub does not ask for the time before the demo's day. */
function recent(pull: Readonly<Record<string, { readonly period: object }>>, nowMs: number): object {
  const startAt = msToInstant(nowMs - HOUR_MS);
  const lists = Object.entries(pull).map(([name, list]) => [name, { ...list, period: { ...list.period, startAt } }]);
  return Object.fromEntries(lists);
}
