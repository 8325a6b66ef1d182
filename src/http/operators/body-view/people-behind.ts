import { type Item, isUpsert, recordIn } from '#core/dossier/item';
import { createMentions, type Mentions, type Person } from '#core/masking/mentions';
import { codeOfSubject } from '#core/records/kind';
import { peopleIn } from '#core/records/mask-record';
import type { ListedDelivery } from '../../../ledger/delivery-list.ts';
import type { OperatorContext } from '../request.ts';
import { MOST_ITEMS } from './limits.ts';

type PeopleContext = Pick<OperatorContext, 'index' | 'kinds' | 'orders' | 'records'>;

/**
 * The people whom a message names, as the hub reads it, and those of the dossiers of its steps. A dialect or the settings of a
 * party may give their data any name, so that no list of names finds them.
 */
export async function peopleOfMessage(hub: PeopleContext, items: readonly Item[]): Promise<Mentions> {
  return createMentions(await peopleOfItems(hub, items));
}

/** The people whom the calls of a delivery name: those of its message, and of its dossier or record as it is now. */
export async function peopleOfDelivery(
  hub: PeopleContext,
  { operation, code, messageId }: Pick<ListedDelivery, 'operation' | 'code' | 'messageId'>,
): Promise<Mentions> {
  const items = (await hub.orders.readMessage(messageId)) ?? [];
  const now = operation.startsWith('dossier.') ? await peopleOfDossier(hub, code) : await peopleOfRecord(hub, code);
  return createMentions([...(await peopleOfItems(hub, items)), ...now]);
}

async function peopleOfItems(hub: PeopleContext, items: readonly Item[]): Promise<readonly Person[]> {
  const read = items.flatMap((item) => recordIn(item) ?? []);
  const named = read.flatMap((item) => {
    if (isUpsert(item)) return item.record.applicant ?? [];
    const kind = hub.kinds.of(item.operation);
    return kind ? peopleIn(kind, item.record) : [];
  });
  const steps = read.filter(({ operation }) => operation === 'dossier.progress.v1');
  const codes = new Set(steps.slice(0, MOST_ITEMS).map(({ record }) => record.code));
  const ofSteps = await Promise.all([...codes].map((code) => peopleOfDossier(hub, code)));
  return [...named, ...ofSteps.flat()];
}

async function peopleOfDossier({ index }: PeopleContext, code: string): Promise<readonly Person[]> {
  const found = await index.one(code);
  const whole = found.kind === 'found' ? await index.whole(found.dossier.code) : undefined;
  return whole?.record.applicant ? [whole.record.applicant] : [];
}

/** @param subject of a delivery; a catalogue entry names nobody */
async function peopleOfRecord({ kinds, records }: PeopleContext, subject: string): Promise<readonly Person[]> {
  const kind = kinds.ofSubject(subject);
  const found = kind && (await records.one(kind, codeOfSubject(subject), true));
  return kind && found ? peopleIn(kind, JSON.parse(found.json)) : [];
}
