/** What a party pushes: the last part of the door's address. */
export type What = 'dossiers' | 'progress' | 'questions' | 'petitions' | 'ratings' | 'postal-orders' | 'payments';

/**
 * The result for an item. `accepted`, `duplicate` and `stale` are done. The hub keeps a `quarantined` item and applies it
 * later: never send it again. An `invalid` item needs a correction.
 */
export type Outcome = 'accepted' | 'duplicate' | 'stale' | 'quarantined' | 'invalid';

/** A place in an item, with a stable code, its arguments, and a sentence for people. */
export interface Problem {
  readonly path: string;
  readonly code: string;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface PushResult {
  /** Position of the item in what was pushed. */
  readonly index: number;
  readonly code?: string;
  readonly outcome: Outcome;
  readonly problems?: readonly Problem[];
  readonly warnings?: readonly Problem[];
}

export interface PushReply {
  /** Proof of the push. Store it. Items beyond 1,000 go in several requests, so there may be several. */
  readonly receipts: readonly string[];
  /** One for each item, in the order of the items. */
  readonly results: readonly PushResult[];
}

export interface DossierFilter {
  readonly status?: readonly string[];
  readonly agency?: string;
  readonly service?: string;
  readonly field?: string;
  readonly channel?: 'counter' | 'online' | 'post';
  readonly party?: string;
  /** Dates or times in RFC 3339. */
  readonly receivedFrom?: string;
  readonly receivedTo?: string;
  readonly due?: 'overdue';
  /** Words of the code or the name, with or without Vietnamese marks. */
  readonly q?: string;
}

export interface Change {
  readonly cursor: string;
  readonly code: string;
  readonly status: string;
  readonly statusAt: string;
  readonly changedAt: string;
}

export interface ChangePage {
  readonly items: readonly Change[];
  /** Store it together with what you did of the page, and continue from it. */
  readonly next: string;
  /** Changes after the given cursor may be missing: take a new snapshot, then continue. */
  readonly gap?: boolean;
}
