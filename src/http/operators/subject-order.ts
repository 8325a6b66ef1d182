import Type from 'typebox';
import { cleanCode } from '#core/identifiers/identifiers';
import { problem } from '#core/problem';
import type { Kinds } from '#core/records/kinds';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { Applicant } from '#schemas/dossier.upsert.v1';
import { closed } from '#schemas/parts';
import type { SubjectAsked } from '../../erasure/erasing.ts';
import { text } from '../lists.ts';
import { refusalWith } from '../problem.ts';
import { Code, Why } from './request.ts';

/** A person as a request of law names one. */
const PersonAsked = closed(
  {
    name: Type.Optional(Applicant.properties.name),
    identityNumber: Type.Optional(Applicant.properties.identityNumber),
    phone: Type.Optional(Applicant.properties.phone),
    email: Type.Optional(Applicant.properties.email),
  },
  { description: 'an identity number, or a name with a phone number or an e-mail address' },
);

/** The members of an order about one dossier, one record of a kind, or a person. */
export const SUBJECT_ORDER = {
  code: Type.Optional(Code),
  kind: text('a kind of record such as question; without it the code is that of a dossier'),
  person: Type.Optional(PersonAsked),
  why: Why,
};
const Given = closed(SUBJECT_ORDER);

/** @throws Refusal 400 that names the member */
export function subjectOrderOf(
  kinds: Kinds,
  { code, kind: name, person }: Omit<Type.Static<typeof Given>, 'why'>,
): SubjectAsked {
  if ((code === undefined) === (person === undefined)) throw refusalWith([problem('', 'code-or-person')]);
  if (person && name !== undefined) throw refusalWith([problem('/kind', 'kind-beside-person')]);
  if (person) return { person };
  const kind = name === undefined ? undefined : kinds.byName(name);
  if (name !== undefined && !kind)
    throw refusalWith([
      problem('/kind', 'unexpected', {
        got: received(name),
        expected: say('one-of', { list: kinds.all.map((one) => one.name) }),
      }),
    ]);
  return { code: cleanCode(code as string), kind };
}
