import type { components } from './openapi.ts';

/** The schemas of the hub's OpenAPI document by name. */
export type Schemas = components['schemas'];

/** What a party pushes, by the last part of the door's address. */
export interface Pushed {
  readonly dossiers: Schemas['Dossier'];
  readonly progress: Schemas['Progress'];
  readonly questions: Schemas['Question'];
  readonly petitions: Schemas['Petition'];
  readonly ratings: Schemas['Rating'];
  readonly 'postal-orders': Schemas['PostalOrder'];
  readonly payments: Schemas['Payment'];
}

export type What = keyof Pushed;

/**
 * The result for an item. `accepted`, `duplicate` and `stale` are done. The hub keeps a `quarantined` item and applies it
 * later: never send it again. An `invalid` item needs a correction.
 */
export type PushResult = Schemas['ItemResult'];
export type Outcome = PushResult['outcome'];

/** A place in an item, with a stable code, its arguments, and a sentence for people. */
export type Problem = Schemas['ItemProblem'];

export interface PushReply {
  /** Proof of the push. Store it. More than 1,000 items or 8 MiB go in several requests, so there may be several. */
  readonly receipts: readonly string[];
  /** One for each item, in the order of the items. */
  readonly results: readonly PushResult[];
}

export interface DossierFilter {
  readonly status?: readonly Dossier['status'][];
  readonly agency?: string;
  readonly service?: string;
  readonly field?: string;
  readonly channel?: Dossier['channel'];
  readonly party?: string;
  /** Dates or times in RFC 3339. */
  readonly receivedFrom?: string;
  readonly receivedTo?: string;
  readonly due?: 'overdue';
  /** Words of the code or the name, with or without Vietnamese marks. */
  readonly q?: string;
}

/** A dossier as the key may see it. */
export type Dossier = Schemas['ServedDossier'];
export type HistoryStep = Schemas['HistoryStep'];
export type Change = Schemas['Change'];

export interface ChangePage {
  readonly items: readonly Change[];
  /** Store it together with what you did of the page, and continue from it. */
  readonly next: string;
  /** Changes after the given cursor may be missing: take a new snapshot, and begin again at its cursor. */
  readonly gap?: boolean;
}
