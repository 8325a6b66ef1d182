import type { Outcome } from '#core/dossier/settle';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Operation, Records } from '#schemas/operations';
import type { Connection } from './connection.ts';

/** One thing to be told to the partner. */
export interface Outgoing<O extends Operation = Operation> {
  /** The same at every attempt: to be sent as the key where the partner takes one. */
  readonly id: string;
  readonly operation: O;
  /** The code under which the partner knows the dossier: its own where it has one, otherwise ours. */
  readonly code: string;
  readonly record: Records[O];
  /** The dossier as it was when this was told; what a step belongs to. Absent for catalogue entries. */
  readonly dossier?: Dossier;
  /** What the catalogue says of the dossier's service and agency; absent where it knows nothing. */
  readonly service?:
    | {
        readonly code: string;
        readonly name: string;
        readonly fieldCode?: string;
        readonly fieldName?: string;
      }
    | undefined;
  readonly agency?: { readonly code: string; readonly name: string } | undefined;
  /**
   * What came in the adapter's own dialect: the last whole item that told of the dossier, or the step itself, as its
   * sender wrote it, and the record that it was read as. It may say more than the record has a place for.
   */
  readonly original?: { readonly item: unknown; readonly record: Records[O] } | undefined;
  /** An earlier attempt may have arrived: look up before sending again. */
  readonly doubt: boolean;
  /** The partner has taken this dossier before. */
  readonly known: boolean;
  /** What it changed in the index, for adapters that tell of changes. */
  readonly change?: Change | undefined;
}

/** A dossier's new state, or a step, as a change of what readers see. */
export interface Change {
  /** When the index changed: the `changedAt` of the change feed. */
  readonly at: string;
  /**
   * Whether there is anything to tell. Not where the step changed nothing that readers see (`unchanged`), where the state
   * that it led to was told with its dossier (`told`), and where the partner has been told of a later one, since
   * somebody has it told again (`outdated`).
   */
  readonly news: 'new' | 'unchanged' | 'told' | 'outdated';
}

export interface Sender<Settings, O extends Operation = Operation> {
  /** How many items one call may carry, of any dossiers, as the party's settings say; 1 where it is absent. */
  batch?(settings: Settings): number;
  /** The partner takes no two items of one dossier in one call. Otherwise they are in it together, in order. */
  readonly onePerDossier?: boolean;
  /**
   * Send the items in order; as many outcomes in the same order. When the partner refused them all by one answer, all
   * have the same refusal: the hub then sends each half by itself, until the bad one is alone. What is in doubt comes by
   * itself, so that it is looked up and holds up no other. A throw is a bug, not a refusal.
   */
  send(connection: Connection<Settings>, items: readonly Outgoing<O>[]): Promise<readonly Outcome[]>;
}

/** How many items one call of a sender may carry. */
export function batchOf(sender: Pick<Sender<unknown>, 'batch'>, settings: unknown): number {
  return sender.batch?.(settings) ?? 1;
}
