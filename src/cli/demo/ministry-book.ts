import axios from 'axios';
import type { Status } from '#schemas/dossier.upsert.v1';
import tables from '../../../adapters/civil-status/tables.json' with { type: 'json' };
import type { Partner } from './partners.ts';

/** Where a dossier stands at the ministry, by its own words. */
export interface AtMinistry {
  readonly code: string;
  readonly status: Status;
  readonly at: string;
}

interface Row {
  readonly maHoSoMCDT: string;
  readonly trangThai: string;
  readonly thoiGianThucHien: string;
}

const MODULES = [...new Set(Object.values(tables.modules).map(({ module }) => module))];
/** The ministry is asked about no more at a time. */
const AT_A_TIME = 3;

/** Ask the ministry itself what became of dossiers, without the hub. */
export async function askMinistry(
  { url }: Partner,
  codes: readonly string[],
): Promise<ReadonlyMap<string, AtMinistry>> {
  const token = await axios.post<{ access_token: string }>(`${url}/token`, 'grant_type=client_credentials', {
    proxy: false,
    headers: { Authorization: `Basic ${Buffer.from('demo:demo').toString('base64')}` },
  });
  const headers = { Authorization: `Bearer ${token.data.access_token}`, lgspaccesstoken: 'demo' };
  const found = new Map<string, AtMinistry>();
  for (let at = 0; at < codes.length; at += AT_A_TIME)
    for (const module of MODULES) {
      const maDinhDanhHoSo = codes.slice(at, at + AT_A_TIME);
      const { data } = await axios.post<{ value?: readonly Row[] }>(
        url + tables.paths.results,
        { maDinhDanhHoSo, maTinh: '08', module },
        { proxy: false, headers },
      );
      for (const row of data.value ?? []) found.set(row.maHoSoMCDT, atMinistry(row));
    }
  return found;
}

function atMinistry({ maHoSoMCDT, trangThai, thoiGianThucHien }: Row): AtMinistry {
  const { status } = (tables.statuses as Record<string, { status: string }>)[trangThai] as { status: Status };
  const [, day, month, year, time] = /^(\d\d)\/(\d\d)\/(\d{4}) (.*)$/.exec(thoiGianThucHien) ?? [];
  return { code: maHoSoMCDT, status, at: `${year}-${month}-${day}T${time}+07:00` };
}
