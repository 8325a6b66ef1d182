import { createByKey } from '../concurrency/by-key.ts';
import { findIdempotent, IDEMPOTENCY_CONFLICT } from '../ledger/idempotency.ts';
import { loadResults } from '../ledger/results.ts';
import type { Accepted, Submission } from '../ledger/submission.ts';
import type { HubContext } from '../process/hub-context.ts';

type Hub = Pick<HubContext, 'database' | 'vault'>;

export type KeyedSubmission = Submission & Required<Pick<Submission, 'idempotency'>>;
export type OnceResult = ({ readonly kind: 'done' } & Accepted) | { readonly kind: 'other-body' };

export type Accept = (submission: Submission) => Promise<Accepted>;
export type AcceptOnce = (submission: KeyedSubmission, accept?: Accept) => Promise<OnceResult>;

/** Accepts messages once for an Idempotency-Key: a repeat gets the receipt of the first. */
export function createAcceptOnce(hub: Hub, usual: Accept): AcceptOnce {
  /** One request with a key at a time, so that the second one finds the receipt of the first. */
  const byKey = createByKey();
  return (submission, accept = usual) =>
    byKey(`${submission.idempotency.party} ${submission.idempotency.key}`, () => acceptOnce(hub, accept, submission));
}

async function acceptOnce({ database, vault }: Hub, accept: Accept, submission: KeyedSubmission): Promise<OnceResult> {
  const { party, key, bodyHash } = submission.idempotency;
  const known = await findIdempotent(database, vault, party, key, submission.receivedAt);
  if (known) {
    if (!known.bodyHash.equals(bodyHash)) return { kind: 'other-body' };
    const messages = await loadResults(database, party, known.receipt);
    return { kind: 'done', receipt: known.receipt, results: messages.flatMap(({ results }) => results) };
  }
  try {
    return { kind: 'done', ...(await accept(submission)) };
  } catch (error) {
    // Another process came first.
    if ((error as { constraint?: string }).constraint === IDEMPOTENCY_CONFLICT)
      return acceptOnce({ database, vault }, accept, submission);
    throw error;
  }
}
