import Type from 'typebox';
import { AgencyCode, Amount, AnyCode, closed, DossierCode, Id, Instant, Line, Name, oneOf, Url } from './parts.ts';

export const PAYMENT_STATES = ['requested', 'initiated', 'pending', 'paid', 'failed', 'cancelled', 'refunded'] as const;

const optional = Type.Optional;

export const PaymentItem = closed({ code: optional(Id), name: optional(Line), amountVnd: Amount });

/** A payment for a dossier. Its code is the reference that the payment platform knows. */
export const Payment = closed(
  {
    code: AnyCode,
    state: oneOf(PAYMENT_STATES),
    stateAt: Instant,
    dossierCode: DossierCode,
    agencyCode: optional(AgencyCode),
    amountVnd: Amount,
    items: optional(Type.Array(PaymentItem, { maxItems: 100 })),
    paidAt: optional(Instant),
    transaction: optional(Id),
    /** Where the citizen pays. */
    payUrl: optional(Url),
    receiptUrl: optional(Url),
    payer: optional(closed({ name: optional(Name) })),
  },
  { title: 'Payment', $id: 'payment.v1' },
);
export type Payment = Type.Static<typeof Payment>;
