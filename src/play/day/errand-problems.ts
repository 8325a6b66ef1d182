import type { LedgerEntry } from '../../kit/testing/simulator/simulator.ts';
import { getJson } from '../clients/hub-client.ts';
import { atOnce } from '../clients/reading.ts';
import { type Errand, lastStates } from './errand.ts';
import type { Errands } from './errands.ts';

interface Kept {
  readonly state?: string;
}

/** Where the hub, the post, the platform and the one-stop system do not agree yet. */
export async function errandProblems(errands: Errands, all: readonly Errand[]): Promise<readonly string[]> {
  const { participants } = errands;
  const [post, platform, oneStop] = await Promise.all(
    [participants.vnpost, participants['payment-platform'], participants['one-stop']].map((one) => one.book()),
  );
  const problems = await atOnce(all, async (errand) => [
    ...(await problemsOf(errands, errand)),
    ...once(post?.entries ?? [], 'order', errand.dossierCode),
    ...once(platform?.entries ?? [], 'payment', errand.reference),
    // What it cancels itself does not come back to it.
    ...(errand.isCancelled
      ? []
      : lastAtOneStop(oneStop?.entries ?? [], 'postal-order', errand.dossierCode, lastStates(errand).order)),
    ...lastAtOneStop(oneStop?.entries ?? [], 'payment', errand.reference, lastStates(errand).payment),
  ]);
  return problems.flat();
}

async function problemsOf({ hub, secrets }: Errands, errand: Errand): Promise<readonly string[]> {
  const stateOf = async (path: string): Promise<string | undefined> =>
    (await getJson<Kept>(hub, `/api/v1/${path}`, secrets.portal).catch((): Kept => ({}))).state;
  const order = await stateOf(`postal-orders/${encodeURIComponent(errand.dossierCode)}`);
  const payment = await stateOf(`payments/${errand.reference}`);
  const wanted = lastStates(errand);
  return [
    ...(order === wanted.order
      ? []
      : [`${errand.dossierCode}: the postal order is ${order}, expected ${wanted.order}`]),
    ...(payment === wanted.payment
      ? []
      : [`${errand.reference}: the payment is ${payment}, expected ${wanted.payment}`]),
  ];
}

function once(entries: readonly LedgerEntry[], kind: string, key: string): readonly string[] {
  const count = entries.filter((one) => one.kind === kind && one.key === key).reduce((sum, one) => sum + one.count, 0);
  return count === 1 ? [] : [`${key}: taken ${count} times as ${kind}, expected once`];
}

function lastAtOneStop(entries: readonly LedgerEntry[], kind: string, key: string, state: string): readonly string[] {
  const last = entries.filter((one) => one.kind === kind && one.key === key).at(-1)?.content as Kept | undefined;
  return last?.state === state
    ? []
    : [`${key}: the one-stop system has the ${kind} as ${last?.state}, expected ${state}`];
}
