import { msToInstant } from '#core/dates/dates';
import { soughtKeys } from '#core/erasure/person-keys';
import { auditSubject } from '#core/identifiers/audit-subject';
import { foldedOf } from '#core/masking/decoded-text';
import { createMentions, type Person } from '#core/masking/mentions';
import { CITIZENS, OFFICERS } from '#core/records/kind';
import { type Batch, besideNoRebuild } from '../database/erasure-lock.ts';
import { writeParts } from '../database/parts.ts';
import { writeAudit } from '../ledger/audit.ts';
import { keptBodyPart } from '../ledger/body-removal.ts';
import { emptiedPart } from '../ledger/emptied-messages.ts';
import { erasureParts, nextErasureId, silencedCallPart } from '../ledger/erasures.ts';
import { newestHold } from '../ledger/legal-holds.ts';
import { emptiedMessages } from './empty-messages.ts';
import { ERASED_AT_ONCE, type ErasureOrder, eraseSubjects } from './erase-subjects.ts';
import type { ErasingHub, Hidden, SubjectAsked } from './erasing.ts';
import { type Finding, type FindOptions, type FoundPerson, findPerson, type Kept, type Part } from './find-person.ts';
import type { OrderedBy } from './holds.ts';
import { withRests } from './kept-calls.ts';
import { countOfficerTexts, hideOfficerTexts } from './officer-texts.ts';

/** What a preview shows: what and how many, without any of the person's data. */
export interface ErasurePreview {
  readonly token: string;
  readonly subjects: readonly { readonly subject: string; readonly part: Part }[];
  readonly kept: readonly Kept[];
  /** Stored bodies of messages and calls of deliveries that speak of the person. */
  readonly messages: number;
  readonly calls: number;
  /** Notes and reasons of officers and errors of partners that speak of the person, and saved filters. */
  readonly notes: number;
  readonly savedFilters: number;
  readonly namesakes: number;
  /** Values that no secret of the hub opens. */
  readonly unreadable: number;
  /** Systems that sent or received dossiers or records of the person. They keep what they have. */
  readonly parties: readonly string[];
}

/** Why nothing is shown or erased. */
export type NoErasure =
  | Exclude<Finding, { kind: 'found' }>
  /** The reason names the person, and it would stay in the audit. */
  | { readonly kind: 'named' };

export type ErasedPerson =
  | NoErasure
  | { readonly kind: 'erased'; readonly erased: number; readonly kept: readonly Kept[] }
  /** Something else is found than the preview showed. */
  | { readonly kind: 'changed'; readonly preview: ErasurePreview }
  | { readonly kind: 'rebuilding' };

/** Erases the data of one person on the order of an operator (Law 91/2025/QH15, NĐ 356/2025/NĐ-CP). */
export interface PersonErasure {
  /** Shows what an erasure would do. The audit records the look. */
  preview(
    asked: SubjectAsked,
    options: FindOptions,
    by: OrderedBy,
  ): Promise<NoErasure | { readonly kind: 'found'; readonly preview: ErasurePreview }>;
  /**
   * Each batch commits alone, so a run that is cut off continues when it is repeated.
   *
   * @param confirmed the token of a preview; undefined erases whatever is found
   */
  erase(asked: SubjectAsked, options: FindOptions, by: OrderedBy, confirmed: string | undefined): Promise<ErasedPerson>;
}

/** Data that arrives meanwhile is found in another round. */
const ROUNDS = 3;

export function createPersonErasure(hub: ErasingHub): PersonErasure {
  async function eraseAll(
    asked: SubjectAsked,
    options: FindOptions,
    by: OrderedBy,
    confirmed: string | undefined,
    batch: Batch,
  ): Promise<ErasedPerson> {
    let erased = 0;
    let [finding, person] = [await findPerson(hub, asked, options), asked];
    if (isNaming(by.why, asked, finding)) return { kind: 'named' };
    if (finding.kind !== 'found') return finding;
    if (confirmed !== undefined && confirmed !== finding.found.token)
      return { kind: 'changed', preview: await previewOf(hub, finding.found) };
    let kept: readonly Kept[] = [];
    for (let round = 1; finding.kind === 'found' && round <= ROUNDS; ) {
      const { found } = finding;
      ({ kept } = found);
      if (isNothing(found)) break;
      const done = await eraseFound(hub, found, { cause: 'order', ...by }, options.tell, batch);
      erased += done.erased.size;
      if (done.isWhole) round++;
      // The dossier of a code names nobody any more.
      person = { person: found.people.find((one) => soughtKeys(one).length > 0) ?? {} };
      finding = await findPerson(hub, person, options);
      if (finding.kind === 'held') kept = [...kept, ...leftUnder(finding.hold, found, done)];
    }
    return { kind: 'erased', erased, kept };
  }

  return {
    async preview(asked, options, { who, why }) {
      const finding = await findPerson(hub, asked, options);
      if (isNaming(why, asked, finding)) return { kind: 'named' };
      const subjects = finding.kind === 'found' ? [...finding.found.subjects.keys()] : [];
      const subject = auditSubject('dossiers', subjects.length, subjects.join(' '));
      await writeAudit(hub.database.pool, { actor: who, action: 'order.previewed', subject, why }, hub.nowMs());
      return finding.kind === 'found' ? { kind: 'found', preview: await previewOf(hub, finding.found) } : finding;
    },
    erase: async (...order) =>
      (await besideNoRebuild(hub.database, (batch) => eraseAll(...order, batch))) ?? { kind: 'rebuilding' },
  };
}

