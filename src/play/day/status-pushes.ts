import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AskHub } from '../clients/hub-client.ts';
import { untilAcknowledged } from '../clients/until-acknowledged.ts';
import { askMinistry } from '../participants/civil-status-book.ts';
import type { Participant } from '../participants/participants.ts';
import { CALLBACK_SECRET } from '../participants/parties.ts';

/** The ministry pushes the status of the first dossiers. The hub pulls the others. */
const PUSHED = 4;
const TIMES = 6;

/** The ministry pushes the status of some dossiers repeatedly, while the hub pulls all of them. */
export async function pushStatuses(
  ministry: Participant,
  hub: AskHub,
  codes: readonly string[],
  { dayMs, signal }: { readonly dayMs: number; readonly signal: AbortSignal },
): Promise<void> {
  for (let time = 0; time < TIMES; time++) {
    await sleep(dayMs / TIMES, undefined, { signal });
    const found = await askMinistry(ministry, codes.slice(0, PUSHED), signal);
    for (const { code, row } of found.values()) await push(hub, code, row, signal);
  }
}

type Row = Parameters<typeof bodyOf>[1];

async function push(hub: AskHub, code: string, row: Row, signal: AbortSignal): Promise<void> {
  const body = bodyOf(code, row);
  const headers = { 'X-Signature': createHmac('sha256', CALLBACK_SECRET).update(body).digest('hex') };
  const { status } = await untilAcknowledged(
    () => hub({ path: '/callbacks/civil-status/status', body, headers }),
    signal,
  );
  if (status !== 200) throw new Error(`the hub answered the status push of ${code} with ${status}`);
}

function bodyOf(
  code: string,
  { trangThai, thoiGianThucHien }: { readonly trangThai: string; readonly thoiGianThucHien: string },
): string {
  const coQuanXuLy = 'Bộ phận tư pháp - hộ tịch';
  return JSON.stringify({ coQuanXuLy, maHoSo: code, trangThai: Number(trangThai), thoiGianThucHien });
}
