import type Type from 'typebox';
import type { Status } from '#schemas/dossier.upsert.v1';
import type { Operation } from '#schemas/operations';
import type { Subject } from '../dossier/route.ts';
import type { Problem } from '../problem.ts';
import type { SearchedTexts } from '../vietnamese/search-words.ts';
import type { HandlingFacts, PointsOf } from './handling.ts';

/** The members that the hub knows of every record, whatever its kind. */
export interface KindRecord {
  readonly code: string;
  readonly state: string;
  /** The source's event time: it decides the order. */
  readonly stateAt: string;
  readonly agencyCode?: string;
  readonly fieldCode?: string;
  readonly dossierCode?: string;
  readonly dueAt?: string;
}

/** The facts of the dossier that a record names. */
export interface DossierFacts {
  readonly status: Status;
  readonly statusAt: string;
  readonly hasResult: boolean;
}

/** A state of a record, and since when it has it. */
export type StateOf<R extends KindRecord = KindRecord> = Pick<R, 'state' | 'stateAt'>;

/** A step of a dossier that a new state of a record is. */
export interface DossierStep {
  readonly status: Status;
  readonly actor: string;
  readonly content: string;
  /** Its moment; by default that of the record's state. */
  readonly at?: string;
}

/** States of a record and statuses of its dossier that do not agree. */
export interface Disagreement {
  readonly states: readonly string[];
  readonly statuses: readonly Status[];
  /** Only where no other record of the kind is open for the dossier. */
  readonly ifLast?: true;
}

/** What a rule may look at beside the record. */
export interface Surroundings {
  /** The dossier of `dossierCode`; undefined where the index has none. */
  readonly dossier: DossierFacts | undefined;
  /** Another record of this kind with the same `uniqueBy`. */
  readonly rival: KindRecord | undefined;
  /** Whether the record is in the index already. */
  readonly isKnown: boolean;
  /** Whether the sender may and can say who the people of the record are. */
  readonly saysPeople: boolean;
}

/**
 * All that the hub knows of one kind of record: a folder of `src/kinds/` declares it, and the doors, the index, deliveries,
 * quarantine, replay, rebuild, the change feed and the readers work by it.
 */
export interface Kind<R extends KindRecord = KindRecord> {
  /** In operations, subjects and webhooks, such as `postal-order`. */
  readonly name: string;
  /** In addresses, such as `postal-orders`. */
  readonly path: string;
  readonly operation: Operation;
  /** The scope of a key that pushes it. */
  readonly scope: `${string}:write`;
  readonly schema: Type.TObject;
  /** The names in sentences: singular and plural. */
  readonly names: { readonly en: readonly [string, string]; readonly vi: readonly [string, string] };

  /** In their order: of two states at one moment, the later of this list counts. */
  readonly states: readonly string[];
  /** Nothing is due in these states. */
  readonly finalStates: readonly string[];
  /** Whether a state may follow another one. Absent: each may. */
  mayFollow?(from: R['state'], to: R['state']): boolean;

  /** Members that name a person. The hub masks them, and the phone number of the first one is the proof of its person. */
  readonly people: readonly (keyof R & string)[];
  /** Members that a citizen writes: numbers and addresses in them are masked too. */
  readonly citizenTexts: readonly (keyof R & string)[];
  /** Members that a party may change to which the owner's records are routed. */
  readonly shared: readonly (keyof R & string)[];
  /** Lists of entries with a time `at` that only grow: new entries of a report join the known ones. */
  readonly growing?: readonly (keyof R & string)[];
  /** Called with the masked record for `texts`, so that no search finds a person by a mention. */
  searched(record: R, masked: R): SearchedTexts;

