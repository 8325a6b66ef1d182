import { delivered, inOrder, type Outcome, type Outgoing, unavailable, unknown, unmapped } from '#kit';
import { isAlreadyThere, isDossierUnknown } from '#mappings/national-portal/envelope';
import { stepKey, writeProgress } from '#mappings/national-portal/progress';
import type { WireObject } from '#mappings/national-portal/writing';
import { outcomeOfError, said } from './answers.ts';
import { call, type Portal } from './client.ts';
import { lookUp } from './lookup.ts';
import { dialectOf } from './settings.ts';

type Item = Outgoing<'dossier.progress.v1'>;
interface Step {
  readonly item: Item;
  readonly body: WireObject;
}

/** Tell the portal of steps, at most ten in a call, those of one dossier in order. */
export async function sendSteps(portal: Portal, items: readonly Item[]): Promise<readonly Outcome[]> {
  const outcomes = new Map<Item, Outcome>();
  for (const code of new Set(items.map((item) => item.code))) {
    const steps = items.filter((item) => item.code === code);
    const found = await sendStepsOfOne(portal, steps);
    for (const [at, item] of steps.entries()) outcomes.set(item, found[at] as Outcome);
  }
  return items.map((item) => outcomes.get(item) as Outcome);
}

/**
 * The portal has no key for a step. Where it tells the steps that it has, those in doubt that are there are not told
 * again; where it does not, they are: a step twice is better than a step lost.
 */
async function sendStepsOfOne(portal: Portal, items: readonly Item[]): Promise<readonly Outcome[]> {
  const { codes } = dialectOf(portal.settings);
  const steps = items.map((item) => ({ item, body: writeProgress(item.record, { code: item.code, codes }) }));
  if (!items.some((item) => item.doubt)) return sendInChunks(portal, steps);
  const there = await stepsThere(portal, steps[0] as Step);
  if ('outcome' in there) return items.map((item) => (item.doubt ? inDoubt(there.outcome) : there.outcome));
  const isThere = ({ item, body }: Step): boolean => item.doubt && there.keys.has(stepKey(body));
  const missing = steps.filter((step) => !isThere(step));
  const sent = await sendInChunks(portal, missing);
  return steps.map((step) => sent[missing.indexOf(step)] ?? delivered());
}

function inDoubt(outcome: Outcome): Outcome {
  return outcome.kind === 'unavailable' ? unknown(outcome.reason, outcome.message) : outcome;
}

async function sendInChunks(portal: Portal, steps: readonly Step[]): Promise<readonly Outcome[]> {
  const size = portal.settings.chunk ?? 10;
  const outcomes: Outcome[] = [];
  while (outcomes.length < steps.length) {
    const chunk = steps.slice(outcomes.length, outcomes.length + size);
    const sent = await sendChunk(portal, chunk);
    outcomes.push(...sent);
    if (sent.some(({ kind }) => kind === 'unavailable' || kind === 'unknown'))
      return steps.map((_, at) => outcomes[at] ?? unavailable('waits', 'an earlier step did not get through'));
  }
  return outcomes;
}

/** When steps are refused together they are told one by one, so that a bad one spoils no other. */
async function sendChunk(portal: Portal, steps: readonly Step[]): Promise<readonly Outcome[]> {
  const together = await put(portal, steps);
  if (together.kind !== 'refused' || steps.length === 1) return steps.map(() => together);
  // Some of them may have been taken before the portal came to the bad one.
  const there = await stepsThere(portal, steps[0] as Step);
  if ('outcome' in there) return steps.map(() => inDoubt(there.outcome));
  const byItem = new Map(steps.map((step) => [step.item, step]));
  return inOrder([...byItem.keys()], async (item) => {
    const step = byItem.get(item) as Step;
    return there.keys.has(stepKey(step.body)) ? delivered() : put(portal, [step]);
  });
}

async function put(portal: Portal, steps: readonly Step[]): Promise<Outcome> {
  const { settings } = portal;
  const { patterns } = dialectOf(settings);
  const { item } = steps[0] as Step;
  const unknownStatus = steps.find((step) => step.body.TrangThai === '');
  if (unknownStatus) return unmapped('national-status', unknownStatus.item.record.status);
  const data = steps.map((step) => step.body);
  const answer = await call(portal, {
    group: 'integration',
    service: 'CapNhatTienDoHoSoMC',
    args: { data },
    effect: 'tell',
    about: item.dossier,
  });
  if (answer.kind === 'failed') return answer.outcome;
  if (answer.kind === 'ok') return delivered();
  if (isAlreadyThere(answer, patterns) && steps.length === 1) return delivered();
  if (isDossierUnknown(answer, patterns)) return unavailable('dossier-unknown', said(answer, settings, item.dossier));
  return outcomeOfError(answer, settings, item.dossier);
}

type There = { readonly keys: ReadonlySet<string> } | { readonly outcome: Outcome };

async function stepsThere(portal: Portal, { item }: Step): Promise<There> {
  const seen = await lookUp(portal, item.code, item.dossier);
  if (seen.kind === 'failed') return { outcome: seen.outcome };
  if (seen.kind === 'absent')
    return { outcome: unavailable('dossier-unknown', 'the portal does not have the dossier') };
  const list = seen.record[portal.settings.progressField ?? 'TienDoXuLy'];
  const steps = (Array.isArray(list) ? list : []).filter((step) => typeof step === 'object' && step !== null);
  return { keys: new Set(steps.map((step) => stepKey(step))) };
}
