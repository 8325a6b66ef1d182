import axios from 'axios';
import type { Status } from '#schemas/dossier.upsert.v1';
import tables from '../../../adapters/civil-status/tables.json' with { type: 'json' };
import { NotAcknowledged, untilAcknowledged } from '../clients/until-acknowledged.ts';
import type { Participant } from './participants.ts';

/** The status of a dossier, as the ministry reports it. */
export interface AtMinistry {
  readonly code: string;
  readonly status: Status;
  readonly at: string;
  readonly row: Row;
}

interface Row {
  readonly maHoSoMCDT: string;
  readonly trangThai: string;
  readonly thoiGianThucHien: string;
}

const MODULES = [...new Set(Object.values(tables.modules).map(({ module }) => module))];
/** Limit of concurrent requests to the ministry. */
const AT_A_TIME = 3;

/** Asks the ministry directly for the status of dossiers, without the hub. */
export async function askMinistry(
  { url }: Participant,
  codes: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, AtMinistry>> {
  const basic = `Basic ${Buffer.from('demo:demo').toString('base64')}`;
  const body = 'grant_type=client_credentials';
  const { access_token } = await ask<{ access_token: string }>(`${url}/token`, body, { Authorization: basic }, signal);
  const headers = { Authorization: `Bearer ${access_token}`, lgspaccesstoken: 'demo' };
  const found = new Map<string, AtMinistry>();
  for (let at = 0; at < codes.length; at += AT_A_TIME)
    for (const module of MODULES) {
      const question = { maDinhDanhHoSo: codes.slice(at, at + AT_A_TIME), maTinh: '08', module };
      const { value = [] } = await ask<{ value?: readonly Row[] }>(
        url + tables.paths.results,
        question,
        headers,
        signal,
      );
      for (const row of value) found.set(row.maHoSoMCDT, atMinistry(row));
    }
  return found;
}

/** Some of the day's faults may remain, so this retries until the ministry answers. */
function ask<T>(
  url: string,
  body: string | object,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<T> {
  return untilAcknowledged(async () => {
    const reply = await axios.post<T>(url, body, { proxy: false, headers, signal }).catch((error: Error) => {
      if (signal.aborted) throw error;
      throw new NotAcknowledged(`the civil-status system: ${error.message}`);
    });
    return reply.data;
  }, signal);
}

function atMinistry(row: Row): AtMinistry {
  const { maHoSoMCDT, trangThai, thoiGianThucHien } = row;
  const { status } = (tables.statuses as Record<string, { status: string }>)[trangThai] as { status: Status };
  const [, day, month, year, time] = /^(\d\d)\/(\d\d)\/(\d{4}) (.*)$/.exec(thoiGianThucHien) ?? [];
  return { code: maHoSoMCDT, status, at: `${year}-${month}-${day}T${time}+07:00`, row };
}
