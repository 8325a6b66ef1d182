/** A concurrent transaction wrote the same rows (serialization failure, deadlock, unique key). The caller can retry. */
export function isConflict(error: unknown): boolean {
  return ['40001', '40P01', '23505'].includes((error as { code?: string }).code ?? '');
}

/** The database refuses some row of the batch (class 22 data, 23 integrity, 54 limits). The other rows can be stored. */
export function isRefusal(error: unknown): boolean {
  return /^(22|23|54)/.test((error as { code?: string }).code ?? '');
}
