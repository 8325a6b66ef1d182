import { msToInstant } from '#core/dates/dates';
import { type Errand, referenceOf } from './errand.ts';
import type { Push, RecordEvent, Thread } from './events.ts';
import { invented } from './people.ts';
import { eventOf, requestsOf } from './record-threads.ts';
import { type NumberEvent, restDossier, restStep } from './rest-items.ts';
import { single } from './rest-threads.ts';
import { createStory, type Office, type StoryStep } from './stories.ts';

export interface ErrandThread extends Thread {
  readonly errand: Errand;
}

/**
 * Dossiers in work with a postal order and a payment. Some orders are cancelled at once. The post and the platform say the
 * rest, and the payment moves its dossier.
 *
 * @param nowMs the payments are requested now: the platform dates what it reports
 */
export function errandThreads(
  office: Office,
  numbered: NumberEvent,
  count: number,
  nowMs: number,
): readonly ErrandThread[] {
  // The platform counts in whole seconds.
  const requestedAt = msToInstant(Math.floor(nowMs / 1_000) * 1_000);
  return Array.from({ length: count }, () => errandThread(office, numbered, requestedAt));
}

function errandThread(office: Office, numbered: NumberEvent, requestedAt: string): ErrandThread {
  const { dice } = office;
  const story = createStory(office, ['received', 'processing']);
  const [received, processing] = story.steps as readonly [StoryStep, StoryStep];
  const dossierCode = story.code;
  const errand: Errand = {
    dossierCode,
    reference: referenceOf(dossierCode, dice.whole(0, 9)),
    amountVnd: dice.whole(1, 20) * 10_000,
    requestedAt,
    isCancelled: dice.next() < 0.25,
  };
  const pushes: readonly Push[] = [
    single(restDossier(numbered, story, received)),
    single(restStep(numbered, story, processing)),
    ...requestsOf(office, 'postal-orders', orderEvents(office, errand)),
    ...requestsOf(office, 'payments', [paymentEvent(errand)]),
  ];
  return { startsAt: dice.next() * 0.9, pushes, errand };
}

function orderEvents({ dice }: Office, { dossierCode, requestedAt, isCancelled }: Errand): readonly RecordEvent[] {
  const { name, phone } = invented(dice);
  const citizen = { name, phone, address: `Số ${dice.whole(1, 200)}, tổ 7, phường Minh Xuân` };
  const isReturn = dice.next() < 0.5;
  const serial = String(dice.whole(0, 999_999_999)).padStart(9, '0');
  const order = {
    code: dossierCode,
    dossierCode,
    direction: isReturn ? 'return' : 'pick-up',
    receiver: isReturn ? citizen : undefined,
    sender: isReturn ? undefined : citizen,
    waybill: dice.next() < 0.5 ? `EK${serial}VN` : undefined,
  };
  const cancelledAt = msToInstant(Date.parse(requestedAt) + 1_000);
  const eventAt = (at: string, state: string) => eventOf('postal-order', 'postal-orders', at, state, order);
  return [eventAt(requestedAt, 'registered'), ...(isCancelled ? [eventAt(cancelledAt, 'cancelled')] : [])];
}

function paymentEvent({ dossierCode, reference, amountVnd, requestedAt }: Errand): RecordEvent {
  const items = [{ code: 'LP01', name: 'Lệ phí', amountVnd }];
  const payment = { code: reference, dossierCode, amountVnd, items };
  return eventOf('payment', 'payments', requestedAt, 'requested', payment);
}
