import { inEnglish, type Problem, parseVnd, problem, say, textOf } from '#kit';
import type { Settings } from './settings.ts';
import { idIn, nameIn, type Row } from './shapes.ts';

/**
 * Fees in whole đồng, each id once: the list and the answer about fees may both have it.
 *
 * iGate writes amounts as floats, texts or integers. A fraction is a problem, not a rounding.
 */
export function feesOf(
  rows: readonly Row[],
  { feeAmount }: Settings,
): { readonly fees: readonly object[] | undefined; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const once = new Map(rows.map((row, at) => [idIn(row) ?? `fee ${at}`, row]));
  const fees = [...once.values()].map(({ id, amount, quantity, procost }, at) => {
    const path = `/dossierFee/${at}`;
    const one = parseVnd(typeof amount === 'number' ? amount : textOf(amount));
    if ('error' in one) problems.push({ path: `${path}/amount`, ...inEnglish(one.error) });
    const price = 'error' in one ? null : one.amountVnd;
    const times = feeAmount === 'each' ? timesOf(quantity) : 1;
    if (!Number.isSafeInteger(times) || times < 0)
      problems.push(
        problem(`${path}/quantity`, 'unexpected', { got: String(quantity), expected: say('exact-number') }),
      );
    const { type, description } = (procost ?? {}) as Row;
    return {
      code: textOf(id),
      name: nameIn((type as Row | undefined)?.name) ?? nameIn(description),
      amountVnd: price === null || problems.length > 0 ? null : price * times,
    };
  });
  return { fees: rows.length > 0 ? fees : undefined, problems };
}

/** How many of one price. An empty quantity is one, as a missing one: read as 0, it would make the dossier free. */
function timesOf(quantity: unknown): number {
  return String(quantity ?? '').trim() === '' ? 1 : Number(quantity);
}
