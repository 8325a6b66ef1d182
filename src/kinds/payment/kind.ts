import { type Problem, problem } from '#core/problem';
import { defineKind } from '#core/records/kind';
import { PAYMENT_STATES, Payment } from '#schemas/payment.v1';

type State = Payment['state'];

/** The states that may follow a state that ends the payment. Any state may follow the others. */
const AFTER: Readonly<Partial<Record<State, readonly State[]>>> = {
  paid: ['cancelled', 'refunded'],
  cancelled: ['refunded'],
  refunded: [],
};

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
  searched: ({ code, dossierCode, transaction, payer }) => ({
    codes: [code, dossierCode, transaction],
    names: [payer?.name],
  }),
});

/** A platform that reports another amount, or a second transaction for one payment, is not believed. */
function contradictions(said: Partial<Payment>, held: Payment): readonly Problem[] {
  const { amountVnd, transaction } = said;
  const isOtherAmount = amountVnd !== undefined && amountVnd !== held.amountVnd;
  const isSecond = said.state === 'paid' && transaction !== undefined && held.state === 'paid';
  return [
    ...(isOtherAmount ? [problem('/amountVnd', 'amount-differs', { got: amountVnd, near: held.amountVnd })] : []),
    ...(isSecond && held.transaction !== undefined && transaction !== held.transaction
      ? [problem('/transaction', 'paid-twice', { got: transaction, near: held.transaction })]
      : []),
  ];
}
