import type { Sentence } from '#messages/message';
import type { TlsMaterial } from './tls.ts';

/** The result of one call, by what may have happened at the partner. */
export type Exchange =
  | {
      readonly kind: 'reply';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Buffer;
    }
  /** No connection: the partner has certainly not received the call. */
  | ({ readonly kind: 'unreachable'; readonly reason: string } & Sentence)
  /** The connection broke or time ran out: the partner may have received the call. */
  | ({ readonly kind: 'lost'; readonly reason: string } & Sentence);

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** An undefined one is not sent. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Uint8Array | StreamedBody | undefined;
  /** A repeat does no harm. After a broken connection the call is repeated at once. */
  readonly idempotent?: boolean;
  /** The body contains a password, so the record of the attempt leaves it out. */
  readonly secret?: boolean;
  /** Passwords and sessions. The record of the attempt hides them in address, request and reply. */
  readonly hide?: readonly string[];
}

/** A body that is never whole in memory. */
export interface StreamedBody {
  readonly bytes: number;
  /** Begins again for each try. */
  open(): AsyncIterable<Uint8Array>;
  /** Stands for the body in the record of the attempt. */
  readonly shown: string;
}

/** A call as it was sent, stored with the attempt for operators. */
export interface WireRecord {
  readonly method: string;
  readonly url: string;
  readonly request: string;
  readonly status?: number;
  readonly reply: string;
}

/** A call to an address outside the party's own. */
export class ForeignAddress extends Error {
  constructor(origin: string) {
    super(`a call to ${origin}, which is none of the party's own addresses`);
  }
}

/** The only way for an adapter to call out. */
export interface Http {
  exchange(call: Call): Promise<Exchange>;
}

export interface HttpOptions {
  /** The origins of the party's own addresses. A call to any other origin is a bug and throws. */
  readonly origins: readonly string[];
  readonly connectMs?: number | undefined;
  readonly totalMs?: number | undefined;
  readonly maxReplyBytes?: number;
  readonly signal?: AbortSignal | undefined;
  /** Called at each new connection. */
  readonly tls?: (() => TlsMaterial) | undefined;
  /** Awaited before every call: the party's rate limit. */
  readonly pace?: (() => Promise<void>) | undefined;
}
