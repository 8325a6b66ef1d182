import type { TlsMaterial } from './tls.ts';

/** What came of one call, said by what may have happened at the other side. */
export type Exchange =
  | {
      readonly kind: 'reply';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Buffer;
    }
  /** No connection: the partner has certainly not got it. */
  | { readonly kind: 'unreachable'; readonly reason: string; readonly message: string }
  /** The connection broke or time ran out: the partner may have got it. */
  | { readonly kind: 'lost'; readonly reason: string; readonly message: string };

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Asking twice does no harm: a broken connection is tried again at once. */
  readonly idempotent?: boolean;
  /** Carries a password: its body is not kept in the record of the attempt. */
  readonly secret?: boolean;
  /** Texts that are not kept in the record of the attempt, neither in its address, its request nor its reply: passwords, sessions. */
  readonly hide?: readonly string[];
}

/** A call as it went over the wire, kept with the attempt for the operators. */
export interface WireRecord {
  readonly method: string;
  readonly url: string;
  readonly request: string;
  readonly status?: number;
  readonly reply: string;
}

/** A call to where the party does not live. */
export class ForeignAddress extends Error {
  constructor(origin: string) {
    super(`a call to ${origin}, which is none of the party's own addresses`);
  }
}

/** The only way out of the hub. */
export interface Http {
  exchange(call: Call): Promise<Exchange>;
}

export interface HttpOptions {
  /** Where calls may go: origins of the party's own addresses. Everything else is a bug and throws. */
  readonly origins: readonly string[];
  readonly connectMs?: number;
  readonly totalMs?: number;
  readonly maxReplyBytes?: number;
  readonly signal?: AbortSignal;
  /** Asked at each new connection. */
  readonly tls?: () => TlsMaterial;
  /** Awaited before every call: the party's budget. */
  readonly pace?: () => Promise<void>;
}
