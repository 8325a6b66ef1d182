import type { Context } from 'hono';
import { readTraceparent } from '#core/identifiers/trace-context';
import { say } from '#messages/message';
import { received } from '#messages/received';
import type { KeyEntry } from '../../config/config.ts';
import type { Submission } from '../../ledger/submission.ts';
import type { AppContext } from '../app-context.ts';
import { Refusal } from '../problem.ts';

/** The part of the hub that every door needs. A door passes its items to the pipeline. */
export type DoorContext = Pick<
  AppContext,
  'parties' | 'maxBodyBytes' | 'nowMs' | 'pipeline' | 'ledger' | 'bodies' | 'leaving' | 'noteRefusal' | 'kinds'
>;

/** Facts about a request for the message log, if the hub refuses it. */
export interface Noted {
  /** Set when the path alone does not determine it. */
  door?: string;
  party?: string;
  operation?: string;
  keyName?: string;
  /** Set when the sender is authenticated without a key. */
  isKnown?: true;
  /** Of a request that is not from its partner: what it claims to be about. */
  forged?: { readonly reference: string | undefined };
  body?: Buffer;
}

/**
 * A body without a known sender is stored only if it is small, so that a flood cannot fill the
 * database.
 */
const UNANSWERED_BYTES = 64 * 1024;

/** Notes the body of a sender who has shown no key so far. */
export function noteUnanswered(c: Context, body: Buffer): void {
  if (body.length <= UNANSWERED_BYTES) note(c, { body });
}

/** A variable of the request. A WeakMap of requests would hold their bodies until the next full garbage collection. */
const NOTED = 'noted';

/** Notes facts about a request. */
export function note(c: Context, known: Noted): void {
  c.set(NOTED, Object.assign(notedOf(c), known));
}

export function notedOf(c: Context): Noted {
  return c.get(NOTED) ?? {};
}

/** The sender's trace context, as a part of its submission. */
export function callerOf(c: Context): Pick<Submission, 'caller'> {
  const caller = readTraceparent(c.req.header('traceparent'));
  return caller ? { caller } : {};
}

/** The party in the path, for which the key may push. @throws Refusal 404 for an unknown party, 403 for a key of another party */
export function partyOf(c: Context, { parties }: Pick<DoorContext, 'parties'>, key: KeyEntry): string {
  const party = c.req.param('party') ?? '';
  if (!parties.has(party)) throw new Refusal('not-found', say('there-is-no', { thing: 'party', got: received(party) }));
  if (key.party !== party) throw new Refusal('forbidden', say('key-of-another', { id: key.id, got: received(party) }));
  return party;
}
