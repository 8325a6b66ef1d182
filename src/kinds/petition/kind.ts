import { defineKind } from '#core/records/kind';
import { Petition } from '#schemas/petition.v1';
import { QUESTION_STATES } from '#schemas/question.v1';
import { endOf } from '../answered.ts';
import { complaintIn } from '../complaint.ts';
import { incompletePerson, recognisedBy } from '../person.ts';

/** A citizen's feedback or suggestion (phản ánh, kiến nghị): the life of a question, with its own deadline. */
export const petition = defineKind<Petition>({
  name: 'petition',
  path: 'petitions',
  operation: 'petition.upsert.v1',
  scope: 'petition:write',
  schema: Petition,
  names: { en: ['petition', 'petitions'], vi: ['phản ánh, kiến nghị', 'phản ánh, kiến nghị'] },
  states: QUESTION_STATES,
  finalStates: ['answered', 'published', 'refused', 'withdrawn'],
  people: ['sender'],
  citizenTexts: ['content'],
  shared: ['agencyCode', 'fieldCode', 'serviceCode', 'dueAt', 'answers'],
  searched: ({ code, dossierCode, sender }, { content, answers = [] }) => ({
    codes: [code, dossierCode],
    names: [sender?.name],
    texts: [content, ...answers.flatMap((answer) => [answer.title, answer.content])],
  }),
  problems: ({ sender }, { saysPeople }) => (saysPeople ? incompletePerson(sender, 'sender') : []),
  sentBy: ({ sender }) => recognisedBy(sender),
  holds: ({ content }) => complaintIn(content),
  forwards: ({ state }) => state !== 'held',
  isAnswered: true,
  // Scored by 5.1 to 5.4 of the index of Decision 766/QĐ-TTg.
  deadline: { workingDays: 15, from: ({ sentAt }) => sentAt },
  counts: (record) => ({ beganAt: record.sentAt, endedAt: endOf(record) }),
});
