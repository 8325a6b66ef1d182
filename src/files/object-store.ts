/** Keeps sealed bytes under a place. A place is written once. */
export interface ObjectStore {
  /**
   * Stores a finished file of the spool, which is gone then. Resolves when the bytes are durable.
   *
   * @throws StoreAway
   */
  put(spool: string, place: string): Promise<void>;
  /** The bytes at a place. If nothing is stored there, reading them fails. */
  open(place: string): AsyncIterable<Buffer>;
  /** Removes a place. One that does not exist is no error. */
  remove(place: string): Promise<void>;
  /** Whether nothing is stored at a place. Undefined: the store cannot have lost a place by a restore of the machine. */
  lacks?(place: string): Promise<boolean>;
  /** Places that were written before a moment of the machine's clock, or that of the store. */
  placesBefore(ms: number): AsyncIterable<string>;
  /** Why nothing can be stored, without secrets. Undefined if something can. */
  trouble(): Promise<string | undefined>;
}

/** The store does not take or give bytes now. Its message holds no secret. */
export class StoreAway extends Error {}

/** The form of a place: the SHA-256 of the content, and letters that tell two copies apart. */
export const PLACE = /^[0-9a-f]{64}\.[0-9a-f]{8}$/;
