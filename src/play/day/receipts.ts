import { untilRight } from '../clients/until-right.ts';
import type { Participants, REGISTER } from '../participants/participants.ts';
import { type Errand, lastStates } from './errand.ts';

export interface Receipts {
  readonly participants: Participants<typeof REGISTER>;
  readonly signal: AbortSignal;
}

/** The service of receipts, which the register's simulator plays too, loses its first answers. */
export function loseReceipts({ participants }: Pick<Receipts, 'participants'>): Promise<void> {
  return participants.population.fault({ kind: 'drop-reply', forMs: 1_500, path: '/PublishService.asmx' });
}

/** Waits until each paid payment has one receipt, and no other has any. @returns what is wrong at the time limit */
export function waitForReceipts(
  { participants, signal }: Receipts,
  all: readonly Errand[],
  limitMs: number,
): Promise<readonly string[]> {
  const problemsNow = async (): Promise<readonly string[]> => {
    const { entries } = await participants.population.book();
    const issued = entries.filter(({ kind }) => kind === 'receipt');
    return all.flatMap((errand) => {
      const { reference } = errand;
      const count = issued.filter(({ key }) => key === reference).reduce((sum, one) => sum + one.count, 0);
      const expected = lastStates(errand).payment === 'paid' ? 1 : 0;
      return count === expected ? [] : [`${reference}: ${count} receipts, expected ${expected}`];
    });
  };
  return untilRight(problemsNow, performance.now() + limitMs, signal);
}
