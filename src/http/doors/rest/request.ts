import type { Context } from 'hono';
import { msToInstant } from '#core/dates';
import type { Item } from '#core/item';
import type { KeyEntry } from '../../../config.ts';
import type { Submission } from '../../../steps/accept/submission.ts';
import type { DoorMeans } from '../door.ts';
import type { DossierOperation } from './items.ts';

/** A request whose sender and party are known. */
export interface Request {
  readonly c: Context;
  readonly means: DoorMeans;
  readonly key: KeyEntry;
  readonly party: string;
  readonly operation: DossierOperation;
  readonly mediaType: string;
}

/** What of it is handed over, under the receipt of its parts before where there are some. */
export function submissionOf(
  { means, key, party, operation, mediaType }: Request,
  body: Buffer,
  items: readonly Item[],
  receipt?: string,
): Submission {
  return {
    ...(receipt !== undefined && { receipt }),
    receivedAt: msToInstant(means.nowMs()),
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

export const JSON_BODY = { 'Content-Type': 'application/json' };
