import { generate, type LoadResult, requestBytes } from '../generator.ts';
import type { Question } from './questions.ts';

/** Where questions go, with the keys of readers. */
export interface Readers {
  readonly url: string;
  readonly secrets: { readonly reader: string; readonly personal: string };
}

export interface Times {
  readonly p50Ms: number;
  readonly p95Ms: number;
}

const WARM_UP = 5;
const ALONE = 40;
const EIGHT = 160;
/** A question that is slower has fewer samples. */
const MOST_SECONDS = 8;

/** @throws when a reply is not 200 */
export async function timesOf(
  readers: Readers,
  question: Question,
  paths: readonly string[],
): Promise<{ readonly alone: Times; readonly eight: Times }> {
  await run(readers, question, paths, 1, WARM_UP);
  const alone = await run(readers, question, paths, 1, ALONE);
  const eight = await run(readers, question, paths, 8, EIGHT);
  return { alone, eight };
}

async function run(
  { url, secrets }: Readers,
  { name, personal }: Question,
  paths: readonly string[],
  connections: number,
  end: number,
): Promise<LoadResult> {
  const { hostname: host, port } = new URL(url);
  const secret = personal ? secrets.personal : secrets.reader;
  const requests = paths.map((path) => requestBytes('GET', path, secret));
  const result = await generate({
    ...{ host, port: Number(port), connections, seconds: MOST_SECONDS, first: 0, end },
    request: (n) => requests[n % requests.length] as Buffer,
    isGood: (status) => status === 200,
  });
  if (result.bad > 0) throw new Error(`${name}: ${result.firstBad}`);
  return result;
}

export type Get = (path: string) => Promise<{ readonly next?: string | null }>;

export function getFrom({ url, secrets }: Readers): Get {
  return async (path) => {
    const reply = await fetch(`${url}${path}`, { headers: { Authorization: `Bearer ${secrets.reader}` } });
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
    return (await reply.json()) as { next?: string | null };
  };
}

const PAGE = 50;
const LARGEST_PAGE = 200;

/** The paths of a question; those of a later page with the cursor that leads there. */
export async function pathsOf(get: Get, { paths, page }: Question): Promise<readonly string[]> {
  if (page === undefined) return paths;
  return Promise.all(paths.map((path) => laterPage(get, path, (page - 1) * PAGE)));
}

/** Pages on by large pages: a cursor says where a page begins, and not how long it is. */
async function laterPage(get: Get, path: string, skipped: number): Promise<string> {
  let cursor: string | undefined;
  for (let passed = 0; passed + LARGEST_PAGE <= skipped; passed += LARGEST_PAGE) {
    const { next } = await get(withQuery(path, { limit: String(LARGEST_PAGE), ...(cursor && { cursor }) }));
    if (!next) break;
    cursor = next;
  }
  return withQuery(path, cursor ? { cursor } : {});
}

function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  const [place, before] = path.split('?');
  return `${place}?${new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(before)), ...query })}`;
}

export interface ChangesRead {
  readonly perSecond: number;
  /** Processor time of the hub for each row. Undefined where the system does not report it. */
  readonly hubNs: number | undefined;
}

/** The change feed, read page after page from its beginning. */
export async function readChanges(get: Get, most: number, cpuSeconds: () => number | undefined): Promise<ChangesRead> {
  const [begunMs, begunCpu] = [performance.now(), cpuSeconds()];
  let rows = 0;
  for (let cursor: string | undefined; rows < most; ) {
    const page = await get(`/api/v1/changes?limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
    const items = (page as { items: readonly unknown[] }).items.length;
    if (items === 0) break;
    rows += items;
    cursor = page.next ?? undefined;
  }
  const [perSecond, cpu] = [(rows * 1_000) / (performance.now() - begunMs), cpuSeconds()];
  return {
    perSecond,
    hubNs: cpu === undefined || begunCpu === undefined ? undefined : ((cpu - begunCpu) * 1e9) / rows,
  };
}
