import { defineKind } from '#core/records/kind';
import { QUESTION_STATES, Question } from '#schemas/question.v1';
import { endOf } from '../answered.ts';
import { complaintIn } from '../complaint.ts';
import { incompletePerson, recognisedBy } from '../person.ts';

/** A citizen's question about a service or a dossier, with the answers to it. */
export const question = defineKind<Question>({
  name: 'question',
  path: 'questions',
  operation: 'question.upsert.v1',
  scope: 'question:write',
  schema: Question,
  names: { en: ['question', 'questions'], vi: ['câu hỏi', 'câu hỏi'] },
  states: QUESTION_STATES,
  finalStates: ['answered', 'published', 'refused', 'withdrawn'],
  people: ['asker'],
  citizenTexts: ['content'],
  shared: ['agencyCode', 'fieldCode', 'serviceCode', 'dueAt', 'visibility', 'answers'],
  searched: ({ code, dossierCode, asker }, { content, answers = [] }) => ({
    codes: [code, dossierCode],
    names: [asker?.name],
    texts: [content, ...answers.flatMap((answer) => [answer.title, answer.content])],
  }),
  problems: ({ asker }, { saysPeople }) => (saysPeople ? incompletePerson(asker, 'asker') : []),
  sentBy: ({ asker }) => recognisedBy(asker),
  holds: ({ content }) => complaintIn(content),
  forwards: ({ state }) => state !== 'held',
  isAnswered: true,
  deadline: { workingDays: 5, from: ({ askedAt }) => askedAt },
  counts: (record) => ({ beganAt: record.askedAt, endedAt: endOf(record) }),
  isPublic: ({ state, visibility }) => state === 'published' && visibility !== 'private',
});
