/** The form of an adapter's own reason codes. In their place, the words of a partner may name a person. */
const REASON_CODE = '^[a-z0-9-]{1,60}$';
const IS_REASON_CODE = new RegExp(REASON_CODE);

export function isReasonCode(reason: string): boolean {
  return IS_REASON_CODE.test(reason);
}

/** SQL: a reason, if it is a code. */
export const codeOnlyIn = (column: string): string => `CASE WHEN ${column} ~ '${REASON_CODE}' THEN ${column} END`;
