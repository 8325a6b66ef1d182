import type { Context } from 'hono';
import { msToInstant } from '#core/dates/dates';
import type { Item } from '#core/dossier/item';
import { quote } from '#core/explain';
import type { KeyEntry } from '../../../config/config.ts';
import type { Submission } from '../../../ledger/submission.ts';
import { Refusal } from '../../problem.ts';
import { callerOf, type DoorContext } from '../door.ts';
import type { DossierOperation } from './items.ts';

/** A request from a known sender for a known party. */
export interface Request {
  readonly c: Context;
  readonly hub: DoorContext;
  readonly key: KeyEntry;
  readonly party: string;
  readonly operation: DossierOperation;
  readonly mediaType: string;
}

/** The submission of a request. Later parts of a stream go under the receipt of the first part. */
export function submissionOf(
  { c, hub, key, party, operation, mediaType }: Request,
  body: Buffer,
  items: readonly Item[],
  receipt?: string,
): Submission {
  return {
    ...(receipt !== undefined && { receipt }),
    ...callerOf(c),
    receivedAt: msToInstant(hub.nowMs()),
    party,
    door: 'rest',
    operation,
    keyName: key.id,
    mediaType,
    body,
    bodyBytes: body.length,
    items,
  };
}

/** @throws Refusal 404 for an unknown party, 403 for a key of another party */
export function partyOf(c: Context, { parties }: Pick<DoorContext, 'parties'>, key: KeyEntry): string {
  const party = c.req.param('party') ?? '';
  if (!parties.has(party)) throw new Refusal('not-found', `there is no party ${quote(party)}`);
  if (key.party !== party)
    throw new Refusal('forbidden', `the key ${key.id} is not a key of the party ${quote(party)}`);
  return party;
}

/** The possible results of an item. */
export const OUTCOMES = ['accepted', 'duplicate', 'stale', 'quarantined', 'invalid'] as const;

export const JSON_BODY = { 'Content-Type': 'application/json' };
