/** Keeps sealed bytes under a place. A place is written once. */
export interface ObjectStore {
  /** Stores a finished file of the spool, which is gone then. Resolves when the bytes are durable. */
  put(spool: string, place: string): Promise<void>;
  /** The bytes at a place. If nothing is stored there, reading them fails. */
  open(place: string): AsyncIterable<Buffer>;
  /** Removes a place. One that does not exist is no error. */
  remove(place: string): Promise<void>;
  /** Places that were written before a moment of the machine's clock. */
  placesBefore(ms: number): AsyncIterable<string>;
}
