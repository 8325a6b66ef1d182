import Type from 'typebox';
import { AnyCode, closed, FieldCode, Id, Line, Name, oneOf, Prose, ServiceCode, Url, Vnd } from './parts.ts';

/** The levels that may carry out a service, from the ministry down. `district` is historic: the level ended on 1 July 2025. */
export const LEVELS = ['ministry', 'province', 'district', 'commune'] as const;
export const ONLINE_LEVELS = ['information', 'partial', 'full'] as const;

const optional = Type.Optional;
const list = <T extends Type.TSchema>(items: T) => optional(Type.Array(items, { maxItems: 2_000 }));

const ServiceFee = closed({
  code: optional(Id),
  amountVnd: Vnd,
  text: optional(Line),
  unit: optional(Name),
  description: optional(Prose),
  url: optional(Url),
});

/** `amount` and `unit` where the source's free text was certain; `text` is always what the source said. */
const Term = closed({
  amount: optional(Type.Number({ minimum: 0 })),
  unit: optional(oneOf(['working-day', 'day', 'hour', 'month'])),
  text: optional(Line),
  description: optional(Prose),
  fees: list(ServiceFee),
});

const Component = closed({
  code: optional(AnyCode),
  name: Prose,
  originals: optional(Type.Integer({ minimum: 0 })),
  copies: optional(Type.Integer({ minimum: 0 })),
  forms: list(closed({ name: optional(Line), url: optional(Url) })),
});

/** One administrative procedure that people can ask for. */
export const Service = closed(
  {
    code: ServiceCode,
    name: Line,
    inForce: Type.Boolean(),
    category: optional(Name),
    publishedBy: optional(AnyCode),
    decision: optional(Id),
    fieldCode: optional(FieldCode),
    fieldName: optional(Name),
    fields: list(closed({ code: FieldCode, name: Name })),
    levels: list(oneOf(LEVELS)),
    agencies: list(closed({ code: optional(AnyCode), name: Name })),
    receivedAt: list(Prose),
    audience: list(Name),
    audienceNote: optional(Prose),
    channels: list(closed({ channel: oneOf(['counter', 'online', 'post']), terms: list(Term) })),
    cases: list(closed({ name: optional(Line), steps: list(Prose), components: list(Component) })),
    results: list(closed({ code: optional(AnyCode), name: Prose })),
    legalBases: list(closed({ number: optional(Name), name: optional(Prose) })),
    conditions: optional(Prose),
    onlineLevel: optional(oneOf(ONLINE_LEVELS)),
    historicLevel: optional(Type.Integer({ minimum: 1, maximum: 4 })),
    onlinePayment: optional(Type.Boolean()),
    byPost: optional(Type.Boolean()),
  },
  { title: 'Service', $id: 'service.upsert.v1' },
);
export type Service = Type.Static<typeof Service>;
