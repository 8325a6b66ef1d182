import type { HubFile } from '../../src/config/config.ts';
import { loadAdapters } from '../../src/parties/load-adapters.ts';
import { type TestHub, testHub, testPartner } from './hub.ts';
import { OPERATOR_KEYS } from './operator.ts';

/** Where the members of a dossier are in a record of the ministry. */
const FIELDS = (statusAt: string | readonly string[]) => ({
  code: 'code',
  serviceCode: 'procedure',
  serviceName: 'procedureName',
  agencyCode: 'agency',
  status: { from: 'status', codes: 'status' },
  statusAt: { from: statusAt, date: 'instant' },
  receivedAt: { from: 'receivedAt', date: 'instant' },
  channel: { value: 'online' },
  'applicant.name': 'owner',
});

export const MINISTRY = 'rest-ministry';
export const TABLE = 'forest-status';

/** The settings of a ministry. @param statusAt where a record has the event's time: its new version renames that member */
export function settingsWith(statusAt: string | readonly string[]) {
  return {
    system: 'forest',
    baseUrl: 'http://127.0.0.1:9',
    answer: { none: ['http-404'] },
    codes: { status: { RECEIVED: 'received', WORKING: 'processing', DONE: 'resolved' } },
    pull: {
      dossiers: {
        operation: 'GET dossiers',
        request: { from: 'since', to: 'until' },
        records: 'items',
        period: { startAt: '2025-08-01T00:00:00+07:00', overlapS: 600 },
        fields: FIELDS(statusAt),
      },
    },
  };
}

export const OLD_SETTINGS = settingsWith('updatedAt');

/** Its dossiers go to `portal`. */
export const ROUTES: NonNullable<HubFile['routes']> = [
  { from: MINISTRY, operation: 'dossier.upsert.v1', to: ['portal'] },
];

/** A hub with this ministry, and a partner that receives its dossiers. */
export async function hubWithMinistry(options: Parameters<typeof testHub>[0] = {}) {
  const adapter = (await loadAdapters()).get(MINISTRY)?.adapter;
  if (!adapter) throw new Error('there is no such adapter');
  const portal = testPartner();
  const hub = await testHub({
    partners: { [MINISTRY]: { ...testPartner(), adapter }, portal },
    routes: ROUTES,
    entries: { [MINISTRY]: { settings: OLD_SETTINGS, authoritative: true } },
    keys: [...OPERATOR_KEYS],
    ...options,
  });
  return { hub, portal };
}

/** One record of the ministry's list. */
export function rowOf(n: number, given: object = {}) {
  return {
    code: `H60.07-250812-${String(n).padStart(4, '0')}`,
    procedure: '1.013225',
    procedureName: 'Xác nhận bảng kê lâm sản',
    agency: 'H60.07',
    status: 'WORKING',
    updatedAt: `2025-08-12T09:${String(n % 60).padStart(2, '0')}:00+07:00`,
    receivedAt: '2025-08-12T08:00:00+07:00',
    owner: 'Nguyễn Văn An',
    ...given,
  };
}

/** Accepts a page of the ministry, as a pull does. */
export async function pulled(
  { hub }: TestHub,
  rows: readonly object[],
  receivedAt: string,
): Promise<readonly string[]> {
  const party = hub.parties.get(MINISTRY);
  const body = Buffer.from(JSON.stringify({ record: rows.map((row) => ({ row })) }));
  const items = party?.adapter.pull?.dossiers?.read(body, party.settings, party.codes.at(Date.parse(receivedAt))) ?? [];
  const { results } = await hub.pipeline.accept({
    party: MINISTRY,
    door: 'pull:dossiers',
    operation: 'dossier.upsert.v1',
    keyName: undefined,
    mediaType: 'application/json',
    body,
    bodyBytes: body.length,
    receivedAt,
    items,
  });
  return results.map(({ outcome }) => outcome);
}
