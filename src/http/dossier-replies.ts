import Type from 'typebox';
import { Dossier, STATUSES } from '#schemas/dossier.upsert.v1';
import { closed, Instant, oneOf } from '#schemas/parts';
import { pageOf } from './lists.ts';

const MaybeMasked = Type.Optional(
  Type.String({ description: 'only its last characters, or unmasked with the scope for it' }),
);
const { applicant } = Dossier.properties;

export const ServedDossier = Type.Object(
  {
    ...Dossier.properties,
    applicant: Type.Optional(
      closed({
        ...applicant.properties,
        identityNumber: MaybeMasked,
        phone: MaybeMasked,
        email: MaybeMasked,
        address: MaybeMasked,
        techId: MaybeMasked,
      }),
    ),
    freshness: closed({
      party: Type.String(),
      eventAt: Instant,
      receivedAt: Instant,
      erasedAt: Type.Optional(Instant),
    }),
    asOf: Type.Optional(
      closed(
        {
          at: Instant,
          recordedAt: Instant,
          messageId: Type.String({ format: 'uuid' }),
          until: Type.Optional(Instant),
        },
        { description: 'present when the request names a time' },
      ),
    ),
  },
  {
    title: 'ServedDossier',
    description:
      'A dossier as readers see it. Without index:personal, the applicant is masked, in texts too, and documents and results have no url',
  },
);

const HistoryItem = closed(
  {
    at: Instant,
    status: oneOf(STATUSES),
    actor: Type.Optional(Type.String()),
    title: Type.Optional(Type.String()),
    unit: Type.Optional(Type.String()),
    content: Type.Optional(Type.String()),
    party: Type.String(),
    messageId: Type.String({ format: 'uuid' }),
    receivedAt: Instant,
    movedStatus: Type.Boolean(),
    claim: Type.Optional(
      Type.Literal(true, { description: 'reported by a party that does not own the dossier; it changes nothing' }),
    ),
  },
  { title: 'HistoryStep' },
);

const Seconds = Type.Integer({ minimum: 0 });
const Causes = {
  queue: Seconds,
  partnerDown: Seconds,
  partnerSlow: Seconds,
  quarantine: Seconds,
  wrongData: Seconds,
};

/** Seconds of working time by cause, see core/dossier/delay. */
export const DelaysShown = closed(
  {
    office: Seconds,
    ...Causes,
    parties: Type.Record(Type.String(), closed(Causes), { description: 'the same, by party' }),
  },
  { title: 'Delays' },
);

export const History = closed({
  ...pageOf(HistoryItem).properties,
  delays: DelaysShown,
});

/** A change of a record of another kind. */
export const RecordChangeItem = closed(
  {
    cursor: Type.String(),
    code: Type.String(),
    state: Type.String(),
    stateAt: Instant,
    changedAt: Instant,
  },
  { title: 'RecordChange' },
);

export const ChangeItem = closed(
  {
    cursor: Type.String(),
    code: Type.String(),
    status: oneOf(STATUSES),
    statusAt: Instant,
    changedAt: Instant,
  },
  { title: 'Change' },
);