/** Whether a reason says whom it is about. */
function isNaming(why: string, asked: SubjectAsked, finding: Finding): boolean {
  const sought = 'person' in asked ? [asked.person] : [];
  return createMentions(finding.kind === 'found' ? [...sought, ...finding.found.people] : sought).mask(why) !== why;
}

async function previewOf(hub: ErasingHub, found: FoundPerson): Promise<ErasurePreview> {
  const { subjects, kept, messages, calls, texts, namesakes, unreadable, token } = found;
  return {
    token,
    subjects: [...subjects].map(([subject, part]) => ({ subject, part })),
    kept,
    messages: messages.length,
    calls: calls.length,
    ...countOfficerTexts(texts),
    namesakes,
    unreadable,
    parties: await partiesOf(hub, [...subjects.keys()]),
  };
}

/** The systems that sent these dossiers and records, or received them. */
async function partiesOf({ database: { pool } }: ErasingHub, subjects: readonly string[]): Promise<readonly string[]> {
  const { rows } = await pool.query<{ party: string }>({
    name: 'parties of subjects',
    text: `SELECT party FROM events WHERE code = ANY($1::text[])
           UNION SELECT party FROM record_events WHERE subject = ANY($1::text[]) AND NOT party = ANY($2::text[])
           UNION SELECT party FROM deliveries
             WHERE party = ANY(ARRAY(SELECT party FROM party_states)) AND subject = ANY($1::text[]) AND state = 'delivered'
           ORDER BY party`,
    values: [subjects, [CITIZENS, OFFICERS]],
  });
  return rows.map(({ party }) => party);
}

function isNothing({ subjects, messages, calls, texts }: FoundPerson): boolean {
  return subjects.size + messages.length + calls.length + texts.length === 0;
}

interface ErasedPart {
  /** Dossiers and records that had data. */
  readonly erased: ReadonlySet<string>;
  /** False after a legal hold was set meanwhile: what it keeps must be found first. */
  readonly isWhole: boolean;
}

async function eraseFound(
  hub: ErasingHub,
  found: FoundPerson,
  order: ErasureOrder,
  tell: FindOptions['tell'],
  batch: Batch,
): Promise<ErasedPart> {
  const erased = new Set<string>();
  for (const erase of erasuresOf(hub, found, order)) {
    tell(`erases ${erased.size} of ${found.subjects.size}`);
    const some = await batch(async () => ((await newestHold(hub.database)) === found.newestHold ? erase() : undefined));
    if (!some) return { erased, isWhole: false };
    for (const subject of some) erased.add(subject);
  }
  return { erased, isWhole: true };
}

function leftUnder(hold: number, { subjects }: FoundPerson, { erased }: ErasedPart): readonly Kept[] {
  return [...subjects.keys()].flatMap((subject) => (erased.has(subject) ? [] : [{ subject, why: 'held', hold }]));
}

/** Erases one batch. @returns the dossiers and records that had data */
type Erase = () => Promise<readonly string[]>;

function* erasuresOf(hub: ErasingHub, found: FoundPerson, order: ErasureOrder): Generator<Erase> {
  const { people, keys, subjects, messages, calls } = found;
  const names = new Set(people.flatMap(({ name }) => (name === undefined ? [] : [foldedOf(name)])));
  // A payer has a name and nothing else.
  const isOne = (person: Person): boolean => {
    const sought = soughtKeys(person);
    if (sought.length > 0 || person.name === undefined) return sought.some((key) => keys.has(key));
    return names.has(foldedOf(person.name));
  };
  const hidden: Hidden = { people, isOne };
  const named = (isOwn: boolean): readonly string[] =>
    [...subjects].flatMap(([subject, part]) => ((part === 'own') === isOwn ? [subject] : []));
  for (const [some, by] of [
    [named(true), order],
    [named(false), { ...order, hidden }],
  ] as const)
    for (let at = 0; at < some.length; at += ERASED_AT_ONCE)
      yield () => eraseSubjects(hub, some.slice(at, at + ERASED_AT_ONCE), by);
  for (let at = 0; at < Math.max(messages.length, calls.length); at += ERASED_AT_ONCE) {
    const page = <One>(all: readonly One[]): readonly One[] => all.slice(at, at + ERASED_AT_ONCE);
    yield () => eraseRest(hub, { people, messages: page(messages), calls: page(calls) }, order);
  }
  yield () => hideOfficerTexts(hub, found.texts, people, order).then(() => []);
}

/** Bodies and calls that speak of the person without being about them, such as a refused message. */
async function eraseRest(
  hub: ErasingHub,
  { people, messages, calls }: Pick<FoundPerson, 'people' | 'messages' | 'calls'>,
  { cause, who, why }: ErasureOrder,
): Promise<readonly string[]> {
  const at = msToInstant(hub.nowMs());
  const touched = messages.map((id) => ({ id, people }));
  const emptied = await emptiedMessages(hub, touched, [], at);
  if (emptied.length + calls.length === 0) return [];
  const subject = auditSubject('messages', emptied.length, emptied.map(({ id }) => id).join(' '));
  const entry = { actor: who, action: `${cause}.erased`, subject, why };
  await writeParts(hub.database, [
    emptiedPart(emptied, hub.vault),
    keptBodyPart(emptied.filter(({ rest }) => rest)),
    silencedCallPart(await withRests(hub, calls, people)),
    ...erasureParts({ id: await nextErasureId(hub.database), at, cause, who, why, subjects: 0 }, entry),
  ]);
  return [];
}
