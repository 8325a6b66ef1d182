import type { Problem } from '../problem.ts';

/** That the personal data of a dossier or a record was erased. The row, its dates and its states stay. */
export interface Erased {
  /** The number of the order, with its reason. */
  readonly erasure: number;
  readonly at: string;
  /** The last message that counted for it. The hub applies no later one, so that nothing brings the data back. */
  readonly upTo: string;
}

/** Why personal data is erased: the time of the settings is over, or an operator ordered it for one person. */
export const ERASURE_CAUSES = ['retention', 'order'] as const;
export type ErasureCause = (typeof ERASURE_CAUSES)[number];

/** The code of the problem of an item that is refused for it. */
export const ERASED_PROBLEM = 'personal-data-erased';

export function isRefusedAsErased({ problems = [] }: { readonly problems?: readonly Problem[] | undefined }): boolean {
  return problems.some(({ code }) => code === ERASED_PROBLEM);
}

/** Whether a message came too late for a dossier or a record without personal data. Ids of messages grow. */
export function isAfterErasure(erased: Erased | undefined, messageId: string): erased is Erased {
  return erased !== undefined && messageId > erased.upTo;
}
