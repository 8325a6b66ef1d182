import Type from 'typebox';
import {
  AgencyCode,
  AnyCode,
  closed,
  DossierCode,
  FieldCode,
  Id,
  Instant,
  Line,
  Name,
  oneOf,
  Prose,
  ServiceCode,
} from './parts.ts';
import { Person } from './people.ts';

/** The states of a question, and of a petition, in their order. */
export const QUESTION_STATES = [
  'received',
  'held',
  'assigned',
  'answered',
  'published',
  'refused',
  'withdrawn',
] as const;

const optional = Type.Optional;

export const Answer = closed({
  id: optional(Id),
  at: Instant,
  by: optional(Name),
  unit: optional(Name),
  title: optional(Line),
  content: Prose,
});

/** A question of a citizen, with its answers, as its source knows it at `stateAt`. */
export const Question = closed(
  {
    code: AnyCode,
    state: oneOf(QUESTION_STATES),
    stateAt: Instant,
    askedAt: Instant,
    dueAt: optional(Instant),
    agencyCode: optional(AgencyCode),
    fieldCode: optional(FieldCode),
    serviceCode: optional(ServiceCode),
    dossierCode: optional(DossierCode),
    visibility: optional(oneOf(['public', 'private'])),
    content: Prose,
    asker: optional(Person),
    answers: optional(Type.Array(Answer, { maxItems: 100 })),
  },
  { title: 'Question', $id: 'question.v1' },
);
export type Question = Type.Static<typeof Question>;
