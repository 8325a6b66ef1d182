import { instantToMs } from '#core/dates/dates';
import type { Item } from '#core/dossier/item';
import type { PartnerAnswer } from '#core/dossier/settle';
import { doorKey } from '#core/identifiers/door';
import { type Cause, type Problem, problem } from '#core/problem';
import { say } from '#messages/message';
import { isUnavailable } from '../database/failures.ts';
import type { Settled } from '../ledger/settle.ts';
import type { Accepted, Submission } from '../ledger/submission.ts';
import type { Party } from '../parties/party.ts';
import { ANSWER_DOOR } from '../parties/read-again.ts';
import type { HubContext } from '../process/hub-context.ts';

type Accept = (submission: Submission) => Promise<Accepted>;

/**
 * Accepts what partners' answers say of the records that were sent. Runs before the outcomes are stored. While the database is
 * unavailable the deliveries stay in doubt, and the next attempt looks them up. An answer that cannot be applied waits for an
 * operator: the hub would otherwise ask the partner for it without end.
 */
export async function acceptAnswers(
  { telemetry }: Pick<HubContext, 'telemetry'>,
  accept: Accept,
  party: Party,
  settled: readonly Settled[],
): Promise<void> {
  for (const { claimed, outcome, at } of settled) {
    if (outcome.kind !== 'delivered' || !outcome.answer) continue;
    const submission = submissionOf(party, outcome.answer, at);
    await accept(submission).catch(async (error) => {
      if (isUnavailable(error)) throw error;
      telemetry.failed('answer', error);
      const given = { party: party.id, id: claimed.id, why: say('error-in-log') };
      const why = problem('', 'answer-not-applied', given);
      const key = `unreadable:answer ${claimed.id}`;
      await accept({ ...submission, items: submission.items.map((item) => waiting(item, key, why)) });
    });
  }
}

function waiting(item: Item, key: string, why: Problem): Item {
  if (item.kind !== 'record') return item;
  const { operation, record } = item;
  const { path: _, ...rendered } = why;
  const cause: Cause = { kind: 'unreadable', key, ...rendered };
  return { kind: 'waiting', operation, code: (record as { readonly code?: string }).code, cause, problems: [why] };
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
