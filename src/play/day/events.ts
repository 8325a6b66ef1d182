import type { Status } from '#schemas/dossier.upsert.v1';

export type Teller = 'one-stop' | 'one-stop-legacy';

/**
 * What has to come of an item:
 * `applied` it is in the dossier's history; `released` it waits for its dossier and is then in the history;
 * `waits` a person must settle something; `invalid` it is refused, with the reason.
 */
export type Fate = 'applied' | 'released' | 'waits' | 'invalid';

/** One thing that a partner tells the hub of one dossier, however often it tells it. */
export interface Told {
  readonly id: number;
  readonly party: Teller;
  readonly kind: 'dossier' | 'progress';
  readonly code: string;
  /** When it happened: a record in the national dialect has no time of its own, only the latest of its dates. */
  readonly at: string;
  readonly status: Status;
  readonly fate: Fate;
  /** Who did it; on steps. */
  readonly actor?: string;
  /** As it goes over the wire; a text is a line that is no JSON. */
  readonly item: object | string;
}

/** One request of a partner. */
export type Push = RestPush | DialectPush | SoapPush;

export interface RestPush {
  readonly door: 'rest';
  readonly path: 'dossiers' | 'progress';
  readonly form: 'single' | 'array' | 'lines';
  readonly told: readonly Told[];
  readonly idempotencyKey?: string;
  /** The one-stop system enters it in its own book first: it is told of its dossiers by others later. */
  readonly isEntered?: boolean;
}

export interface DialectPush {
  readonly door: 'national-portal';
  readonly service: 'DongBoHoSoMC' | 'CapNhatTienDoHoSoMC';
  readonly isUpdating?: 'True' | 'False';
  readonly told: readonly Told[];
}

export interface SoapPush {
  readonly door: 'soap';
  readonly operation: 'PushDossiers' | 'PushProgress';
  readonly told: readonly Told[];
}

/** Requests that follow one another; other threads go on meanwhile. */
export interface Thread {
  /** When in the day it begins, 0 to 1. */
  readonly startsAt: number;
  readonly pushes: readonly Push[];
}

/** How far along a status is; of two at the same second the further one counts. The demo's own table, not the hub's. */
export const FARTHER: readonly Status[] = [
  'submitted',
  'received',
  'processing',
  'supplement-required',
  'payment-required',
  'resolved',
  'stopped',
  'refused',
  'withdrawn',
  'returned',
];

/** The national code table (domain 2.5), the demo's own. */
export const NATIONAL_CODE: Readonly<Record<Status, string>> = {
  submitted: '1',
  received: '2',
  refused: '3',
  processing: '4',
  'supplement-required': '5',
  'payment-required': '6',
  withdrawn: '7',
  stopped: '8',
  resolved: '9',
  returned: '10',
};
