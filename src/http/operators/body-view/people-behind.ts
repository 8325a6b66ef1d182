import { type Item, isUpsert, recordIn } from '#core/dossier/item';
import { createMentions, type Mentions, type Person } from '#core/masking/mentions';
import { codeOfSubject, type KindRecord, subjectOf } from '#core/records/kind';
import { peopleIn } from '#core/records/mask-record';
import { mapYielding } from '../../../concurrency/yielding.ts';
import type { ListedDelivery, StoredAttempt } from '../../../ledger/delivery-list.ts';
import type { OperatorContext } from '../request.ts';
import { MOST_ITEMS } from './limits.ts';

type PeopleContext = Pick<OperatorContext, 'index' | 'kinds' | 'ledger' | 'orders' | 'records'>;

/**
 * The people whom a message names, as the hub reads it, and those whom the hub knows of its dossiers and records. A dialect or
 * the settings of a party may give their data any name, so that no list of names finds them.
 */
export async function peopleOfMessage(hub: PeopleContext, items: readonly Item[]): Promise<Mentions> {
  return mentionsOf(await peopleOfItems(hub, items));
}

/**
 * The people whom the calls of a delivery name: those of its message, and of the dossiers and records of all deliveries in these
 * calls. A template may send the applicant of a dossier with each of its records.
 */
export async function peopleOfDelivery(
  hub: PeopleContext,
  delivery: ListedDelivery,
  attempts: readonly StoredAttempt[],
): Promise<Mentions> {
  const subjects = new Set([delivery.code]);
  for (const attempt of attempts.filter(({ hasWire }) => hasWire))
    for (const { code } of await hub.ledger.sharedCall(delivery, attempt)) subjects.add(code);
  const items = (await hub.orders.readMessage(delivery.messageId)) ?? [];
  return mentionsOf([...(await peopleOfItems(hub, items)), ...(await peopleOfSubjects(hub, subjects))]);
}

/** Prepared in turns: the addresses of 1,000 dossiers may have a million letters. */
async function mentionsOf(people: readonly Person[]): Promise<Mentions> {
  const mentions = createMentions(people);
  await mapYielding(mentions.prepare(), () => undefined);
  return mentions;
}

async function peopleOfItems(hub: PeopleContext, items: readonly Item[]): Promise<readonly Person[]> {
  const read = items.flatMap((item) => recordIn(item) ?? []);
  const named = read.flatMap((item) => {
    if (isUpsert(item)) return item.record.applicant ?? [];
    const kind = hub.kinds.of(item.operation);
    return kind ? peopleIn(kind, item.record) : [];
  });
  const subjects = read.slice(0, MOST_ITEMS).flatMap(({ operation, record }) => {
    const kind = hub.kinds.of(operation);
    return kind ? [subjectOf(kind, record.code), (record as KindRecord).dossierCode ?? []].flat() : record.code;
  });
  return [...named, ...(await peopleOfSubjects(hub, new Set(subjects)))];
}

/** @param subjects of deliveries; a catalogue entry names nobody */
async function peopleOfSubjects(
  { index, kinds, records }: PeopleContext,
  subjects: ReadonlySet<string>,
): Promise<readonly Person[]> {
  const people: Person[] = [];
  const dossiers = new Set<string>();
  for (const subject of subjects) {
    const kind = kinds.ofSubject(subject);
    if (kind) {
      const found = await records.people(kind, codeOfSubject(subject));
      people.push(...found.people);
      for (const code of found.dossierCodes) dossiers.add(code);
    } else dossiers.add(subject);
  }
  return [...people, ...(await index.people([...dossiers]))];
}
