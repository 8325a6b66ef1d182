import { hash } from 'node:crypto';
import { sql } from 'kysely';
import { ENDED } from '#core/dossier/status';
import { askedKeys, personKeys, soughtKeys } from '#core/erasure/person-keys';
import { foldedOf } from '#core/masking/decoded-text';
import type { Person } from '#core/masking/mentions';
import { type Kind, subjectOf } from '#core/records/kind';
import { peopleIn } from '#core/records/mask-record';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { mapYielding, nextTurn } from '../concurrency/yielding.ts';
import { placeOf, readSealed, type SealedPlace, type SealedRow } from '../database/sealed-places.ts';
import { namesDossier } from '../index/dossier-names.ts';
import { dossierNamed, loadIndexed } from '../index/load-indexed.ts';
import { loadRecords } from '../index/records.ts';
import { heldAmong, holdsOfPeople, newestHold, type PersonHold } from '../ledger/legal-holds.ts';
import { isOfCatalogueIn } from '../ledger/messages.ts';
import type { ErasingHub, SubjectAsked } from './erasing.ts';
import { findOfficerTexts, type OfficerTexts } from './officer-texts.ts';
import { createMentionFinder, type Mention } from './person-mentions.ts';

/**
 * How a dossier or a record has data of the person:
 * - own: the person is its applicant, or one of its people
 * - former: the person was its applicant, and now another is
 * - mentioned: a text of it speaks of the person
 */
export type Part = 'own' | 'former' | 'mentioned';

/** Why data stays: a legal hold, by its number, or a dossier or record that is not ended. */
export type Kept = { readonly subject: string } & (
  | { readonly why: 'held'; readonly hold: number }
  | { readonly why: 'open' }
);

/** A sealed body or call that speaks of the person. */
export interface MentionedCall {
  readonly deliveryId: string;
  readonly number: string;
  readonly at: string;
}

/** What the hub holds of one person. */
export interface FoundPerson {
  /** As the records name them; nothing of it may be shown. */
  readonly people: readonly Person[];
  readonly keys: ReadonlySet<string>;
  /** Dossiers by code and records by subject. */
  readonly subjects: ReadonlyMap<string, Part>;
  readonly kept: readonly Kept[];
  /** Messages whose stored bodies speak of the person. */
  readonly messages: readonly string[];
  readonly calls: readonly MentionedCall[];
  /** Notes, reasons and saved filters of officers, and errors of partners, that speak of the person. */
  readonly texts: readonly OfficerTexts[];
  /** Places that only have the name, the phone number or the address, which others may have too. */
  readonly namesakes: number;
  /** Values that no secret of the hub opens. They may be of anybody. */
  readonly unreadable: number;
  /** The newest legal hold when the search began: it says nothing of later ones. */
  readonly newestHold: number;
  /** Changes with the dossiers and records that are found. */
  readonly token: string;
}

export type Finding =
  | { readonly kind: 'found'; readonly found: FoundPerson }
  /** Nothing that identifies a person is given. */
  | { readonly kind: 'unclear' }
  | { readonly kind: 'none' }
  /** A phone number or an address of several people: a name must be given too. */
  | { readonly kind: 'several'; readonly count: number }
  /** The code is an alias of several dossiers. */
  | { readonly kind: 'ambiguous'; readonly code: string; readonly codes: readonly string[] }
  /** All of the person's data is under this hold. */
  | { readonly kind: 'held'; readonly hold: number };

export interface FindOptions {
  /** Dossiers and records that are not ended too. */
  readonly openToo: boolean;
  /** Texts that only have the name, the phone number or the address too. */
  readonly namesToo: boolean;
  readonly tell: (what: string) => void;
}

/** Each round may find another number of the person. More rounds would find other people. */
const ROUNDS = 4;

/**
 * Finds one person's data over all dossiers, records, stored bodies and calls. Changes nothing.
 *
 * @param asked the person, or the dossier or record of the person
 */
