/** The hub's problem types that the copy acts on. The hub publishes them at /docs. */
export const PROBLEM_TYPES = { badRequest: '/docs#problem-bad-request', notFound: '/docs#problem-not-found' } as const;

/** The hub answered with an error. */
export class HubRefused extends Error {
  readonly status: number;
  /** The problem type. Undefined when a proxy answered and not the hub. */
  readonly type: string | undefined;
  readonly retryAfterS: number | undefined;
  constructor(status: number, { type, detail }: Problem, retryAfterS: number | undefined) {
    super(`the hub answers ${status}: ${detail ?? 'no problem document, as a hub would give'}`);
    this.status = status;
    this.type = type;
    this.retryAfterS = retryAfterS;
  }
}

interface Problem {
  readonly type?: string | undefined;
  readonly detail?: string | undefined;
}

/** No complete answer arrived, or the answer is not from a hub. */
export class HubAway extends Error {}

/** The error for a request without an answer. */
export function away(error: unknown): HubAway {
  const { message, cause } = error as Error;
  const { code, message: inner } = (cause ?? {}) as { code?: string; message?: string };
  return new HubAway(`the hub does not answer: ${code ?? inner ?? message}`, { cause: error });
}

/** @throws HubAway when the body is not a page of a list */
export function pageIn<T extends { readonly items: readonly unknown[] }>(path: string, body: string): T {
  const page = parsed<T>(path, body);
  if (!Array.isArray(page.items)) throw noHub(path, 'the answer is not a page');
  return page;
}

/** @throws HubAway when the body is not a JSON object */
export function parsed<T extends object>(path: string, body: string): T {
  const value = parsedOrNot(body);
  if (typeof value !== 'object' || value === null) throw noHub(path, 'the answer is not a JSON object');
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
  return new HubAway(`the server that answers at ${path} is not a hub: ${why}`);
}

/** The error for an answer with a status of 300 or higher. */
export async function refusedBy(response: Response): Promise<HubRefused> {
  return new HubRefused(response.status, await problemIn(response), secondsIn(response.headers.get('retry-after')));
}

async function problemIn(response: Response): Promise<Problem> {
  const document = parsedOrNot(await response.text().catch(() => ''));
  if (typeof document !== 'object' || document === null) return {};
  const { type, detail } = document as Record<string, unknown>;
  return { type: textOf(type), detail: textOf(detail) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function secondsIn(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}
