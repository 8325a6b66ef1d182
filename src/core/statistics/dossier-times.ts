import type { Dossier, Status } from '#schemas/dossier.upsert.v1';

/** The known course of a dossier. The dates come from the source. */
export type DossierTimes = Pick<
  Dossier,
  'status' | 'statusAt' | 'submittedAt' | 'receivedAt' | 'dueAt' | 'finishedAt' | 'returnedAt' | 'refusedAt'
> & {
  readonly supplements?: readonly SupplementTimes[];
  /** The statuses in order, see courseOf. At least the present one. */
  readonly course: readonly Move[];
  /** The due date by the longest term of its service since reception, if the source gives none. */
  readonly dueByTerm?: ((receivedAt: string) => string | undefined) | undefined;
};

export type SupplementTimes = Pick<
  NonNullable<Dossier['supplements']>[number],
  'id' | 'requestedAt' | 'receivedAt' | 'previousDueAt' | 'newDueAt'
>;

export interface Move {
  readonly status: Status;
  readonly at: string;
}
