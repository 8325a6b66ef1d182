/** A share in percent with two decimals. 100 means all: 19,999 of 20,000 are 99.99. Null of nothing. */
export function percentOf(part: number, whole: number): number | null {
  if (whole === 0) return null;
  const rounded = Math.round((part * 10_000) / whole) / 100;
  return part < whole ? Math.min(rounded, 99.99) : rounded;
}
