import type { Incoming, IndexedDossier } from '#core/dossier/apply';
import type { DossierItem } from '#core/dossier/item';
import type { Sender } from '#core/dossier/ownership';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { contentIdOf } from './sealed-records.ts';

/**
 * The event of an item.
 *
 * @param held the dossier of the item, if it exists
 */
export function incomingOf(
  item: DossierItem,
  { party, recordedAt, ownership }: Sender,
  held: IndexedDossier | undefined,
  authoritative: boolean,
): Incoming {
  const isDossier = item.operation === 'dossier.upsert.v1';
  const record = isDossier ? withKnown(item.record as Dossier, item.standIns, held) : item.record;
  // The owner's record decides the owner. For a new dossier its first record does.
  const subject = held ? held.view.record : (item.record as Dossier);
  const entitled = ownership?.entitled(subject)?.party;
  const isEntitled = entitled === party;
  // What a party says as the first owner must count by its rights after the entitled party takes over.
  const owner = held && held.owner !== party ? held.owner : (entitled ?? party);
  const shared = ownership && !isEntitled ? ownership.shared(party, owner, subject) : undefined;
  return {
    kind: isDossier ? 'dossier' : 'progress',
    at: atOf(item),
    status: item.record.status,
    party,
    // A state that its dialect filled in is nobody's correction.
    authoritative: authoritative && !item.standIns?.includes('status'),
    inferred: item.inferred ?? false,
    contentId: contentIdOf(record, item.extra),
    recordedAt,
    shared,
    isEntitled,
    record: isDossier ? (record as Dossier) : undefined,
    said: isDossier ? undefined : item.record,
  };
}

/**
 * The record with known values in place of assumed members, such as `applicant.kind`. A constant fills only a member that nobody
 * has set.
 */
function withKnown(record: Dossier, assumed: readonly string[] = [], held: IndexedDossier | undefined): Dossier {
  if (!held) return record;
  const filled = assumed.filter((path) => !['code', 'status', 'statusAt'].includes(path));
  return filled.reduce((one, path) => withKnownAt(one, held.view.record, path.split('.')), record);
}

function withKnownAt<Node extends object>(node: Node, known: object, [name = '', ...rest]: readonly string[]): Node {
  const [ours, theirs] = [node, known].map((one) => (one as Readonly<Record<string, unknown>>)[name]);
  if (theirs === undefined) return node;
  if (rest.length === 0) return { ...node, [name]: theirs };
  return isObject(ours) && isObject(theirs) ? { ...node, [name]: withKnownAt(ours, theirs, rest) } : node;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function atOf(item: DossierItem): string {
  return 'at' in item.record ? item.record.at : item.record.statusAt;
}
