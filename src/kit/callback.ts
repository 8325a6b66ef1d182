import type { Item } from '#core/dossier/item';
import type { CodesOf } from '#core/identifiers/codes';
import type { Problem } from '#core/problem';
import type { TextOrWords } from '#messages/message';

/** A partner's request before anything of it was read. */
export interface CallbackRequest {
  readonly headers: Headers;
  /** The body, decompressed. */
  readonly body: Uint8Array;
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** The query of the address. Absent without one. */
  readonly query?: URLSearchParams | undefined;
  /** The last segment of the address, if the callback has its key there. */
  readonly key?: string | undefined;
}

/** The result of a callback. The adapter turns it into the partner's form of reply. */
export interface CallbackResult {
  /**
   * `held`: everything is stored, perhaps in quarantine. `invalid`: some items are invalid, the others are stored.
   * `refused`: nothing is stored, because the sender is not the partner, the body is unreadable, or storage fails now.
   */
  readonly kind: 'held' | 'invalid' | 'refused';
  /** The HTTP status for this result: 200, 422, or that of the refusal. */
  readonly status: number;
  /** Problems of the items. Empty if everything is stored. */
  readonly problems: readonly Problem[];
  /** The receipt of the stored message. Absent after a refusal. */
  readonly receipt?: string;
}

export interface CallbackReply {
  readonly status: number;
  /** A text, or an object that is sent as JSON. */
  readonly body: string | object;
  /** `application/json` by default. */
  readonly mediaType?: string;
}

/**
 * A push endpoint of a partner: `POST /callbacks/{party}/{name}`. The name may have two segments, such as
 * `Document/SyncDocument`.
 */
export type Callback<Settings> = StoringCallback<Settings> | AnsweringCallback<Settings>;

/** The members of a body that hold files. */
interface InlineFiles {
  readonly member: string;
  /** The place of a file in the body, by the number of its member from 0, for problems. */
  pathOf(number: number): string;
}

interface AnyCallback<Settings> {
  /**
   * Whether a party with these settings has this callback. If not, its address answers 404. Without this function it
   * has.
   */
  isOn?(settings: Settings): boolean;
  /** Its address ends in a key: `POST /callbacks/{party}/{name}/{key}`. A name with a key has one segment. */
  readonly hasKeyInPath?: boolean;
  /** The largest body in bytes, 1 MiB by default and never more than HUB_MAX_BODY. The body is read in one go. */
  readonly maxBytes?: number;
  /**
   * The body is JSON, and its members of one name hold files in base64. A hub with files stores them while the body arrives,
   * and `read` gets their references such as `sha256:…` instead. `check` then runs first, with an empty body: it must judge
   * the headers alone. Their size does not count for `maxBytes`.
   */
  readonly inlineFiles?: InlineFiles | undefined;
  /**
   * Why the request is not the partner's, without secrets. Undefined if it is. Runs before the body is read, with
   * `isSigned` or `isSecret` of the kit. Pure. An exception is a bug, and refuses the request.
   */
  check(request: CallbackRequest, settings: Settings): TextOrWords | undefined;
  /**
   * What a refused request claims to be about, such as the reference of a payment: the log names it if it looks like a code.
   * Pure. Never throws.
   */
  referenceIn?(body: Uint8Array, settings: Settings): string | undefined;
  /**
   * The answer in the partner's dialect. Pure.
   *
   * @param body the request's body, for partners that want their own members back; absent if it was not read
   */
  reply(result: CallbackResult, settings: Settings, body?: Uint8Array): CallbackReply;
}

/** A callback whose messages the hub stores. */
export interface StoringCallback<Settings> extends AnyCallback<Settings> {
  /**
   * Reads the body: at most 1,000 items. Pure, like a puller's `read`. A problem of the body becomes an invalid item.
   */
  read(body: Uint8Array, settings: Settings, codes: CodesOf): readonly Item[];
  readonly answer?: undefined;
}

/** A callback that stores nothing, such as the address where a partner gets its token. */
export interface AnsweringCallback<Settings> extends AnyCallback<Settings> {
  /** The answer to the partner's request, after `check`. Pure. */
  answer(request: CallbackRequest, settings: Settings): CallbackReply;
  readonly read?: undefined;
}
