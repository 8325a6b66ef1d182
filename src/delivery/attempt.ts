import { msToInstant } from '#core/dates/dates';
import { type Outcome, settle } from '#core/dossier/settle';
import { createMentions, type Mentions, type Person } from '#core/masking/mentions';
import { storableIn } from '#core/vietnamese/text';
import type { Connection, Outgoing, Sender } from '../kit/adapter.ts';
import type { WireRecord } from '../kit/http/http.ts';
import type { Claimed } from '../ledger/claim.ts';
import type { Settled } from '../ledger/settle.ts';
import type { Party } from '../parties/party.ts';
import type { PlannedCall } from './plan-calls.ts';
import { sendSplitting } from './splitting.ts';

export interface AttemptDeps {
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly retryDelaysMs: readonly number[];
  readonly onBug: (error: unknown) => void;
  /** What a call says beside what its adapter says: which trace it belongs to. */
  readonly headersOf: (claimed: Claimed) => Readonly<Record<string, string>>;
  /** Called with each exchange with the partner. */
  readonly onWire: (operation: string, wire: WireRecord) => void;
}

/** Make one call, and say of each delivery in it what came of it and what follows. */
export async function attemptCall(means: AttemptDeps, party: Party, call: PlannedCall): Promise<readonly Settled[]> {
  const wire: WireRecord[] = [];
  const startedMs = means.nowMs();
  const outcomes = await outcomesOf(means, party, call, (record) => {
    wire.push(record);
    means.onWire(call.operation, record);
  });
  const endedMs = means.nowMs();
  const people = createMentions(call.items.flatMap(({ outgoing }) => applicantOf(outgoing) ?? []));
  const kept = wire.length > 0 ? JSON.stringify(wire) : undefined;
  return call.items.map(({ claimed, outgoing }, at) => {
    const eventAt = eventAtOf(outgoing);
    // Words of the partner's: what cannot be stored must not keep it from being known that it has answered.
    const outcome = withoutPeople(storableIn(outcomes[at] as Outcome), people);
    return {
      claimed,
      outcome,
      settlement: settle(outcome, claimed.attempts, means.retryDelaysMs, means.random()),
      at: msToInstant(endedMs),
      tookMs: endedMs - startedMs,
      ...(eventAt && { eventAt }),
      // One call, one record of it: with its first delivery.
      wire: at === 0 ? kept : undefined,
    };
  });
}

/** Partners quote the applicant in their answers, and operators without the scope for personal data read these. */
function withoutPeople(outcome: Outcome, people: Mentions): Outcome {
  if (outcome.kind !== 'delivered')
    return { ...outcome, message: people.mask(outcome.message), reason: people.mask(outcome.reason) };
  return outcome.note === undefined ? outcome : { ...outcome, note: people.mask(outcome.note) };
}

function applicantOf(outgoing: Outgoing | undefined): Person | undefined {
  return outgoing?.dossier?.applicant;
}

function eventAtOf(outgoing: Outgoing | undefined): string | undefined {
  const { at, statusAt } = (outgoing?.record ?? {}) as { at?: string; statusAt?: string };
  return at ?? statusAt;
}

async function outcomesOf(
  means: AttemptDeps,
  party: Party,
  call: PlannedCall,
  record: (wire: WireRecord) => void,
): Promise<readonly Outcome[]> {
  const all = (outcome: Outcome): readonly Outcome[] => call.items.map(() => outcome);
  const sender = party.adapter.send?.[call.operation] as Sender<unknown> | undefined;
  if (!sender)
    return all({ kind: 'refused', reason: 'no-operation', message: `its adapter does not send ${call.operation}` });
  const items = call.items.map((item) => item.outgoing).filter((item) => item !== undefined);
  if (items.length < call.items.length)
    return all({ kind: 'refused', reason: 'nothing-to-say', message: 'what it was to tell is no longer kept' });
  const [first] = call.items as [PlannedCall['items'][number]];
  const connection: Connection = party.connect(record, means.headersOf(first.claimed));
  return sendSplitting(items, (some: readonly Outgoing[]) => sender.send(connection, some), means.onBug);
}
