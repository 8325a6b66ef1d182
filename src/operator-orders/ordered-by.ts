/** Who gives an order, by the id of a key, and why. */
export interface OrderedBy {
  readonly who: string;
  readonly why: string;
}

/** The audit entry of an order. */
export function auditEntry(action: string, subject: string, { who, why }: OrderedBy) {
  return { actor: who, action, subject, why };
}
