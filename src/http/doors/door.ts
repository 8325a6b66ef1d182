import type { Context } from 'hono';
import type { Party } from '../../parties.ts';
import type { Pipeline } from '../../pipeline.ts';

/** What a door may do: hand over what it read, once it has read it. */
export interface DoorMeans {
  readonly parties: ReadonlyMap<string, Party>;
  readonly maxBodyBytes: number;
  readonly nowMs: () => number;
  readonly pipeline: Pick<Pipeline, 'accept' | 'acceptOnce'>;
  /** Keep a refused request in the message log, and an error of the hub in the log. */
  readonly noteRefusal: (c: Context, error: unknown) => Promise<void>;
}

/** What is known of a request before it is refused, for the message log. */
export interface Noted {
  party?: string;
  operation?: string;
  keyName?: string;
  body?: Buffer;
}

const noted = new WeakMap<Context, Noted>();

/** Note what is known of a request. */
export function note(c: Context, known: Noted): void {
  noted.set(c, { ...noted.get(c), ...known });
}

export function notedOf(c: Context): Noted {
  return noted.get(c) ?? {};
}
