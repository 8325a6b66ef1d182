import type { AskHub, HubReply } from './hub-client.ts';
import { NotAcknowledged, untilAcknowledged } from './until-acknowledged.ts';

const AT_ONCE = 8;

/** Reads all items of a list, page by page. */
export async function readAll<T>(ask: AskHub, key: string, path: string): Promise<readonly T[]> {
  const items: T[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await ask({ method: 'GET', path: `${path}${cursor}`, key });
    const page = body as { items: readonly T[]; next: string | null };
    items.push(...page.items);
    if (page.next === null || page.items.length === 0) return items;
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
  }
}

/** Runs work for all items with limited concurrency; returns results in the items' order. */
export async function atOnce<In, Out>(
  inputs: readonly In[],
  work: (input: In) => Promise<Out>,
): Promise<readonly Out[]> {
  const outs: Out[] = [];
  let next = 0;
  const reader = async (): Promise<void> => {
    while (next < inputs.length) {
      const at = next++;
      outs[at] = await work(inputs[at] as In);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, reader));
  return outs;
}

/** A reader that retries while the hub is away, and accepts only status 200. */
export function patient(ask: AskHub, signal: AbortSignal): AskHub {
  return async (request): Promise<HubReply> => {
    const reply = await untilAcknowledged(() => ask(request), signal);
    if (reply.status !== 200) throw new NotAcknowledged(`${request.path}: status ${reply.status}`);
    return reply;
  };
}
