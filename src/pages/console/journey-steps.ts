import { instantToMs } from '#core/dates/dates';
import type { Tone } from '../parts/parts.ts';
import { counted, durationOf, number } from '../words.ts';
import { attemptPath } from './delivery.ts';
import { meaningOf } from './reasons.ts';
import type { Journey } from './records.ts';
import type { Visit } from './visit.ts';
import { ATTEMPT_OUTCOMES, MESSAGE_OUTCOMES, OPERATIONS, STATUSES, word } from './words.ts';

type Message = Journey['messages'][number];
type Delivery = Journey['deliveries'][number];
type Try = Delivery['tries'][number];

/** The hub among the systems. No party can have this id. */
export const HUB = '*';
/** The sender of a message without a key of a party. */
export const STRANGER = '?';

/** One exchange between two systems, or a wait inside the hub. */
export interface Step {
  readonly atMs: number;
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly note: string;
  readonly tone: Tone;
  /** The page of its message, delivery or cause. */
  readonly href: string;
}

/** The steps of a journey in the order of time. A due delivery is a step at its next attempt. */
export function stepsOf(visit: Visit, { messages, waits, deliveries }: Journey): readonly Step[] {
  const statuses = new Map(messages.map((one) => [one.id, statusesOf(visit, one)]));
  return [
    ...messages.map((one) => messageStep(visit, one)),
    ...waits.map((one) => waitStep(visit, one)),
    ...deliveries.flatMap((one) => deliverySteps(visit, one, statuses.get(one.messageId))),
  ].sort((a, b) => a.atMs - b.atMs);
}

const MESSAGE_TONES: Readonly<Record<string, Tone>> = { accepted: 'now', quarantined: 'warn' };
/** A later report counts as the sender's delay. */
const LATE_REPORT_S = 3_600;

/** The statuses that a message reports, in words. */
function statusesOf({ say }: Visit, { events }: Message): string {
  return [...new Set(events.map(({ status }) => word(say, STATUSES, status)))].join(', ');
}

function textOf({ say }: Visit, operation: string | null, statuses: string | undefined): string {
  const what = word(say, OPERATIONS, operation);
  return statuses ? `${what}: ${statuses}` : what;
}

function messageStep(visit: Visit, message: Message): Step {
  const { say } = visit;
  const { id, party, receivedAt, outcome, events } = message;
  const oldest = events[0]?.at;
  const lateS = oldest === undefined ? 0 : (instantToMs(receivedAt) - instantToMs(oldest)) / 1_000;
  const late = durationOf(say, Math.max(lateS, 0));
  return {
    atMs: instantToMs(receivedAt),
    from: party ?? STRANGER,
    to: HUB,
    text: textOf(visit, message.operation, statusesOf(visit, message)),
    note: [
      outcome === 'accepted' ? '' : word(say, MESSAGE_OUTCOMES, outcome),
      lateS >= LATE_REPORT_S ? say(`báo sau khi xảy ra ${late}`, `reported ${late} after the event`) : '',
    ]
      .filter(Boolean)
      .join('; '),
    tone: MESSAGE_TONES[outcome] ?? 'bad',
    href: `/console/messages/${id}`,
  };
}

function waitStep({ say, nowMs }: Visit, wait: Journey['waits'][number]): Step {
  const { id, detail, openedAt, settledAt, deliveryId, messageId } = wait;
  const atMs = instantToMs(openedAt);
  const lasted = durationOf(say, ((settledAt === null ? nowMs : instantToMs(settledAt)) - atMs) / 1_000);
  const settled = deliveryId === null ? `/console/messages/${messageId}` : `/console/deliveries/${deliveryId}`;
  return {
    atMs,
    from: HUB,
    to: HUB,
    text: say(`chờ cán bộ quyết định: ${detail}`, `waits for a decision: ${detail}`),
    note: settledAt === null ? say(`đang chờ, đã ${lasted}`, `still waiting, for ${lasted}`) : lasted,
    tone: settledAt === null ? 'bad' : 'warn',
    href: settledAt === null ? `/console/quarantine/${id}` : settled,
  };
}

