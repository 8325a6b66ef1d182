import { setTimeout as sleep } from 'node:timers/promises';

/** When one reader that waits for news saw each dossier in the change feed, epoch milliseconds. */
export interface FeedWatch {
  readonly seenAtMs: ReadonlyMap<string, number>;
  /** Reads on until nothing is new, and ends. */
  end(): Promise<void>;
}

interface Feed {
  readonly items: readonly { readonly code: string }[];
  readonly next: string;
}

/** Every commit would wake a waiting reader. With a pause before each request the feed costs next to nothing. */
const PAUSE_MS = 25;
const PAGE = 200;

/** Follows the feed from its present end on, with one request at a time. Times are late by the pause at most. */
export async function watchFeed(url: string, secret: string): Promise<FeedWatch> {
  const seenAtMs = new Map<string, number>();
  let ending = false;
  async function read(cursor: string | undefined, waitS: number): Promise<Feed> {
    const query = new URLSearchParams({
      limit: String(PAGE),
      ...(cursor && { cursor }),
      ...(waitS && { wait: String(waitS) }),
    });
    const reply = await fetch(`${url}/api/v1/changes?${query}`, { headers: { Authorization: `Bearer ${secret}` } });
    if (!reply.ok) throw new Error(`the change feed answers ${reply.status}: ${await reply.text()}`);
    return (await reply.json()) as Feed;
  }
  let { next, items } = await read(undefined, 0);
  while (items.length > 0) ({ next, items } = await read(next, 0));
  const followed = (async () => {
    for (;;) {
      const wasEnding = ending;
      const page = await read(next, wasEnding ? 0 : 1);
      const nowMs = Date.now();
      for (const { code } of page.items) if (!seenAtMs.has(code)) seenAtMs.set(code, nowMs);
      next = page.next;
      if (page.items.length < PAGE) await sleep(PAUSE_MS);
      if (wasEnding && page.items.length === 0) return;
    }
  })();
  followed.catch(() => undefined);
  return {
    seenAtMs,
    async end() {
      ending = true;
      await followed;
    },
  };
}