export async function findPerson(erasing: ErasingHub, asked: SubjectAsked, options: FindOptions): Promise<Finding> {
  const hub = { ...erasing, unreadable: new Map<string, number>() };
  const named = 'person' in asked ? { people: [asked.person] } : await personOf(hub, asked.code, asked.kind);
  if ('codes' in named) return { kind: 'ambiguous', ...named };
  const sought = named.people;
  if (sought.length === 0) return { kind: 'none' };
  const keys = new Set(sought.flatMap('person' in asked ? askedKeys : personKeys));
  if (keys.size === 0) return { kind: 'unclear' };
  const isAlone = 'person' in asked && personKeys(asked.person).length === 0;
  const newest = await newestHold(hub.database);
  const people = new Map(sought.map((person) => [JSON.stringify(person), person]));
  const subjects = new Map<string, Part>();
  const holds = await holdsOfPeople(hub.database, hub.vault);
  // Dossiers and records of people under a hold. Their texts may mention this person.
  const heldOf = new Map<string, number>();
  for (let round = 1, known = -1; known !== keys.size && round <= ROUNDS; round++) {
    known = keys.size;
    options.tell(`looks for the person, round ${round}`);
    for await (const { subject, person, part } of peopleOf(hub)) {
      const hold = holdOn(holds, personKeys(person));
      if (hold) heldOf.set(subject, hold.id);
      if (!soughtKeys(person).some((key) => keys.has(key))) continue;
      if (subjects.get(subject) !== 'own') subjects.set(subject, part);
      people.set(JSON.stringify(person), person);
    }
    const found = [...people.values()];
    const names = new Set(found.flatMap(({ name }) => (name === undefined ? [] : [foldedOf(name)])));
    if (round === 1 && isAlone && names.size > 1) return { kind: 'several', count: names.size };
    for (const key of found.flatMap(personKeys)) keys.add(key);
  }
  const hold = holdOn(holds, [...keys]);
  if (hold) return { kind: 'held', hold: hold.id };
  // Records about a dossier belong to its applicant, and not to a former one.
  const own = [...subjects].flatMap(([subject, part]) => (part === 'own' ? [subject] : []));
  for (const subject of await recordsAbout(hub, own)) subjects.set(subject, 'own');
  return finished(hub, { keys, people: [...people.values()], subjects, heldOf, newestHold: newest }, options);
}

function holdOn(holds: readonly PersonHold[], keys: readonly string[]): PersonHold | undefined {
  return holds.find((hold) => hold.keys.some((key) => keys.includes(key)));
}

type Sought = Pick<FoundPerson, 'keys' | 'people' | 'newestHold'> & {
  readonly subjects: Map<string, Part>;
  readonly heldOf: ReadonlyMap<string, number>;
};

/** Each sealed place with the number of its values that cannot be opened. */
type Finder = ErasingHub & { readonly unreadable: Map<string, number> };

async function finished(
  hub: Finder,
  { keys, people, subjects, heldOf, newestHold: newest }: Sought,
  options: FindOptions,
): Promise<Finding> {
  const mentions = await mentionsOf(hub, people, subjects, options);
  for (const subject of mentions.subjects) subjects.set(subject, 'mentioned');
  const kept = await keptOf(hub, subjects, heldOf, options);
  for (const { subject } of kept) subjects.delete(subject);
  const stays = await recordedOf(hub, kept);
  const messages = mentions.messages.filter((id) => !stays.messages.has(id));
  const calls = mentions.calls.filter(({ deliveryId }) => !stays.deliveries.has(deliveryId));
  const token = hash('sha256', [...subjects.keys()].sort().join('\n')).slice(0, 16);
  const { namesakes, texts } = mentions;
  const unreadable = [...hub.unreadable.values()].reduce((sum, count) => sum + count, 0);
  if (subjects.size + kept.length + messages.length + calls.length + texts.length + namesakes + unreadable === 0)
    return { kind: 'none' };
  return {
    kind: 'found',
    found: { people, keys, subjects, kept, messages, calls, texts, namesakes, unreadable, newestHold: newest, token },
  };
}

