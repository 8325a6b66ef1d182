import type { Erased } from '#core/erasure/erased';
import type { Person } from '#core/masking/mentions';
import type { Kind } from '#core/records/kind';
import type { Kinds } from '#core/records/kinds';
import type { ChangeRow } from '../index/changes.ts';
import type { DossierRow } from '../index/dossiers.ts';
import type { RecordChangeRow } from '../index/record-changes.ts';
import type { RecordRow } from '../index/records.ts';
import type { RewrittenEvent, RewrittenRecordEvent } from '../index/rewrite-events.ts';
import type { SilencedSubject, WaitingName } from '../ledger/erasures.ts';
import type { HubContext } from '../process/hub-context.ts';

export type ErasingHub = Pick<HubContext, 'database' | 'vault' | 'kinds' | 'nowMs'> & { readonly kinds: Kinds };

/** One dossier by any of its codes, one record of a kind by its code, or a person. */
export type SubjectAsked = { readonly code: string; readonly kind: Kind | undefined } | { readonly person: Person };

/** People to hide in the dossiers and records of others, which otherwise stay. */
export interface Hidden {
  readonly people: readonly Person[];
  isOne(person: Person): boolean;
}

/** When and by which order data is erased. */
export type Order = Pick<Erased, 'erasure' | 'at'> & {
  /** Without it all personal data goes. */
  readonly hidden: Hidden | undefined;
};

/** A message that held data of erased people. */
export interface TouchedMessage {
  readonly id: string;
  readonly people: readonly Person[];
}

/** A dossier or a record whose personal data goes, and its people. */
export type ErasedSubject = SilencedSubject & { readonly people: readonly Person[] };

/** The rows that one statement writes to erase the data of dossiers and records. */
export interface ErasedRows {
  readonly dossiers: readonly DossierRow[];
  readonly events: readonly RewrittenEvent[];
  readonly changes: readonly ChangeRow[];
  readonly records: readonly RecordRow[];
  readonly recordEvents: readonly RewrittenRecordEvent[];
  readonly recordChanges: readonly RecordChangeRow[];
  readonly messages: readonly TouchedMessage[];
  readonly subjects: readonly ErasedSubject[];
  readonly names: readonly WaitingName[];
}
