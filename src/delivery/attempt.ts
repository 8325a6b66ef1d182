import { msToInstant } from '#core/dates/dates';
import {
  BEHIND_ANOTHER,
  FILE_FETCHING,
  HELD_IN_DOUBT,
  NOTHING_NEW,
  type Outcome,
  settle,
  settleUnsent,
  UNREADABLE,
} from '#core/dossier/settle';
import { maskWords } from '#core/masking/mask-words';
import { maskNumbersIn } from '#core/masking/masking';
import { createMentions, type Mentions, type Person } from '#core/masking/mentions';
import { peopleIn } from '#core/records/mask-record';
import { storableIn } from '#core/vietnamese/text';
import { say } from '#messages/message';
import { sentenceOf } from '#messages/render';
import type { Connection } from '../kit/connection.ts';
import type { WireRecord } from '../kit/http/exchange.ts';
import type { Outgoing, Sender } from '../kit/sender.ts';
import type { Claimed } from '../ledger/claim.ts';
import type { Settled } from '../ledger/settle.ts';
import type { PayloadShapes } from '../observe/payload-shapes.ts';
import type { Party } from '../parties/party.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { PlannedCall } from './plan-calls.ts';
import { sendSplitting } from './splitting.ts';

type Hub = Pick<HubContext, 'nowMs' | 'random' | 'telemetry' | 'kinds'>;

export interface AttemptDeps {
  readonly retryDelaysMs: readonly number[];
  /** Learns from each answer of a partner. */
  readonly shapes: Pick<PayloadShapes, 'sampleAnswer'>;
}

/**
 * Makes one call.
 *
 * @returns for each of its deliveries the outcome and what follows
 */
export async function attemptCall(
  hub: Hub,
  { retryDelaysMs, shapes }: AttemptDeps,
  party: Party,
  call: PlannedCall,
): Promise<readonly Settled[]> {
  const wire: WireRecord[] = [];
  const startedMs = hub.nowMs();
  const outcomes = await outcomesOf(hub, party, call, (record) => {
    wire.push(record);
    shapes.sampleAnswer(party.id, call.operation, record);
  });
  const endedMs = hub.nowMs();
  const people = createMentions(call.items.flatMap(({ outgoing }) => peopleOf(hub, outgoing)));
  const isAnswered = wire.some(({ status }) => status !== undefined);
  const wireJson = wire.length > 0 ? JSON.stringify(wire) : undefined;
  return call.items.map(({ claimed, outgoing }, at) => {
    const eventAt = eventAtOf(outgoing);
    // A partner's words may contain characters that cannot be stored. The outcome must be stored all the same.
    const outcome = withoutPeople(storableIn(outcomes[at] as Outcome), people);
    return {
      claimed,
      outcome,
      isAnswered,
      settlement:
        at > 0 && isBehindAnother(outcome)
          ? settleUnsent(claimed, retryDelaysMs)
          : settle(outcome, claimed, retryDelaysMs, hub.random()),
      at: msToInstant(endedMs),
      tookMs: endedMs - startedMs,
      eventAt,
      // One record of the call, with its first delivery.
      wire: at === 0 ? wireJson : undefined,
    };
  });
}

const isBehindAnother = (outcome: Outcome): boolean => 'reason' in outcome && outcome.reason === BEHIND_ANOTHER;

/**
 * Masks applicants in outcomes, because partners quote them and operators without the scope for personal data read
 * them. Of other people whom a partner mentions it masks numbers and addresses, by their shape.
 */
function withoutPeople(outcome: Outcome, people: Mentions): Outcome {
  const mask = (text: string): string => maskNumbersIn(people.mask(text));
  const words = outcome.words && maskWords(outcome.words, mask);
  if (outcome.kind !== 'delivered') {
    const { message } = words ? sentenceOf(words) : { message: mask(outcome.message) };
    return { ...outcome, message, words, reason: people.mask(outcome.reason) };
  }
  if (outcome.note === undefined) return outcome;
  return { ...outcome, note: words ? sentenceOf(words).message : mask(outcome.note), words };
}

function peopleOf({ kinds }: Hub, outgoing: Outgoing | undefined): readonly Person[] {
  if (!outgoing) return [];
  const { dossier, operation, record } = outgoing;
  const kind = kinds.of(operation);
  const applicant = dossier?.applicant ? [dossier.applicant] : [];
  return kind ? [...peopleIn(kind, record), ...applicant] : applicant;
}

function eventAtOf(outgoing: Outgoing | undefined): string | undefined {
  const { at, statusAt, stateAt } = (outgoing?.record ?? {}) as { at?: string; statusAt?: string; stateAt?: string };
  return at ?? statusAt ?? stateAt;
}

async function outcomesOf(
  { telemetry }: Hub,
  party: Party,
  call: PlannedCall,
  record: (wire: WireRecord) => void,
): Promise<readonly Outcome[]> {
  const all = (outcome: Outcome): readonly Outcome[] => call.items.map(() => outcome);
  if (call.withheld === FILE_FETCHING)
    return all({ kind: 'unavailable', reason: FILE_FETCHING, ...sentenceOf(say('file-fetching')) });
  if (call.withheld === UNREADABLE)
    return all({ kind: 'unavailable', reason: UNREADABLE, ...sentenceOf(say('content-unreadable')) });
  if (call.withheld) return call.items.map(({ claimed }) => heldBack(claimed));
  const { send, sendAny } = party.adapter;
  const sender = (send?.[call.operation] ?? sendAny) as Sender<unknown> | undefined;
  if (!sender)
    return all({
      kind: 'refused',
      reason: 'no-operation',
      ...sentenceOf(say('operation-not-sent', { operation: call.operation })),
    });
  const items = call.items.map((item) => item.outgoing).filter((item) => item !== undefined);
  if (items.length < call.items.length)
    return all({ kind: 'refused', reason: 'nothing-to-say', ...sentenceOf(say('content-not-kept')) });
  const [first] = call.items as [PlannedCall['items'][number]];
  const connection: Connection = party.connect(record, telemetry.headersOf(first.claimed));
  const onBug = (error: unknown): void => telemetry.failed(`adapter of ${party.id}`, error);
  return sendSplitting(items, (some: readonly Outgoing[]) => sender.send(connection, some), onBug);
}

/** The release of a record makes a newer delivery. One in doubt stays due, because its partner may have the record. */
function heldBack({ doubt }: Claimed): Outcome {
  const { message, words } = sentenceOf(say('held-not-sent'));
  if (doubt) return { kind: 'unavailable', reason: HELD_IN_DOUBT, message, words };
  return { kind: 'delivered', reason: NOTHING_NEW, note: message, words };
}