type NamedPeople = { readonly people: readonly Person[] } | Omit<Extract<Finding, { kind: 'ambiguous' }>, 'kind'>;

/** The person of a dossier, or the first one of a record. */
async function personOf({ database, vault }: ErasingHub, code: string, kind: Kind | undefined): Promise<NamedPeople> {
  if (kind) {
    const wanted = { subjects: [subjectOf(kind, code)], uniqueKeys: [] };
    const found = await loadRecords(database.pool, vault, wanted);
    return { people: found.flatMap(({ held }) => peopleIn(kind, held.view)).slice(0, 1) };
  }
  const found = await loadIndexed(database.pool, vault, [code]);
  const one = dossierNamed(found);
  if (!one && found.length > 0) return { code, codes: [...new Set(found.map(({ held }) => held.code))].sort() };
  const { applicant } = one?.held.view.record ?? {};
  return { people: applicant ? [applicant] : [] };
}

const HAS_DATA = 'erasure IS NULL';

interface Named {
  readonly subject: string;
  readonly person: Person;
  readonly part: Part;
}

/** All people of all dossiers and records with their data. */
async function* peopleOf(hub: Finder): AsyncGenerator<Named> {
  for await (const { place, text } of opened(hub, placeOf('dossiers', 'sealed'), HAS_DATA)) {
    const { applicant } = JSON.parse(text) as Dossier;
    if (applicant) yield { subject: place[0] as string, person: applicant, part: 'own' };
  }
  for await (const { place, text } of opened(hub, placeOf('dossiers', 'former'), HAS_DATA))
    for (const person of JSON.parse(text) as readonly Person[])
      yield { subject: place[0] as string, person, part: 'former' };
  for await (const { place, text } of opened(hub, placeOf('records', 'sealed'), HAS_DATA)) {
    const kind = hub.kinds.ofSubject(place[0] as string);
    const people = kind ? peopleIn(kind, JSON.parse(text) as object) : [];
    for (const person of people) yield { subject: place[0] as string, person, part: 'own' };
  }
}

interface Opened {
  readonly place: readonly string[];
  readonly text: string;
}

/** The sealed values of a place, row by row. Those of a lost secret are counted only: they must not keep others from it. */
async function* opened(
  { database, vault, unreadable }: Finder,
  place: SealedPlace,
  condition: string,
): AsyncGenerator<Opened> {
  let after: readonly string[] | undefined;
  let closed = 0;
  for (;;) {
    const rows: readonly SealedRow[] = await readSealed(database.pool, place, condition, after);
    const last = rows.at(-1);
    if (!last) break;
    const readable = rows.filter(({ keyId }) => vault.knows(keyId));
    closed += rows.length - readable.length;
    yield* await mapYielding(readable, (row) => ({
      place: row.place,
      text: vault.open({ keyId: row.keyId, bytes: row.value }).toString(),
    }));
    after = last.place;
  }
  // Each round reads the dossiers again, and the last reading has no condition.
  unreadable.set(`${place.table} ${place.value}`, closed);
}

/** Records of kinds about these dossiers, such as a rating, which names nobody. */
async function recordsAbout({ database }: ErasingHub, codes: readonly string[]): Promise<readonly string[]> {
  const { rows } = await sql<{ subject: string }>`
    SELECT subject FROM records WHERE ${namesDossier(codes)} AND erasure IS NULL`.execute(database.query);
  return rows.map(({ subject }) => subject);
}

interface Mentions {
  readonly subjects: ReadonlySet<string>;
  readonly messages: readonly string[];
  readonly calls: readonly MentionedCall[];
  readonly texts: readonly OfficerTexts[];
  readonly namesakes: number;
}

/** The catalogue is public, and a release of the hub names no person. */
const HAS_PEOPLE = `door <> 'release' AND NOT ${isOfCatalogueIn('operation')}`;

