import type { SchemaNode } from '../explain.ts';
import { lastFour } from '../identifiers/identifiers.ts';
import { maskedBy, type Plan, planOf } from '../masking/masked-record.ts';
import { maskApplicant, maskNumbersIn } from '../masking/masking.ts';
import { createMentions, formerPeople, type Person } from '../masking/mentions.ts';
import type { Kind, KindRecord } from './kind.ts';

/**
 * A record as readers without the scope for personal data see it: its people masked, also wherever a text speaks of them,
 * and no address that opens a document. Numbers and addresses in a citizen's own text are always masked.
 *
 * @param former see formerIn
 */
export function maskRecord(kind: Kind, record: KindRecord, former: readonly Person[] = []): KindRecord {
  const mentions = createMentions([...peopleIn(kind, record), ...former]);
  const masked = { ...maskedBy(record, planFor(kind), mentions) } as Members;
  for (const member of kind.people) {
    const person = masked[member];
    if (person !== undefined) masked[member] = maskPerson(person as Person);
  }
  for (const member of kind.citizenTexts) {
    const text = masked[member];
    if (typeof text === 'string') masked[member] = maskNumbersIn(text);
  }
  return masked as unknown as KindRecord;
}

/** The people that a record names. */
export function peopleIn({ people }: Kind, record: object): readonly Person[] {
  const members = record as Members;
  return people.flatMap((member) => (members[member] as Person | undefined) ?? []);
}

/** The people of all reports of a record, with data that the record lacks: its texts may still mention them. */
export function formerIn({ people }: Kind, record: object, reports: readonly object[]): readonly Person[] {
  const personIn = (one: object, member: string) => (one as Members)[member] as Person | undefined;
  return people.flatMap((member) => {
    const named = reports.map((report) => personIn(report, member));
    return formerPeople([], named, personIn(record, member));
  });
}

type Members = Record<string, unknown>;

const plans = new WeakMap<Kind, Plan>();

function planFor(kind: Kind): Plan {
  const known = plans.get(kind) ?? planOf(kind.schema as unknown as SchemaNode, kind.people);
  plans.set(kind, known);
  return known;
}

function maskPerson(person: Person): Person {
  const { name = '', ...rest } = maskApplicant({ ...person, name: person.name ?? '' });
  return person.name === undefined ? rest : { name, ...rest };
}

/**
 * The proof that a citizen is the first person of a record: the last four digits of the phone number, otherwise the first
 * four characters of the e-mail address. Undefined for a person with neither.
 */
export function proofIn(kind: Kind, record: object): string | undefined {
  const [person] = peopleIn(kind, record);
  const { phone, email } = person ?? {};
  return (phone && lastFour(phone)) || email?.slice(0, PROOF_LENGTH).toLowerCase();
}

const PROOF_LENGTH = 4;
