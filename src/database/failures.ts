/** Another transaction wrote the same things meanwhile: serialization, deadlock, a key that came to exist. Try again. */
export function isConflict(error: unknown): boolean {
  return ['40001', '40P01', '23505'].includes((error as { code?: string }).code ?? '');
}

/** The database refuses something in the batch (class 22 data, 23 integrity, 54 limits). The rest can be kept. */
export function isRefusal(error: unknown): boolean {
  return /^(22|23|54)/.test((error as { code?: string }).code ?? '');
}
