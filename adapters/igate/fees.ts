import { inEnglish, type Problem, parseVnd, problem, say, textOf } from '#kit';
import type { Settings } from './settings.ts';
import { nameIn, type Row } from './shapes.ts';

/** Fees in whole đồng. iGate writes them as floats, texts or integers. A fraction is a problem, not a rounding. */
export function feesOf(
  rows: readonly Row[],
  { feeAmount }: Settings,
): { readonly fees: readonly object[] | undefined; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const fees = rows.map(({ id, amount, quantity, procost }, at) => {
    const path = `/dossierFee/${at}`;
    const one = parseVnd(typeof amount === 'number' ? amount : textOf(amount));
    if ('error' in one) problems.push({ path: `${path}/amount`, ...inEnglish(one.error) });
    const price = 'error' in one ? null : one.amountVnd;
    const times = feeAmount === 'each' && quantity !== undefined ? Number(quantity) : 1;
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
