import { setTimeout as sleep } from 'node:timers/promises';
import axios from 'axios';

const LOOK_MS = 250;

/**
 * A citizen opens the page of a payment at the platform, as soon as the platform has it.
 *
 * @returns the notification that the platform would send now, or undefined when the platform never got the payment
 */
export async function payAt(
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
