import type { PortalError } from './envelope.ts';

/** The reply's verdict on one of the items of a call. */
export type Verdict = { readonly kind: 'held' } | PortalError;

/**
 * The verdicts of a reply, if its `result` has an entry for each item: the item's `MaHoSo` with its own `error_code`,
 * or an `outcome` as the hub's own door in this dialect answers. Items without an entry are absent.
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

/**
 * The first error in the entries of a reply. If several entries have one `MaHoSo`, such as steps, it may be any of
 * theirs.
 */
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