  /** A document that partners give for a record, such as `receipt`: the last step of its address. */
  readonly document?: string;
  /** Members that tell contents apart. Absent: all. */
  readonly identifiedBy?: readonly (keyof R & string)[];
  /** One record for each such text, whatever its code. */
  uniqueBy?(record: R): string;
  /** Why the record cannot be stored. Called with the record as it would be in the index. */
  problems?(record: R, around: Surroundings): readonly Problem[];
  /**
   * Why a report of a party that does not own the record contradicts it. Such a report waits for an operator and changes
   * nothing.
   */
  contradictions?(said: Partial<R>, held: R): readonly Problem[];
  /** Why an operator must decide before the record is forwarded or published. */
  holds?(record: R): Problem | undefined;
  /** Whether this state is sent to the parties of the routes. Absent: each is. */
  forwards?(record: R): boolean;
  /** Working days from a moment of the record to its `dueAt`, where its source gives none. */
  readonly deadline?: { readonly workingDays: number; from(record: R): string };
  /**
   * The step of its dossier that a new state of the record is, so that both move together. The hub applies and delivers it
   * like a step of the dossier's owner. Undefined for a state that moves no dossier.
   *
   * @param others the other records of this kind for the dossier
   */
  dossierStep?(record: R, dossier: DossierFacts, others: readonly StateOf<R>[]): DossierStep | undefined;
  /** Working days without a new state after which operators look at an open record. Settings may replace them. */
  readonly stillAfterDays?: number;
  /** When operators look at a record because its dossier says something else. */
  readonly disagreements?: readonly Disagreement[];
  /** Officers assign, answer and refuse it: it has `answers` and the states `assigned`, `answered` and `refused`. */
  readonly isAnswered?: true;
  /** Points of `criteria` that follow from how its dossier was handled. The hub shows them as computed, and stores none. */
  computes?(facts: HandlingFacts): readonly PointsOf[];
  /** The facts that reports count. Absent: no report counts this kind. */
  counts?(record: R): CountedRecord;
  /** By what the limit per person recognises who sends it. Absent: no limit. */
  sentBy?(record: R): readonly string[];
  /** Whether anybody may read it without a key. */
  isPublic?(record: R): boolean;
}

/** A record as reports count it. All times are instants of its source. */
export interface CountedRecord {
  readonly beganAt: string;
  /** Since when nothing is due. Undefined while something is. */
  readonly endedAt?: string | undefined;
  /** By which reports tell such records apart, such as the level of a rating. */
  readonly mark?: string;
}

/** Whether a record in this state disagrees with its dossier, whichever other records the dossier has. */
export function disagrees({ disagreements = [] }: Kind, state: string, status: Status): boolean {
  return disagreements.some(
    ({ states, statuses, ifLast }) => !ifLast && states.includes(state) && statuses.includes(status),
  );
}

/** Declares a kind; the export of `src/kinds/<kind>/kind.ts`. */
export function defineKind<R extends KindRecord>(kind: Kind<R>): Kind {
  return kind as unknown as Kind;
}

/** The party of records that citizens send without a key. Routes may begin with it; no settings name it. */
export const CITIZENS = 'citizens';

/**
 * The party of what officers order at the hub. It changes the shared members of every record. Routes may begin with it, and
 * the routes of the record's owner apply too. No settings name it.
 */
export const OFFICERS = 'officers';

/** Whether the hub itself speaks for this party. Nothing but the hub's own doors and orders sends in its name. */
export function isOfHub(party: string): boolean {
  return party === CITIZENS || party === OFFICERS;
}

/** The state of a record for which an operator must decide. */
export const HELD_STATE = 'held';

/** What a delivery, a waiting item or a row of the index is about: the kind and the code. Dossiers have their code alone. */
export function subjectOf(kind: Pick<Kind, 'name'>, code: string): string {
  return `${kind.name} ${code}`;
}

/** The code of a subject: of a dossier the subject itself. */
export function codeOfSubject(subject: string): string {
  return subject.slice(subject.indexOf(' ') + 1);
}

/** The members by which routes filter a record. */
export function routeSubjectOf(record: KindRecord): Subject {
  const { code, fieldCode } = record;
  return { code, fieldCode, serviceCode: (record as { serviceCode?: string }).serviceCode };
}

/** The parties whose routes apply to an event: a party that has the record from its owner also gets the changes by officers. */
export function sendersOf(party: string, owner: string): readonly string[] {
  return party === OFFICERS ? [OFFICERS, owner] : [party];
}
