import { setTimeout as sleep } from 'node:timers/promises';
import { msToInstant } from '#core/dates/dates';
import { notification } from '../../../adapters/payment-platform/simulator.ts';
import { type AskHub, getJson } from '../clients/hub-client.ts';
import { atOnce, patient } from '../clients/reading.ts';
import { untilAcknowledged } from '../clients/until-acknowledged.ts';
import type { Participants, ServiceName } from '../participants/participants.ts';
import type { Secrets } from '../stage/hub-file.ts';
import { type Errand, errandProblems } from './errand-problems.ts';
import { payAt } from './paying.ts';

export interface Errands {
  readonly hub: AskHub;
  readonly participants: Participants<ServiceName | 'one-stop'>;
  readonly secrets: Pick<Secrets, 'portal' | 'one-stop'>;
  readonly signal: AbortSignal;
}

const CITIZENS = 20;
const LOOK_MS = 500;
/** Each notification comes so often, from the platform that got no answer. */
const TIMES = 3;

/**
 * Citizens have results sent by post and pay fees, while the post and the platform lose answers. Each order is placed once,
 * each payment counts once, and a forged notification is refused.
 *
 * @param dossiers codes that the hub has
 * @returns what is wrong at the end
 */
export async function runErrands(
  errands: Errands,
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
  await push(errands, 'postal-orders', all.map(orderOf));
  await push(errands, 'payments', all.map(paymentOf));
  const until = performance.now() + limitMs;
  const refused = await payAll(errands, all, until);
  for (;;) {
    const problems = [...refused, ...(await errandProblems(errands, all))];
    if (problems.length === 0 || performance.now() > until) return problems;
    await sleep(LOOK_MS, undefined, { signal: errands.signal });
  }
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

/** The names of the records that errands of these dossiers make. */
export function errandRecords(dossiers: readonly string[]): (name: string) => boolean {
  const orders = new Set(dossiers.map((code) => `postal-order ${code}`));
  const payments = new Set(dossiers.map((code) => `payment ${referencePrefix(code)}`));
  return (name) => orders.has(name) || payments.has(name.slice(0, -1));
}

function referencePrefix(dossierCode: string): string {
  return `DVC${dossierCode.replace(/\W/g, '')}T`;
}

/** A reference has letters and digits only. The simulated platform lets references that end in 9 fail. */
function errandOf(dossierCode: string, index: number): Errand {
  return { dossierCode, reference: `${referencePrefix(dossierCode)}${index % 10}` };
}

const now = (): string => msToInstant(Date.now());

function orderOf({ dossierCode }: Errand, index: number): object {
  const phone = `09000001${String(index).padStart(2, '0')}`;
  return {
    code: dossierCode,
    state: 'registered',
    stateAt: now(),
    dossierCode,
    direction: 'return',
    receiver: { name: 'Nguyễn Thị Lan', address: `Số ${index + 1}, tổ 7, phường Minh Xuân`, phone },
    ...(index % 2 === 0 && { waybill: `EK${String(index).padStart(9, '0')}VN` }),
  };
}

function paymentOf({ dossierCode, reference }: Errand): object {
  return {
    code: reference,
    state: 'requested',
    stateAt: now(),
    dossierCode,
    amountVnd: 8_000,
    items: [{ code: 'LP01', name: 'Lệ phí', amountVnd: 8_000 }],
  };
}

async function push({ hub, secrets, signal }: Errands, kind: string, records: readonly object[]): Promise<void> {
  const path = `/api/v1/parties/one-stop/${kind}`;
  const request = { path, key: secrets['one-stop'], body: JSON.stringify(records) };
  await untilAcknowledged(
    () => hub(request),
    signal,
    () => undefined,
  );
}

/** All pay, and the platform notifies the hub of each several times. @returns forged notifications that the hub took */
async function payAll(
  { hub, participants, signal }: Errands,
  errands: readonly Errand[],
  until: number,
): Promise<readonly string[]> {
  const platform = participants['payment-platform'];
  const taken: string[] = [];
  for (const [index, { reference }] of errands.entries()) {
    const body = await payAt(platform.url, reference, until, signal);
    if (body === undefined) continue;
    if (index % 10 === 0 && (await notify(hub, forged(body), signal)) !== 401)
      taken.push(`${reference}: the hub took a forged notification`);
    for (let time = 0; time < TIMES; time++) await notify(hub, body, signal);
  }
  return taken;
}

async function notify(hub: AskHub, body: string, signal: AbortSignal): Promise<number> {
  const { status } = await untilAcknowledged(
    () => hub({ path: '/callbacks/payment-platform/ipn', body }),
    signal,
    () => undefined,
  );
  return status;
}

/** The same notification by somebody who does not know the secret. */
function forged(body: string): string {
  return notification({ ...JSON.parse(body), SoTien: 1 }, 'guessed');
}
