import { delivered, type Outcome, type Outgoing, say, sendInOrder, unknown } from '#kit';
import { outcomeOfError } from './answers.ts';
import type { Portal } from './client.ts';
import { isContradiction, type Prepared, prepare, put, sendDossier, verdictsFor } from './dossiers.ts';
import { lookUp } from './lookup.ts';

type Item = Outgoing<'dossier.upsert.v1'>;
type Outcomes = Map<Item, Outcome>;

/**
 * Sends dossiers to the portal, many in a call: known ones as updates, others as new, without a look-up. If the portal
 * says that one exists already or is missing, the dossiers of that call are looked up and sent once more. Items in
 * doubt, and two versions of one dossier, go alone.
 */
export async function sendDossiers(portal: Portal, items: readonly Item[]): Promise<readonly Outcome[]> {
  const isSingle = items.length === 1 || new Set(items.map((item) => item.code)).size < items.length;
  if (isSingle || items.some((item) => item.doubt)) return sendInOrder(items, (item) => sendDossier(portal, item));
  const outcomes: Outcomes = new Map();
  const prepared: Prepared[] = [];
  for (const item of items) {
    const one = await prepare(portal, item);
    if ('outcome' in one) outcomes.set(item, one.outcome);
    else prepared.push(one);
  }
  // A dossier with a code of the portal's own was filed there.
  const isThere = ({ item }: Prepared): boolean => item.known || item.code !== item.record.code;
  for (const isUpdate of [false, true]) {
    const group = prepared.filter((one) => isThere(one) === isUpdate);
    if (group.length > 0) await tell(portal, group, isUpdate, outcomes, sortOut);
  }
  return items.map((item) => outcomes.get(item) as Outcome);
}

type Otherwise = (portal: Portal, group: readonly Prepared[], outcomes: Outcomes) => Promise<void>;

/** @param otherwise what to do with dossiers that the portal contradicts */
async function tell(
  portal: Portal,
  group: readonly Prepared[],
  isUpdate: boolean,
  outcomes: Outcomes,
  otherwise?: Otherwise,
): Promise<void> {
  const answer = await put(portal, group, isUpdate);
  if (answer.kind === 'failed') return setAll(group, answer.outcome, outcomes);
  const told = [...verdictsFor(group, answer)].map(([one, verdict]) => ({ one, verdict }));
  const contradicted = told
    .filter(({ verdict }) => verdict.kind === 'error' && isContradiction(verdict, isUpdate))
    .map(({ one }) => one);
  const about = group.map(({ item }) => item.record);
  // Items that one error refused have equal outcomes. The hub recognises them and searches for the bad item.
  for (const { one, verdict } of told) {
    const { item, note } = one;
    if (verdict.kind === 'held') outcomes.set(item, delivered(item.code, note));
    else if (verdict.kind === 'error') outcomes.set(item, outcomeOfError(verdict, portal.settings, about));
    else outcomes.set(item, unknown('no-verdict', say('answer-lacks', { name: item.code })));
  }
  if (otherwise && contradicted.length > 0) await otherwise(portal, contradicted, outcomes);
}

/** Looks up each dossier and sends it once more: existing ones as updates, others as new. */
async function sortOut(portal: Portal, group: readonly Prepared[], outcomes: Outcomes): Promise<void> {
  const found: Prepared[] = [];
  const absent: Prepared[] = [];
  for (const one of group) {
    const seen = await lookUp(portal, one.item.code, one.item.record);
    if (seen.kind === 'failed') outcomes.set(one.item, seen.outcome);
    else (seen.kind === 'found' ? found : absent).push(one);
  }
  if (absent.length > 0) await tell(portal, absent, false, outcomes);
  if (found.length > 0) await tell(portal, found, true, outcomes);
}

function setAll(group: readonly Prepared[], outcome: Outcome, outcomes: Outcomes): void {
  for (const { item } of group) outcomes.set(item, outcome);
}
