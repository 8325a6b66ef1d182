import type { Context } from 'hono';
import { readTraceparent } from '#core/identifiers/trace-context';
import type { Submission } from '../../ledger/submission.ts';
import type { AppContext } from '../app-context.ts';

/** What a door may do: hand over what it read, once it has read it. */
export type DoorContext = Pick<
  AppContext,
  'parties' | 'maxBodyBytes' | 'nowMs' | 'pipeline' | 'ledger' | 'bodies' | 'leaving' | 'noteRefusal'
>;

/** What is known of a request before it is refused, for the message log. */
export interface Noted {
  /** Where it is not known by the path alone. */
  door?: string;
  party?: string;
  operation?: string;
  keyName?: string;
  /** Of a sender who is known otherwise than by a key. */
  isKnown?: true;
  body?: Buffer;
}

/** What nobody has answered for yet is kept only where it is small: a flood must not fill the database. */
const UNANSWERED_BYTES = 64 * 1024;

/** Note the body of a sender who has shown no key so far. */
export function noteUnanswered(c: Context, body: Buffer): void {
  if (body.length <= UNANSWERED_BYTES) note(c, { body });
}

const noted = new WeakMap<Context, Noted>();

/** Note what is known of a request. */
export function note(c: Context, known: Noted): void {
  noted.set(c, { ...noted.get(c), ...known });
}

export function notedOf(c: Context): Noted {
  return noted.get(c) ?? {};
}

/** Which trace of its own the sender's request belongs to, as a part of its submission. */
export function callerOf(c: Context): Pick<Submission, 'caller'> {
  const caller = readTraceparent(c.req.header('traceparent'));
  return caller ? { caller } : {};
}
