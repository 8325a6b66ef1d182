/**
 * Whether two JSON values are written the same. Shared parts are skipped, so comparing views of one history costs
 * little.
 */
export function isSameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other))
    return Array.isArray(one) && Array.isArray(other) && isSameList(one, other);
  const names = namesOf(one);
  const others = namesOf(other);
  if (names.length !== others.length) return false;
  for (let n = 0; n < names.length; n++) {
    const name = names[n] as keyof typeof one;
    if (name !== others[n] || !isSameJson(one[name], other[name])) return false;
  }
  return true;
}

function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, at) => isSameJson(item, other[at]));
}

/** JSON leaves out members without a value, and writes the others in order. */
function namesOf(value: object): readonly string[] {
  return Object.keys(value).filter((name) => value[name as keyof typeof value] !== undefined);
}
