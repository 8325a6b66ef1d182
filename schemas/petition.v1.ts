import Type from 'typebox';
import { AgencyCode, AnyCode, closed, DossierCode, FieldCode, Instant, oneOf, Prose, ServiceCode } from './parts.ts';
import { Person } from './people.ts';
import { Answer, QUESTION_STATES } from './question.v1.ts';

const optional = Type.Optional;

/** A citizen's feedback or suggestion (phản ánh, kiến nghị), with its answers, as its source knows it at `stateAt`. */
export const Petition = closed(
  {
    code: AnyCode,
    state: oneOf(QUESTION_STATES),
    stateAt: Instant,
    sentAt: Instant,
    dueAt: optional(Instant),
    kind: optional(oneOf(['feedback', 'suggestion'])),
    agencyCode: optional(AgencyCode),
    fieldCode: optional(FieldCode),
    serviceCode: optional(ServiceCode),
    dossierCode: optional(DossierCode),
    content: Prose,
    sender: optional(Person),
    answers: optional(Type.Array(Answer, { maxItems: 100 })),
  },
  { title: 'Petition', $id: 'petition.v1' },
);
export type Petition = Type.Static<typeof Petition>;
