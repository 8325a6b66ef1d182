import { msToInstant } from '#core/dates/dates';
import { type AskHub, getJson } from '../clients/hub-client.ts';
import { atOnce, patient } from '../clients/reading.ts';
import { untilAcknowledged } from '../clients/until-acknowledged.ts';
import { untilRight } from '../clients/until-right.ts';
import type { Participants, ServiceName } from '../participants/participants.ts';
import type { Secrets } from '../stage/hub-file.ts';
import { type Errand, referenceOf } from './errand.ts';
import { errandProblems } from './errand-problems.ts';
import { payAndNotify } from './paying.ts';
import { loseReceipts, type Receipts, waitForReceipts } from './receipts.ts';

export interface Errands {
  readonly hub: AskHub;
  readonly participants: Participants<ServiceName | 'one-stop'>;
  readonly secrets: Pick<Secrets, 'portal' | 'one-stop'>;
  readonly signal: AbortSignal;
}

const CITIZENS = 20;

/**
 * Citizens have results sent by post and pay fees, while the post and the platform lose answers. Each order is placed once,
 * each payment counts once and gets one receipt, and a forged notification is refused.
 *
 * @param dossiers codes that the hub has
 * @returns what is wrong at the end
 */
export async function runErrands(
  errands: Errands & Receipts,
  dossiers: readonly string[],
  limitMs: number,
): Promise<readonly string[]> {
  const { participants } = errands;
  const all = (await atRest(errands, dossiers)).slice(0, CITIZENS).map(errandOf);
  await participants.vnpost.fault(
    { kind: 'drop-reply', forMs: 1_500, path: '/vnpost/order' },
    { kind: 'html', forMs: 1_000 },
  );
  await participants['payment-platform'].fault(
    { kind: 'drop-reply', forMs: 1_500, path: '/init' },
    { kind: 'half', forMs: 1_000 },
  );
  await loseReceipts(errands);
  await push(errands, 'postal-orders', all.map(orderOf));
  await push(errands, 'payments', all.map(paymentOf));
  const refused = await payAll(errands, all, performance.now() + limitMs);
  const wrong = await waitForErrands(errands, all, limitMs);
  return [...refused, ...wrong, ...(await waitForReceipts(errands, all, limitMs))];
}

/** Waits until the hub, the post, the platform and the one-stop system agree. @returns what is wrong at the time limit */
export function waitForErrands(errands: Errands, all: readonly Errand[], limitMs: number): Promise<readonly string[]> {
  return untilRight(() => errandProblems(errands, all), performance.now() + limitMs, errands.signal);
}

/** The post that delivers a result moves its dossier. The course of these is the day's own, so they have no open result. */
async function atRest({ hub, secrets, signal }: Errands, dossiers: readonly string[]): Promise<readonly string[]> {
  const found = await atOnce(dossiers, async (code) => {
    const path = `/api/v1/dossiers/${encodeURIComponent(code)}`;
    const { status } = await getJson<{ status?: string }>(patient(hub, signal), path, secrets.portal);
    return status === 'resolved' ? [] : [code];
  });
  return found.flat();
}

/** Each dossier has an order and a payment, requested now. */
function errandOf(dossierCode: string, index: number): Errand {
  const reference = referenceOf(dossierCode, index % 10);
  return { dossierCode, reference, amountVnd: 8_000, requestedAt: now(), isCancelled: false };
}

const now = (): string => msToInstant(Date.now());

function orderOf({ dossierCode, requestedAt }: Errand, index: number): object {
  const phone = `09000001${String(index).padStart(2, '0')}`;
  return {
    code: dossierCode,
    state: 'registered',
    stateAt: requestedAt,
    dossierCode,
    direction: 'return',
    receiver: { name: 'Nguyễn Thị Lan', address: `Số ${index + 1}, tổ 7, phường Minh Xuân`, phone },
    waybill: index % 2 === 0 ? `EK${String(index).padStart(9, '0')}VN` : undefined,
  };
}

function paymentOf({ dossierCode, reference, amountVnd, requestedAt }: Errand): object {
  return {
    code: reference,
    state: 'requested',
    stateAt: requestedAt,
    dossierCode,
    amountVnd,
    items: [{ code: 'LP01', name: 'Lệ phí', amountVnd }],
  };
}

async function push({ hub, secrets, signal }: Errands, kind: string, records: readonly object[]): Promise<void> {
  const path = `/api/v1/parties/one-stop/${kind}`;
  const request = { path, key: secrets['one-stop'], body: JSON.stringify(records) };
  await untilAcknowledged(() => hub(request), signal);
}

/** All pay, one after the other. @returns what is wrong */
async function payAll(
  { hub, participants, signal }: Errands,
  errands: readonly Errand[],
  until: number,
): Promise<readonly string[]> {
  const paying = { hub, platformUrl: participants['payment-platform'].url, signal };
  const wrong: string[] = [];
  for (const [index, { reference }] of errands.entries())
    wrong.push(...(await payAndNotify(paying, reference, { until, isForged: index % 10 === 0 })));
  return wrong;
}