/** @param statuses those of the message that it passes on */
function deliverySteps(visit: Visit, delivery: Delivery, statuses: string | undefined): readonly Step[] {
  const { say, nowMs } = visit;
  const { id, party, operation, state, nextAt, isOnItsWay, behind } = delivery;
  const text = textOf(visit, operation, statuses);
  const steps = runsOf(delivery.tries).map((run): Step => {
    const first = run.tries[0] as Try;
    return {
      atMs: instantToMs(first.at) - first.tookMs,
      from: HUB,
      to: party,
      text,
      note: tryNote(visit, run.tries),
      tone: TRY_TONES[first.outcome] ?? 'bad',
      href: attemptPath(id, run.number),
    };
  });
  if (state !== 'due' || nextAt === undefined) return steps;
  const due = behind === null ? say('chờ gửi', 'due') : say('chờ lượt trước', 'waits for the earlier one');
  const note = isOnItsWay ? say('đang gửi', 'on its way') : due;
  const atMs = Math.max(instantToMs(nextAt), nowMs);
  return [...steps, { atMs, from: HUB, to: party, text, note, tone: 'plain', href: `/console/deliveries/${id}` }];
}

const TRY_TONES: Readonly<Record<string, Tone>> = { delivered: 'good', unavailable: 'warn', unknown: 'warn' };

interface Run {
  /** The number of its first attempt. */
  readonly number: number;
  readonly tries: readonly Try[];
}

/** Attempts that failed for the same reason, one after the other, are one step. */
function runsOf(tries: readonly Try[]): readonly Run[] {
  const runs: { number: number; tries: Try[] }[] = [];
  for (const [at, one] of tries.entries()) {
    const last = runs.at(-1);
    const before = last?.tries.at(-1);
    if (last && before?.outcome === one.outcome && before.reason === one.reason) last.tries.push(one);
    else runs.push({ number: at + 1, tries: [one] });
  }
  return runs;
}

function tryNote({ say }: Visit, tries: readonly Try[]): string {
  const [first] = tries as readonly [Try];
  const meaning = first.reason === null ? undefined : meaningOf(first.reason);
  const result = meaning ? say(meaning[0], meaning[1]) : word(say, ATTEMPT_OUTCOMES, first.outcome);
  if (tries.length === 1) return `${result}, ${number(say, first.tookMs)} ms`;
  const lastS = (instantToMs((tries.at(-1) as Try).at) - instantToMs(first.at)) / 1_000;
  const lasted = durationOf(say, lastS);
  return say(
    `${tries.length} lần trong ${lasted}: ${result}`,
    `${counted(tries.length, 'attempt', 'attempts')} within ${lasted}: ${result}`,
  );
}

/** Whom the dossier waited for between two steps. A party by its id. */
export type Holder = 'officer' | 'sender' | 'hub' | 'citizen' | 'office' | 'nobody' | { readonly party: string };

/** The order of causes is that of core/dossier/delay. */
export function holderAt(journey: Journey, atMs: number): Holder {
  const isBetween = (from: string, to: string | null): boolean =>
    instantToMs(from) <= atMs && (to === null || atMs < instantToMs(to));
  const open = journey.deliveries.filter(({ createdAt, settledAt }) => isBetween(createdAt, settledAt));
  if (journey.deliveries.some((one) => isUncorrected(journey, one, atMs))) return 'sender';
  if (journey.waits.some(({ openedAt, settledAt }) => isBetween(openedAt, settledAt))) return 'officer';
  const failing = open.find(({ tries }) => {
    const before = tries.filter(({ at }) => instantToMs(at) <= atMs).at(-1);
    return before !== undefined && before.outcome !== 'delivered';
  });
  if (failing) return { party: failing.party };
  if (open.length > 0) return 'hub';
  if (journey.finishedAt !== null && instantToMs(journey.finishedAt) <= atMs) return 'nobody';
  return statusAt(journey, atMs)?.endsWith('-required') ? 'citizen' : 'office';
}

/** Whether a party had refused this delivery, and no later one of its kind had got through. */
function isUncorrected({ deliveries }: Journey, one: Delivery, atMs: number): boolean {
  if (one.state !== 'refused' || one.settledAt === null || instantToMs(one.settledAt) > atMs) return false;
  return !deliveries.some(
    ({ id, party, operation, state, settledAt }) =>
      id > one.id &&
      party === one.party &&
      operation === one.operation &&
      state === 'delivered' &&
      settledAt !== null &&
      instantToMs(settledAt) <= atMs,
  );
}

function statusAt({ messages }: Journey, atMs: number): string | undefined {
  const known = messages.filter(({ receivedAt }) => instantToMs(receivedAt) <= atMs);
  return known.flatMap(({ events }) => events.filter(({ movedStatus }) => movedStatus)).at(-1)?.status;
}
