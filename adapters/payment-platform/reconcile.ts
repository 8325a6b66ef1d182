import { type Comparison, type Outgoing, type Reconciler, say, textOf } from '#kit';
import type { Payment } from '#schemas/payment.v1';
import type { Platform } from './client.ts';
import { ask } from './query.ts';
import { OPEN, readKept, stateIn } from './reports.ts';
import { isPaygov, type Settings } from './settings.ts';

type Item = Outgoing<'payment.upsert.v1'>;
type Members = Readonly<Record<string, unknown>>;

/** Compares the state, the amount and the transaction of a payment with the platform's answer to QUERY. */
export const reconcile: Reconciler<Settings> = {
  unable: (settings) => (isPaygov(settings) ? 'no public source describes a query of PayGov' : undefined),
  records: ['payment.upsert.v1'],
  theirsDecides: true,
  compareRecord: (platform, item) => comparePayment(platform, item as Item),
  read: readKept,
};

/** The one-stop system says these, and no public source describes how the platform shows them. */
const NOT_ASKED: readonly Payment['state'][] = ['cancelled', 'refunded'];

async function comparePayment(platform: Platform, { record: payment, dossier, moments }: Item): Promise<Comparison> {
  const { state: ours } = payment;
  if (NOT_ASKED.includes(ours)) return { kind: 'untold', why: say('payment-state-not-asked', { state: ours }) };
  const { code, stateAt } = payment;
  const asked = await ask(platform, { code, stateAt, moments }, { payment, dossier });
  if ('kind' in asked) return { kind: 'failed', outcome: asked };
  if (textOf(asked.answer.MaLoi) !== '00') return { kind: 'absent' };
  const theirs = stateIn(asked.answer);
  if (theirs === undefined) return { kind: 'untold', why: say('payment-state-untold') };
  return {
    kind: 'found',
    differences: differences(payment, theirs, asked.answer),
    answer: { body: Buffer.from(JSON.stringify(asked.kept)), mediaType: 'application/json' },
  };
}

/** All states before the last one are the same to the platform. */
function differences({ state, amountVnd, transaction }: Payment, theirs: Payment['state'], answer: Members) {
  const isSameState = state === theirs || (OPEN.includes(state) && OPEN.includes(theirs));
  const pairs = [
    { path: '/TrangThaiGD', ours: isSameState ? theirs : state, theirs },
    { path: '/SoTien', ours: String(amountVnd), theirs: textOf(answer.SoTien) ?? '' },
    ...(state === 'paid' && transaction !== undefined
      ? [{ path: '/MaGiaoDich', ours: transaction, theirs: textOf(answer.MaGiaoDich) ?? '' }]
      : []),
  ];
  return pairs.filter((pair) => pair.ours !== pair.theirs);
}
