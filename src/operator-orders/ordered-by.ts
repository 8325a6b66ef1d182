/** The key id of the operator who gives an order, and the reason. */
export interface OrderedBy {
  readonly who: string;
  readonly why: string;
}

/** The audit entry of an order. */
export function auditEntry(action: string, subject: string, { who, why }: OrderedBy) {
  return { actor: who, action, subject, why };
}
