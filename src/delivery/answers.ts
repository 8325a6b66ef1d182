import { instantToMs } from '#core/dates/dates';
import type { Item } from '#core/dossier/item';
import type { PartnerAnswer } from '#core/dossier/settle';
import { doorKey } from '#core/identifiers/door';
import { type Cause, problem } from '#core/problem';
import { codeOfSubject } from '#core/records/kind';
import { say } from '#messages/message';
import type { Operation } from '#schemas/operations';
import { isUnavailable } from '../database/failures.ts';
import type { Claimed } from '../ledger/claim.ts';
import type { Settled } from '../ledger/settle.ts';
import type { Accepted, Submission } from '../ledger/submission.ts';
import type { Party } from '../parties/party.ts';
import { ANSWER_DOOR } from '../parties/read-again.ts';
import type { HubContext } from '../process/hub-context.ts';

type Accept = (submission: Submission) => Promise<Accepted>;

/**
 * Accepts what partners' answers say of the records that were sent. Runs before the outcomes are stored. While the database is
 * unavailable the deliveries stay in doubt, and the next attempt looks them up. An answer that cannot be read or applied waits for
 * an operator: the hub would otherwise ask the partner for it without end.
 */
export async function acceptAnswers(
  { telemetry }: Pick<HubContext, 'telemetry'>,
  accept: Accept,
  party: Party,
  settled: readonly Settled[],
): Promise<void> {
  for (const { claimed, outcome, at } of settled) {
    if (outcome.kind !== 'delivered' || !outcome.answer) continue;
    const { answer } = outcome;
    let items: readonly Item[];
    try {
      items = readAnswer(party, answer, at);
    } catch (error) {
      telemetry.failed(`adapter of ${party.id}`, error);
      items = [waiting(party, claimed, claimed.operation, codeOfSubject(claimed.subject))];
    }
    const submission = submissionOf(party, answer, at, items);
    await accept(submission).catch(async (error) => {
      if (isUnavailable(error)) throw error;
      telemetry.failed('answer', error);
      await accept({ ...submission, items: items.map((item) => waitingItem(party, claimed, item)) });
    });
  }
}

function readAnswer({ adapter, settings, codes }: Party, { name, body }: PartnerAnswer, at: string): readonly Item[] {
  return adapter.answers?.[name]?.read(Buffer.from(body), settings, codes.at(instantToMs(at))) ?? [];
}

function waitingItem(party: Party, claimed: Claimed, item: Item): Item {
  if (item.kind !== 'record') return item;
  return waiting(party, claimed, item.operation, (item.record as { readonly code?: string }).code);
}

function waiting(party: Party, { id }: Claimed, operation: Operation, code: string | undefined): Item {
  const why = problem('', 'answer-not-applied', { party: party.id, id, why: say('error-in-log') });
  const { path: _, ...rendered } = why;
  const cause: Cause = { kind: 'unreadable', key: `unreadable:answer ${id}`, ...rendered };
  return { kind: 'waiting', operation, code, cause, problems: [why] };
}

function submissionOf(
  party: Party,
  { name, body: text }: PartnerAnswer,
  receivedAt: string,
  items: readonly Item[],
): Submission {
  const body = Buffer.from(text);
  return {
    receivedAt,
    party: party.id,
    door: doorKey({ kind: ANSWER_DOOR, name }),
    operation: items.find((item) => item.kind !== 'invalid')?.operation ?? name,
    keyName: undefined,
    mediaType: 'application/json',
    body,
    bodyBytes: body.length,
    items,
  };
}
