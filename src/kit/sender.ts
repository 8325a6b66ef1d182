import type { Outcome } from '#core/dossier/settle';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Operation, Records } from '#schemas/operations';
import type { Connection } from './connection.ts';

/** One record to send to the partner. */
export interface Outgoing<O extends Operation = Operation> {
  /** The same at every attempt. An adapter sends it as idempotency key if the partner takes one. */
  readonly id: string;
  readonly operation: O;
  /** The code by which the partner knows the dossier: its own if it has one, otherwise ours. */
  readonly code: string;
  readonly record: Records[O];
  /**
   * The dossier of the record, as it was at that version. For a record of another kind the dossier that it names, as it is
   * now. Absent for catalogue entries.
   */
  readonly dossier?: Dossier;
  /** Only for records beside dossiers: the first moment of each of their states, by state. */
  readonly moments?: Readonly<Record<string, string>> | undefined;
  /**
   * The record as anybody may read it, with its people masked. Absent if it is not public. What a partner makes public
   * must come from here.
   */
  readonly published?: Records[O] | undefined;
  /** The catalogue's entries for the service, the agency and the field of the record. Absent if it has none. */
  readonly service?:
    | {
        readonly code: string;
        readonly name: string;
        readonly fieldCode?: string;
        readonly fieldName?: string;
      }
    | undefined;
  readonly agency?: { readonly code: string; readonly name: string } | undefined;
  /** Only for records beside dossiers: a dossier has the field of its service. */
  readonly field?: { readonly code: string; readonly name: string } | undefined;
  /**
   * The original in the adapter's own dialect, as its sender wrote it, with the record that was read from it. For a
   * dossier it is the last complete item, for a step the step itself. It may hold fields that the record lacks.
   */
  readonly original?: { readonly item: unknown; readonly record: Records[O] } | undefined;
  /** An earlier attempt may have arrived. Look up before sending again. */
  readonly doubt: boolean;
  /** The partner has received this dossier before. */
  readonly known: boolean;
  /** The change in the index, for adapters that notify of changes. */
  readonly change?: Change | undefined;
}

/** A new state or step of a dossier, as a change that readers see. */
export interface Change {
  /** When the index changed: the `changedAt` of the change feed. */
  readonly at: string;
  /**
   * Whether to notify. `unchanged`: the step changed nothing that readers see. `told`: the notification of its dossier
   * covers it. `outdated`: the partner already knows a later state, and this is a replay.
   */
  readonly news: 'new' | 'unchanged' | 'told' | 'outdated';
}

export interface Sender<Settings, O extends Operation = Operation> {
  /** How many items one call may carry, of any dossiers. 1 by default. */
  batch?(settings: Settings): number;
  /** One call may carry only one item of a dossier. Otherwise it may carry several, in order. */
  readonly onePerDossier?: boolean;
  /** The members of the request that this record leaves out, each with its source. Absent if code decides. Pure. */
  leftOut?(settings: Settings, item: Outgoing<O>): readonly string[];
  /**
   * Sends the items in order and returns one outcome for each, in the same order. If the partner refuses all of them by
   * one answer, all get the same outcome object; the hub then sends each half separately until it finds the bad item.
   * An item in doubt arrives alone, so that its look-up delays no other. An exception is a bug, not a refusal.
   */
  send(connection: Connection<Settings>, items: readonly Outgoing<O>[]): Promise<readonly Outcome[]>;
}

/** How many items one call of a sender may carry. */
export function batchOf(sender: Pick<Sender<unknown>, 'batch'>, settings: unknown): number {
  return sender.batch?.(settings) ?? 1;
}
