import { msToInstant } from '#core/dates/dates';
import { type Problem, problem } from '#core/problem';
import { type DossierFacts, type DossierStep, defineKind, type StateOf } from '#core/records/kind';
import { amountText } from '#core/vietnamese/amount';
import { PAYMENT_STATES, Payment } from '#schemas/payment.v1';

type State = Payment['state'];

/** The states that may follow a state that ends the payment. Any state may follow the others. */
const AFTER: Readonly<Partial<Record<State, readonly State[]>>> = {
  paid: ['cancelled', 'refunded'],
  // The page of the platform stays open to the citizen. See contradictions.
  cancelled: ['paid', 'refunded'],
  refunded: [],
};

/** Nobody pays for these dossiers any more. A fee may still be due when the result is ready. */
const ENDED_WITHOUT_PAYMENT: readonly DossierFacts['status'][] = ['refused', 'withdrawn', 'stopped', 'returned'];

/** A payment of fees for a dossier. */
export const payment = defineKind<Payment>({
  name: 'payment',
  path: 'payments',
  operation: 'payment.upsert.v1',
  scope: 'payment:write',
  schema: Payment,
  names: { en: ['payment', 'payments'], vi: ['thanh toán', 'thanh toán'] },
  states: PAYMENT_STATES,
  finalStates: ['paid', 'failed', 'cancelled', 'refunded'],
  people: ['payer'],
  citizenTexts: [],
  shared: ['paidAt', 'transaction', 'payUrl', 'receiptUrl'],
  mayFollow: (from, to) => AFTER[from]?.includes(to) ?? true,
  document: 'receipt',
  contradictions,
  dossierStep,
  stillAfterDays: 3,
  disagreements: [
    { states: ['requested', 'initiated', 'pending'], statuses: ENDED_WITHOUT_PAYMENT },
    { states: ['paid', 'cancelled'], statuses: ['payment-required'], ifLast: true },
  ],
  searched: ({ code, dossierCode, transaction, payer }) => ({
    codes: [code, dossierCode, transaction],
    names: [payer?.name],
  }),
});

/**
 * A platform that reports another amount, a second transaction for one payment, or the payment of a cancelled one, is not
 * believed: an officer decides what becomes of the money.
 */
function contradictions(said: Partial<Payment>, held: Payment): readonly Problem[] {
  const { amountVnd, transaction, stateAt = '' } = said;
  const isOtherAmount = amountVnd !== undefined && amountVnd !== held.amountVnd;
  const isSecond = said.state === 'paid' && transaction !== undefined && held.state === 'paid';
  const isAfterCancel = said.state === 'paid' && held.state === 'cancelled' && stateAt > held.stateAt;
  return [
    ...(isAfterCancel ? [problem('/state', 'paid-after-cancel', { moment: held.stateAt })] : []),
    ...(isOtherAmount ? [problem('/amountVnd', 'amount-differs', { got: amountVnd, near: held.amountVnd })] : []),
    ...(isSecond && held.transaction !== undefined && transaction !== held.transaction
      ? [problem('/transaction', 'paid-twice', { got: transaction, near: held.transaction })]
      : []),
  ];
}

const DEMANDED: readonly State[] = ['requested', 'initiated', 'pending'];
/** The hub knows nothing of the work before the reception, and a finished dossier needs no payment to go on. */
const IN_WORK: readonly DossierFacts['status'][] = ['received', 'processing'];

/**
 * A demand for payment stops the work on the dossier. The work resumes when no demand is open any more and one was paid since:
 * the last one may be paid, or end without money after another one was.
 */
function dossierStep(
  { state, stateAt, amountVnd }: Payment,
  { status, statusAt }: DossierFacts,
  others: readonly StateOf<Payment>[],
): DossierStep | undefined {
  const amount = amountText(amountVnd);
  const isDemanded = DEMANDED.includes(state);
  if (isDemanded && IN_WORK.includes(status))
    return { status: 'payment-required', actor: ACTOR, content: `Yêu cầu nộp ${amount}.` };
  if (status !== 'payment-required' || isDemanded || others.some((other) => DEMANDED.includes(other.state)))
    return undefined;
  const resumed = { status: 'processing', actor: ACTOR } as const;
  if (state === 'paid') return { ...resumed, content: `Đã nộp ${amount}.`, at: afterDemand(stateAt, statusAt) };
  const paid = others.filter((other) => other.state === 'paid').map((other) => other.stateAt);
  const paidAt = paid.sort().at(-1);
  if (paidAt === undefined || paidAt < statusAt) return undefined;
  const at = stateAt > paidAt ? stateAt : paidAt;
  return { ...resumed, content: 'Đã nộp, không còn khoản chờ nộp.', at: afterDemand(at, statusAt) };
}

/**
 * A platform may repeat the moment of the request when it reports the payment. Of two statuses at one moment the further one
 * counts, which is the demand.
 */
function afterDemand(at: string, demandedAt: string): string {
  return at === demandedAt ? msToInstant(Date.parse(at) + 1_000) : at;
}

const ACTOR = 'Thanh toán trực tuyến';
