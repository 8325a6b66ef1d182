import { instantToMs } from '#core/dates/dates';
import type { PartnerAnswer } from '#core/dossier/settle';
import { doorKey } from '#core/identifiers/door';
import type { Settled } from '../ledger/settle.ts';
import type { Accepted, Submission } from '../ledger/submission.ts';
import type { Party } from '../parties/party.ts';
import { ANSWER_DOOR } from '../parties/read-again.ts';

/**
 * Accepts what partners' answers say of the records that were sent. Runs before the outcomes are stored. If it fails, the
 * deliveries stay in doubt, and the next attempt looks them up.
 */
export async function acceptAnswers(
  accept: (submission: Submission) => Promise<Accepted>,
  party: Party,
  settled: readonly Settled[],
): Promise<void> {
  for (const { outcome, at } of settled)
    if (outcome.kind === 'delivered' && outcome.answer) await accept(submissionOf(party, outcome.answer, at));
}

function submissionOf(party: Party, { name, body: text }: PartnerAnswer, receivedAt: string): Submission {
  const body = Buffer.from(text);
  const items =
    party.adapter.answers?.[name]?.read(body, party.settings, party.codes.at(instantToMs(receivedAt))) ?? [];
  return {
    receivedAt,
    party: party.id,
    door: doorKey({ kind: ANSWER_DOOR, name }),
    operation: items.find((item) => item.kind === 'record')?.operation ?? name,
    keyName: undefined,
    mediaType: 'application/json',
    body,
    bodyBytes: body.length,
    items,
  };
}
