import type { Item } from '#core/dossier/item';
import type { CodesOf } from '#core/identifiers/codes';
import type { Problem } from '#core/problem';

/** A request of a partner's, before anything of it was read. */
export interface CallbackRequest {
  readonly headers: Headers;
  /** The bytes, inflated where they came compressed. */
  readonly body: Uint8Array;
  /** Epoch milliseconds. */
  readonly nowMs: number;
}

/** What became of a callback, to be told in the partner's own words. */
export interface CallbackResult {
  /**
   * `held`: all is kept, be it in quarantine. `invalid`: some of it is no record, the rest is kept. `refused`: nothing was
   * taken in, as it is not the partner's, cannot be read at all, or cannot be kept at the moment.
   */
  readonly kind: 'held' | 'invalid' | 'refused';
  /** The status of HTTP that says so: 200, 422, or that of the refusal. */
  readonly status: number;
  /** What is wrong; empty where all is held. */
  readonly problems: readonly Problem[];
  /** Under which the message is found; absent where it was refused. */
  readonly receipt?: string;
}

export interface CallbackReply {
  readonly status: number;
  /** JSON where it is no text. */
  readonly body: string | object;
  /** `application/json` where it is not given. */
  readonly mediaType?: string;
}

/** What a partner tells of its own accord: `POST /callbacks/{party}/{name}`. */
export interface Callback<Settings> {
  /** Whether a party with these settings takes it; where it does not, there is no such address. Absent: it does. */
  isOn?(settings: Settings): boolean;
  /** The largest body in bytes: 1 MiB where it is not given, and never more than HUB_MAX_BODY. It is read in one go. */
  readonly maxBytes?: number;
  /**
   * Why the request is not the partner's, in words without a secret; undefined where it is. Asked before the body is
   * read, by what the kit has for it: `isSigned`, `isSecret`. Pure; a throw is a bug, and refuses.
   */
  check(request: CallbackRequest, settings: Settings): string | undefined;
  /** Read the body: at most 1,000 items. Pure, as a puller's; what is wrong with a body is an item that says so. */
  read(body: Uint8Array, settings: Settings, codes: CodesOf): readonly Item[];
  /** The answer in the partner's dialect. Pure. */
  reply(result: CallbackResult, settings: Settings): CallbackReply;
}
