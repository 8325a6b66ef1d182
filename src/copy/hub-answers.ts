/** The hub has answered, and not what was asked for. */
export class HubRefused extends Error {
  readonly status: number;
  /** The kind of problem; undefined where it is not the hub that has answered, but what stands before it. */
  readonly type: string | undefined;
  readonly retryAfterS: number | undefined;
  constructor(status: number, { type, detail }: Partial<ProblemTold>, retryAfterS: number | undefined) {
    super(`the hub answers ${status}: ${detail ?? 'no problem document, as a hub would give'}`);
    this.status = status;
    this.type = type;
    this.retryAfterS = retryAfterS;
  }
}

interface ProblemTold {
  readonly type: string;
  readonly detail: string;
}

/** No answer came, or not all of one, or one that is no hub's. */
export class HubAway extends Error {}

/** What comes of a request that was not answered. */
export function away(error: unknown): HubAway {
  const { message, cause } = error as Error;
  const { code, message: inner } = (cause ?? {}) as { code?: string; message?: string };
  return new HubAway(`the hub does not answer: ${code ?? inner ?? message}`, { cause: error });
}

/** @throws HubAway where it is no page of a list */
export function pageIn<T extends { readonly items: readonly unknown[] }>(path: string, body: string): T {
  const page = parsed<T>(path, body);
  if (!Array.isArray(page.items)) throw noHub(path, 'it is no page');
  return page;
}

/** @throws HubAway where it is no JSON object */
export function parsed<T extends object>(path: string, body: string): T {
  const value = parsedOrNot(body);
  if (typeof value !== 'object' || value === null) throw noHub(path, 'it is no JSON object');
  return value as T;
}

function parsedOrNot(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function noHub(path: string, why: string): HubAway {
  return new HubAway(`what answers at ${path} is no hub: ${why}`);
}

/** What comes of an answer that is none of success. */
export async function refusedBy(response: Response): Promise<HubRefused> {
  return new HubRefused(response.status, await problemIn(response), secondsIn(response.headers.get('retry-after')));
}

async function problemIn(response: Response): Promise<Partial<ProblemTold>> {
  const told = parsedOrNot(await response.text().catch(() => ''));
  if (typeof told !== 'object' || told === null) return {};
  const { type, detail } = told as Record<string, unknown>;
  return { ...(typeof type === 'string' && { type }), ...(typeof detail === 'string' && { detail }) };
}

function secondsIn(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}
