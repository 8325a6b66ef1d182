import type { PushReply } from './types.ts';

/** The hub refused a request (RFC 9457), or could not be reached within all retries. */
export class HubError extends Error {
  /** Of a push in several requests: what the hub took before the one that failed. */
  pushed: PushReply | undefined;
  /** HTTP status; undefined when no answer arrived. */
  readonly status: number | undefined;
  /** Stable name of the problem, such as `not-found` or `key-reused`. */
  readonly type: string | undefined;
  /** Stable code and arguments of `message`. */
  readonly code: string | undefined;
  readonly args: Readonly<Record<string, unknown>> | undefined;

  constructor(
    message: string,
    facts: Partial<Pick<HubError, 'status' | 'type' | 'code' | 'args'>> = {},
    cause?: unknown,
  ) {
    super(message, { cause });
    this.name = 'HubError';
    this.status = facts.status;
    this.type = facts.type;
    this.code = facts.code;
    this.args = facts.args;
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The error of an answer that is no success. */
export function errorOf({ status, text }: Answer): HubError {
  const body = parsed(text);
  const message = body?.detail ?? body?.title ?? `the hub answered ${status}`;
  const type = body?.type?.replace(/^.*#problem-/, '');
  return new HubError(message, { status, type, code: body?.code, args: body?.args });
}

interface ProblemDocument {
  readonly type?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly code?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** A proxy in front of the hub answers with HTML. */
function parsed(text: string): ProblemDocument | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}
