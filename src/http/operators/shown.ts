import Type from 'typebox';
import { DELIVERY_STATES } from '#core/dossier/delivery-states';
import { closed, Instant, oneOf } from '#schemas/parts';

export const maybe = <S extends Type.TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

export const DETAIL = Type.String({
  description: 'in words: the error, or what the partner could not receive in full',
});

/** Beside a sentence: the same as a value. Null where an older version stored the sentence alone, or a partner said it. */
export const WordsShown = maybe(
  Type.Object(
    { code: Type.String(), args: Type.Record(Type.String(), Type.Any()) },
    { description: 'the sentence beside it as a stable code with arguments' },
  ),
);

export const DeliveryShown = closed(
  {
    id: Type.Integer(),
    party: Type.String(),
    operation: Type.String(),
    code: Type.String({ description: 'the code of the dossier or of the catalogue entry' }),
    version: Type.Integer({ description: 'the version of the dossier in the delivery' }),
    messageId: Type.String({ format: 'uuid' }),
    state: oneOf(DELIVERY_STATES),
    createdAt: Instant,
    nextAt: Type.Optional(Instant),
    isOnItsWay: Type.Boolean({ description: 'a process is sending it' }),
    behind: maybe(
      Type.Integer({ description: 'the earlier delivery of the same dossier, which may wait for an operator' }),
    ),
    attempts: Type.Integer(),
    doubt: Type.Boolean({ description: 'an earlier attempt may have arrived, so the adapter looks it up first' }),
    causeKey: maybe(Type.String({ description: 'the cause for which it waits' })),
    outcome: maybe(Type.String()),
    reason: maybe(Type.String()),
    detail: maybe(DETAIL),
    words: WordsShown,
    reference: maybe(Type.String()),
    settledAt: maybe(Instant),
    replayedAt: maybe(Instant),
  },
  { title: 'Delivery' },
);

export const WaitingShown = closed(
  {
    id: Type.Integer(),
    party: Type.String(),
    operation: Type.String(),
    code: maybe(Type.String()),
    detail: Type.String(),
    words: WordsShown,
    messageId: Type.String({ format: 'uuid' }),
    item: maybe(Type.Integer()),
    deliveryId: maybe(Type.Integer()),
    openedAt: Instant,
    settledAt: maybe(Instant),
    settlement: maybe(Type.String()),
    settledBy: maybe(Type.String()),
  },
  { title: 'Waiting' },
);

export const CodeEntryShown = closed(
  {
    id: Type.Integer(),
    party: Type.String(),
    table: Type.String(),
    from: Type.String(),
    to: maybe(Type.String({ description: 'null: the line was taken out' })),
    version: Type.Integer(),
    who: Type.String(),
    why: Type.String(),
    at: Instant,
    inForceAt: Instant,
    supersededAt: maybe(Instant),
  },
  { title: 'CodeEntry' },
);
