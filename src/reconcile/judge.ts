import { maskTail } from '#core/identifiers/identifiers';
import { maskErrorText } from '#core/masking/masking';
import { sentenceOf } from '#messages/render';
import type { Comparison } from '../kit/reconciler.ts';
import type { LastDelivered } from '../ledger/reconciles.ts';

export const VERDICTS = ['agrees', 'differs', 'absent', 'behind', 'pending', 'untold', 'not-asked'] as const;
/**
 * `agrees`: the partner has our version, or nothing newer was for it. `differs`: it has another content. `absent`: it took the
 * dossier and no longer has it. `behind`: it has the sent version, and a newer one was refused or given up. `pending`: a
 * delivery is under way or waits, or the dossier changed during the look-up. `untold`: its answer does not say.
 * `not-asked`: the look-up failed.
 */
export type Verdict = (typeof VERDICTS)[number];
/** The verdicts that count for the agreement. */
const JUDGED: readonly Verdict[] = ['agrees', 'differs', 'absent', 'behind'];

export interface Finding {
  readonly code: string;
  readonly verdict: Verdict;
  /** The reason, unless it is a difference of fields. */
  readonly why?: string;
  /** Of a failed look-up: the same code as of a failed attempt. */
  readonly reason?: string | undefined;
  /** Places in the partner's own terms, with both values; possibly personal values are masked. */
  readonly fields?: readonly { readonly path: string; readonly ours: string; readonly theirs: string }[];
  /** The repair that was made. */
  readonly repair?: string;
}

/**
 * @param version our version
 * @param decisive the comparison with our version, or one with the last sent version that found no record
 * @param withDelivered the comparison with the last sent version, if older
 */
export function judge(
  delivered: LastDelivered,
  version: number,
  decisive: Comparison,
  withDelivered?: Comparison,
): Finding {
  const code = delivered.subject;
  if (decisive.kind === 'failed') {
    const { outcome } = decisive;
    const [why, reason] =
      'message' in outcome ? [`${outcome.reason}: ${outcome.message}`, outcome.reason] : [outcome.kind, undefined];
    // Shown to operators and stored. Partners may quote people outside this dossier.
    return { code, verdict: 'not-asked', why: maskErrorText(why), reason };
  }
  if (decisive.kind === 'untold') return { code, verdict: 'untold', why: sentenceOf(decisive.why).message };
  if (decisive.kind === 'absent')
    return { code, verdict: 'absent', why: 'it accepted the dossier and no longer has it' };
  if (decisive.differences.length === 0) return { code, verdict: 'agrees' };
  if (withDelivered?.kind !== 'found' || withDelivered.differences.length > 0)
    return { code, verdict: 'differs', fields: decisive.differences.map(masked) };
  if (delivered.lastState === 'delivered') return { code, verdict: 'agrees' };
  const reason = delivered.lastReason ? `${delivered.lastState}: ${delivered.lastReason}` : delivered.lastState;
  return {
    code,
    verdict: 'behind',
    why: `it has version ${delivered.seq} of ${version}; the last delivery was ${reason}`,
  };
}

export function isJudged({ verdict }: Finding): boolean {
  return JUDGED.includes(verdict);
}

/** Codes of one to three characters, words such as `DANG_XU_LY`, times and booleans are not personal. */
const PLAIN = /^(?:.{0,3}|20\d{12}|20\d\d-\d\d-\d\dT[\d:.+Z-]+|True|False|[a-z-]{4,20}|[A-Z]+(?:_[A-Z]+)+)$/;

function masked<F extends { readonly ours: string; readonly theirs: string }>(field: F): F {
  const shown = (text: string): string => (PLAIN.test(text) ? text : maskTail(text.slice(0, 60)));
  return { ...field, ours: shown(field.ours), theirs: shown(field.theirs) };
}
