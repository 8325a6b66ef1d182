import Type from 'typebox';
import { AgencyCode, Amount, AnyCode, closed, DossierCode, Instant, Line, Name, oneOf } from './parts.ts';
import { Person } from './people.ts';

export const POSTAL_STATES = ['registered', 'collecting', 'handed-over', 'delivered', 'cancelled', 'failed'] as const;

const optional = Type.Optional;

export const TrackingStep = closed({ at: Instant, status: Name, text: optional(Line) });

/** A postal item of a dossier: papers picked up from the citizen, or a result returned to the citizen. */
export const PostalOrder = closed(
  {
    code: AnyCode,
    state: oneOf(POSTAL_STATES),
    stateAt: Instant,
    dossierCode: DossierCode,
    direction: oneOf(['pick-up', 'return']),
    agencyCode: optional(AgencyCode),
    waybill: optional(AnyCode),
    codAmountVnd: optional(Amount),
    sender: optional(Person),
    receiver: optional(Person),
    steps: optional(Type.Array(TrackingStep, { maxItems: 1_000 })),
  },
  { title: 'PostalOrder', $id: 'postal-order.v1' },
);
export type PostalOrder = Type.Static<typeof PostalOrder>;
