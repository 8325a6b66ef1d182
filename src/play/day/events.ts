import type { Status } from '#schemas/dossier.upsert.v1';

export type Sender = 'one-stop' | 'one-stop-legacy';

/**
 * The expected fate of an event: `applied` it is in the dossier's history; `released` it waits for its dossier and is then in
 * the history; `waits` a person must decide; `invalid` the hub refuses it with a reason.
 */
export type Fate = 'applied' | 'released' | 'waits' | 'invalid';

/** One event of a dossier that a partner sends, once or more. */
export interface PartnerEvent {
  readonly id: number;
  readonly party: Sender;
  readonly kind: 'dossier' | 'progress';
  readonly code: string;
  /** Time of the event. A record in the national dialect has none of its own, only the latest of its dates. */
  readonly at: string;
  readonly status: Status;
  readonly fate: Fate;
  /** The actor of a step. */
  readonly actor?: string;
  /** The item on the wire; a text is a line that is not JSON. */
  readonly item: object | string;
}

/** One request of a partner. */
export type Push = RestPush | DialectPush | SoapPush | RecordPush;

export interface RestPush {
  readonly door: 'rest';
  readonly path: 'dossiers' | 'progress';
  readonly form: 'single' | 'array' | 'lines';
  readonly events: readonly PartnerEvent[];
  readonly idempotencyKey?: string;
  /** The one-stop system enters it in its own book first, because others report its dossiers later. */
  readonly isEntered?: boolean;
}

export interface DialectPush {
  readonly door: 'national-portal';
  readonly service: 'DongBoHoSoMC' | 'CapNhatTienDoHoSoMC';
  readonly isUpdating?: 'True' | 'False';
  readonly events: readonly PartnerEvent[];
}

export interface SoapPush {
  readonly door: 'soap';
  readonly operation: 'PushDossiers' | 'PushProgress';
  readonly events: readonly PartnerEvent[];
}

/** One state of a record of another kind than dossiers. */
export interface RecordEvent {
  readonly kind: string;
  /** The list of the kind in addresses. */
  readonly path: string;
  readonly code: string;
  readonly at: string;
  readonly state: string;
  /** `waits`: held for a person, and shown as held. */
  readonly fate: Exclude<Fate, 'released'>;
  readonly item: object;
}

export interface RecordPush {
  readonly door: 'records';
  readonly path: string;
  readonly form: 'single' | 'array';
  readonly events: readonly RecordEvent[];
}

/** Requests in sequence. Other threads run at the same time. */
export interface Thread {
  /** Its start within the day, 0 to 1. */
  readonly startsAt: number;
  readonly pushes: readonly Push[];
}

/** Rank of a status: of two in the same second the further one counts. The demo's own table, not the hub's. */
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
