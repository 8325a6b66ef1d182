import { setTimeout as sleep } from 'node:timers/promises';
import axios from 'axios';
import { notification } from '../../../adapters/payment-platform/simulator.ts';
import type { AskHub } from '../clients/hub-client.ts';
import { untilAcknowledged } from '../clients/until-acknowledged.ts';

const LOOK_MS = 250;
/** Each notification comes so often, from the platform that got no answer. */
const TIMES = 3;

export interface Paying {
  readonly hub: AskHub;
  readonly platformUrl: string;
  readonly signal: AbortSignal;
}

/**
 * A citizen pays, and the platform notifies the hub several times.
 *
 * @param isForged somebody who does not know the secret sends another notification first
 * @returns what is wrong
 */
export async function payAndNotify(
  { hub, platformUrl, signal }: Paying,
  reference: string,
  { until, isForged }: { readonly until: number; readonly isForged: boolean },
): Promise<readonly string[]> {
  const body = await payAt(platformUrl, reference, until, signal);
  if (body === undefined) return [`${reference}: the platform never got the payment`];
  const forged = isForged ? await notify(hub, forgedFrom(body), signal) : 401;
  for (let time = 0; time < TIMES; time++) await notify(hub, body, signal);
  return forged === 401 ? [] : [`${reference}: the hub answered a forged notification with ${forged}`];
}

async function notify(hub: AskHub, body: string, signal: AbortSignal): Promise<number> {
  const { status } = await untilAcknowledged(() => hub({ path: '/callbacks/payment-platform/ipn', body }), signal);
  return status;
}

function forgedFrom(body: string): string {
  return notification({ ...JSON.parse(body), SoTien: 1 }, 'guessed');
}

/**
 * A citizen opens the page of a payment at the platform, as soon as the platform has it.
 *
 * @returns the notification that the platform would send now, or undefined when the platform never got the payment
 */
async function payAt(
  platformUrl: string,
  reference: string,
  until: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  while (performance.now() < until) {
    const page = await get(`${platformUrl}/pay/${reference}`, signal);
    const sent = page === undefined ? undefined : await get(`${platformUrl}/ipn/${reference}`, signal);
    if (sent !== undefined) return sent;
    await sleep(LOOK_MS, undefined, { signal });
  }
  return undefined;
}

/** The body of a page. Undefined for everything but status 200. */
async function get(url: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { data, status } = await axios.get<string>(url, {
      proxy: false,
      signal,
      responseType: 'text',
      transformResponse: [(text: string) => text],
      validateStatus: () => true,
    });
    return status === 200 && !data.startsWith('<!DOCTYPE') ? data : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
