import { isSuccess, messageText, type PortalError } from './envelope.ts';

/** The reply's verdict on one of the items of a call. */
export type Verdict = { readonly kind: 'held' } | PortalError;

/**
 * The verdicts of a reply, if its `result` has an entry for each item: the item's `MaHoSo` with its own `error_code`,
 * or an `outcome` as the hub's own door in this dialect answers. Items without an entry are absent.
 */
export function verdictsOf(result: readonly unknown[]): ReadonlyMap<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  for (const { name, verdict } of entriesIn(result)) if (name !== undefined) verdicts.set(name, verdict);
  return verdicts;
}

/**
 * The first error in the entries of a reply, whatever an entry names its item by: questions have `HOIDAPID`, and some
 * entries name nothing. If several entries have one `MaHoSo`, such as steps, it may be any of theirs.
 *
 * @param except items by `MaHoSo` whose own entries do not count
 */
export function firstErrorIn(
  result: readonly unknown[],
  except: ReadonlySet<string> = new Set(),
): PortalError | undefined {
  for (const { name, verdict } of entriesIn(result))
    if (verdict.kind === 'error' && (name === undefined || !except.has(name))) return verdict;
  return undefined;
}

interface Entry {
  /** `MaHoSo` in capitals. Undefined for an entry without it. */
  readonly name: string | undefined;
  readonly verdict: Verdict;
}

function entriesIn(result: readonly unknown[]): readonly Entry[] {
  return result.flatMap((entry) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { MaHoSo, ...said } = entry as Readonly<Record<string, unknown>>;
    const verdict = verdictOf(said);
    const name = typeof MaHoSo === 'string' ? MaHoSo.trim().toUpperCase() : undefined;
    return verdict ? [{ name, verdict }] : [];
  });
}

function verdictOf({ error_code, message, outcome, problems }: Readonly<Record<string, unknown>>): Verdict | undefined {
  if (typeof error_code === 'string' || typeof error_code === 'number') {
    const code = String(error_code).trim();
    return isSuccess(code) ? { kind: 'held' } : { kind: 'error', code, message: messageText(message) };
  }
  if (typeof outcome !== 'string') return undefined;
  return outcome === 'invalid' ? { kind: 'error', code: outcome, message: textOfProblems(problems) } : { kind: 'held' };
}

function textOfProblems(problems: unknown): string {
  if (!Array.isArray(problems)) return '';
  return problems.map((one) => `${messageText(one?.path)} ${messageText(one?.message)}`.trim()).join('; ');
}