/** Texts that speak of the person outside of the dossiers and records that are theirs. */
async function mentionsOf(
  hub: Finder,
  people: readonly Person[],
  own: ReadonlyMap<string, Part>,
  { namesToo, tell }: FindOptions,
): Promise<Mentions> {
  const found = { subjects: new Set<string>(), messages: [] as string[], calls: [] as MentionedCall[] };
  let namesakes = 0;
  const mentionIn = createMentionFinder(people);
  const isTheirs = (mention: Mention): boolean => {
    if (mention === 'perhaps' && !namesToo) namesakes++;
    return mention === 'sure' || (mention === 'perhaps' && namesToo);
  };
  for (const [table, value] of [
    ['dossiers', 'sealed'],
    ['events', 'record'],
    ['records', 'sealed'],
    ['record_events', 'record'],
  ] as const) {
    tell(`reads ${table}`);
    for await (const { place, text } of opened(hub, placeOf(table, value), 'true')) {
      const subject = place[0] as string;
      if (!own.has(subject) && isTheirs(await mentionIn(text))) found.subjects.add(subject);
    }
  }
  tell('reads bodies of messages');
  for await (const { place, text } of opened(hub, placeOf('messages', 'body'), HAS_PEOPLE))
    if (isTheirs(await mentionIn(text))) found.messages.push(place[0] as string);
  tell('reads calls of deliveries');
  for await (const { place, text } of opened(hub, placeOf('attempts', 'wire'), 'true')) {
    const [deliveryId = '', number = '', at = ''] = place;
    if (isTheirs(await mentionIn(text))) found.calls.push({ deliveryId, number, at });
  }
  tell('reads notes of officers and errors of partners');
  // Nothing is lost with a filter: an officer who looks for a namesake saves it again. So the name is enough.
  const texts = await findOfficerTexts(hub, async (text, isFilter) => {
    const mention = await mentionIn(text);
    return isFilter ? mention !== undefined : isTheirs(mention);
  });
  await nextTurn();
  return { ...found, texts, namesakes };
}

/** Found data that is not erased: under a hold, or not ended. */
async function keptOf(
  { database }: ErasingHub,
  subjects: ReadonlyMap<string, Part>,
  heldOf: ReadonlyMap<string, number>,
  { openToo }: FindOptions,
): Promise<readonly Kept[]> {
  const ofPeople = [...heldOf].filter(([subject]) => subjects.has(subject));
  const held = new Map([...ofPeople, ...(await heldAmong(database, [...subjects.keys()]))]);
  const kept: Kept[] = [...held].map(([subject, hold]) => ({ subject, why: 'held', hold }));
  if (openToo) return kept;
  const own = [...subjects].flatMap(([subject, part]) => (part === 'own' && !held.has(subject) ? [subject] : []));
  const { rows } = await database.pool.query<{ subject: string }>({
    name: 'not ended',
    text: `SELECT code AS subject FROM dossiers WHERE code = ANY($1::text[]) AND NOT status = ANY($2::text[])
           UNION ALL SELECT subject FROM records WHERE subject = ANY($1::text[]) AND is_open`,
    values: [own, ENDED],
  });
  return [...kept, ...rows.map(({ subject }): Kept => ({ subject, why: 'open' }))];
}

/** The messages and deliveries of what stays: their bodies and calls stay too. */
async function recordedOf({ database: { pool } }: ErasingHub, kept: readonly Kept[]) {
  const subjects = kept.map(({ subject }) => subject);
  const messages = await pool.query<{ id: string }>({
    name: 'messages of kept',
    text: `SELECT message_id AS id FROM events WHERE code = ANY($1::text[])
           UNION SELECT message_id FROM record_events WHERE subject = ANY($1::text[])`,
    values: [subjects],
  });
  const deliveries = await pool.query<{ id: string }>({
    name: 'deliveries of kept',
    text: `SELECT id::text FROM deliveries
           WHERE party = ANY(ARRAY(SELECT party FROM party_states)) AND subject = ANY($1::text[])`,
    values: [subjects],
  });
  return {
    messages: new Set(messages.rows.map(({ id }) => id)),
    deliveries: new Set(deliveries.rows.map(({ id }) => id)),
  };
}
