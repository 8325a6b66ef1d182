import type { PortalError } from './envelope.ts';

/** What a reply says of one of the items that were sent together. */
export type Verdict = { readonly kind: 'held' } | PortalError;

/**
 * What a reply says of each item, where its `result` tells of items one by one: an entry with the item's `MaHoSo` and an
 * `error_code` of its own, or an `outcome` as the hub's own door in this dialect answers. Items of which it says nothing
 * are absent.
 */
export function verdictsOf(result: readonly unknown[]): ReadonlyMap<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  for (const entry of result) {
    if (typeof entry !== 'object' || entry === null) continue;
    const { MaHoSo, ...said } = entry as Readonly<Record<string, unknown>>;
    const verdict = verdictOf(said);
    if (typeof MaHoSo === 'string' && verdict) verdicts.set(MaHoSo.trim().toUpperCase(), verdict);
  }
  return verdicts;
}

/** The first error that a reply tells of an item: of several with one `MaHoSo`, such as steps, it does not say which. */
export function firstErrorIn(result: readonly unknown[]): PortalError | undefined {
  for (const entry of result)
    for (const verdict of verdictsOf([entry]).values()) if (verdict.kind === 'error') return verdict;
  return undefined;
}

function verdictOf({ error_code, message, outcome, problems }: Readonly<Record<string, unknown>>): Verdict | undefined {
  if (typeof error_code === 'string' || typeof error_code === 'number') {
    const code = String(error_code).trim();
    return /^0+$/.test(code) ? { kind: 'held' } : { kind: 'error', code, message: String(message ?? '').trim() };
  }
  if (typeof outcome !== 'string') return undefined;
  return outcome === 'invalid' ? { kind: 'error', code: outcome, message: toldBy(problems) } : { kind: 'held' };
}

function toldBy(problems: unknown): string {
  if (!Array.isArray(problems)) return '';
  return problems.map((one) => `${one?.path ?? ''} ${one?.message ?? ''}`.trim()).join('; ');
}
