import { delivered, type Outcome, type Outgoing, say, sendInOrder, unavailable, unmapped, type Words } from '#kit';
import { isAlreadyThere, isDossierUnknown } from '#mappings/national-portal/envelope';
import { stepKey, writeProgress } from '#mappings/national-portal/progress';
import { firstErrorIn } from '#mappings/national-portal/verdicts';
import type { WireObject } from '#mappings/national-portal/writing';
import { inDoubt, outcomeOfError, said } from './answers.ts';
import { call, type Portal } from './client.ts';
import { createCuts } from './cuts.ts';
import { lookUp } from './lookup.ts';
import { dialectOf } from './settings.ts';
import { isReportedByStatus, sendStatusReports } from './status-reports.ts';

type Item = Outgoing<'dossier.progress.v1'>;
interface Step {
  readonly item: Item;
  readonly body: WireObject;
  /** Which texts were cut, for operators. */
  readonly note: Words | undefined;
}

/** Sends steps to the portal, at most ten in a call, those of one dossier in order. */
export async function sendSteps(portal: Portal, items: readonly Item[]): Promise<readonly Outcome[]> {
  const reported = items.filter((item) => isReportedByStatus(portal, item));
  if (reported.length === 0) return sendProgress(portal, items);
  const rest = items.filter((item) => !reported.includes(item));
  const outcomes = new Map<Item, Outcome>();
  const reports = await sendStatusReports(portal, reported);
  const steps = rest.length > 0 ? await sendProgress(portal, rest) : [];
  for (const [at, item] of reported.entries()) outcomes.set(item, reports[at] as Outcome);
  for (const [at, item] of rest.entries()) outcomes.set(item, steps[at] as Outcome);
  return items.map((item) => outcomes.get(item) as Outcome);
}

async function sendProgress(portal: Portal, items: readonly Item[]): Promise<readonly Outcome[]> {
  const { codes } = dialectOf(portal.settings, portal.codes);
  const steps = items.map((item) => {
    const { record, code, original } = item;
    const cuts = createCuts();
    const body = writeProgress(record, { code, codes, original, onCut: cuts.add });
    return { item, body, note: cuts.note() };
  });
  const held = withoutCode(steps);
  const writable = steps.filter((step) => !held.has(step));
  const sent = items.some((item) => item.doubt)
    ? await byDossier(writable, (own) => sendInDoubt(portal, own))
    : await sendInChunks(portal, writable);
  return steps.map((step) => held.get(step) ?? withNote(step, sent[writable.indexOf(step)] as Outcome));
}

function withNote({ note }: Step, outcome: Outcome): Outcome {
  return outcome.kind === 'delivered' ? delivered(outcome.reference, note) : outcome;
}

/** Holds steps whose status has no national code, and all later steps of the same dossier. */
function withoutCode(steps: readonly Step[]): ReadonlyMap<Step, Outcome> {
  const held = new Map<Step, Outcome>();
  const waiting = new Set<string>();
  for (const step of steps) {
    const { item, body } = step;
    if (waiting.has(item.code)) held.set(step, unavailable('waits', say('earlier-step-held')));
    else if (body.TrangThai === '') {
      held.set(step, unmapped('national-status', item.record.status));
      waiting.add(item.code);
    }
  }
  return held;
}

type SendSteps = (steps: readonly Step[]) => Promise<readonly Outcome[]>;

/** Sends the steps of each dossier separately, one dossier after the other. */
async function byDossier(steps: readonly Step[], send: SendSteps): Promise<readonly Outcome[]> {
  const outcomes = new Map<Step, Outcome>();
  for (const code of new Set(steps.map(({ item }) => item.code))) {
    const own = steps.filter(({ item }) => item.code === code);
    const found = await send(own);
    for (const [at, step] of own.entries()) outcomes.set(step, found[at] as Outcome);
  }
  return steps.map((step) => outcomes.get(step) as Outcome);
}

/**
 * Sends the steps of one dossier, some of which may have arrived before. The portal has no key for a step. If its
 * look-up lists the steps, existing ones in doubt are not sent again. If it does not, they are sent: a repeated step is
 * better than a lost one.
 */
async function sendInDoubt(portal: Portal, steps: readonly Step[]): Promise<readonly Outcome[]> {
  if (!steps.some(({ item }) => item.doubt)) return sendInChunks(portal, steps);
  const there = await stepsThere(portal, steps[0] as Step);
  if ('outcome' in there) return steps.map(() => there.outcome);
  const isThere = ({ item, body }: Step): boolean => item.doubt && there.keys.has(stepKey(body));
  return sendMissing(steps, isThere, (missing) => sendInChunks(portal, missing));
}

/** Sends the missing steps. Existing ones count as delivered. */
async function sendMissing(
  steps: readonly Step[],
  isThere: (step: Step) => boolean,
  send: SendSteps,
): Promise<readonly Outcome[]> {
  const missing = steps.filter((step) => !isThere(step));
  const sent = missing.length > 0 ? await send(missing) : [];
  return steps.map((step) => sent[missing.indexOf(step)] ?? delivered());
}

async function sendInChunks(portal: Portal, steps: readonly Step[]): Promise<readonly Outcome[]> {
  const size = portal.settings.chunk ?? 10;
  const outcomes: Outcome[] = [];
  while (outcomes.length < steps.length) {
    const chunk = steps.slice(outcomes.length, outcomes.length + size);
    const sent = await sendChunk(portal, chunk);
    outcomes.push(...sent);
    if (sent.some(({ kind }) => kind === 'unavailable' || kind === 'unknown'))
      return steps.map((_, at) => outcomes[at] ?? unavailable('waits', say('earlier-step-failed')));
  }
  return outcomes;
}

/**
 * Sends one call of steps. If the portal refuses the whole call, sends them separately, so that a bad step spoils no
 * other.
 */
async function sendChunk(portal: Portal, steps: readonly Step[]): Promise<readonly Outcome[]> {
  const isOfOne = new Set(steps.map(({ item }) => item.code)).size === 1;
  const together = await put(portal, steps);
  const isSpoilt = together.kind === 'refused' || (!isOfOne && isOfUnknown(together));
  if (!isSpoilt || steps.length === 1) return steps.map(() => together);
  return isOfOne ? oneByOne(portal, steps) : byDossier(steps, (own) => apart(portal, own));
}

/** The portal may have taken some steps of a dossier before it met a bad one of another dossier. */
async function apart(portal: Portal, steps: readonly Step[]): Promise<readonly Outcome[]> {
  const there = await stepsThere(portal, steps[0] as Step);
  if ('outcome' in there) return steps.map(() => (isOfUnknown(there.outcome) ? there.outcome : inDoubt(there.outcome)));
  return sendMissing(
    steps,
    ({ body }) => there.keys.has(stepKey(body)),
    (missing) => sendChunk(portal, missing),
  );
}

async function oneByOne(portal: Portal, steps: readonly Step[]): Promise<readonly Outcome[]> {
  // The portal may have taken some of them before it met the bad one.
  const there = await stepsThere(portal, steps[0] as Step);
  if ('outcome' in there) return steps.map(() => inDoubt(there.outcome));
  const byItem = new Map(steps.map((step) => [step.item, step]));
  return sendInOrder([...byItem.keys()], async (item) => {
    const step = byItem.get(item) as Step;
    return there.keys.has(stepKey(step.body)) ? delivered() : put(portal, [step]);
  });
}

/** The reason of a step whose dossier the portal lacks: the dossier must arrive first. */
const UNKNOWN = 'dossier-unknown';

function isOfUnknown(outcome: Outcome): boolean {
  return 'reason' in outcome && outcome.reason === UNKNOWN;
}

async function put(portal: Portal, steps: readonly Step[]): Promise<Outcome> {
  const { settings } = portal;
  const dossiers = steps.map(({ item }) => item.dossier);
  const data = steps.map((step) => step.body);
  const answer = await call(portal, {
    group: 'integration',
    service: 'CapNhatTienDoHoSoMC',
    args: { data },
    effect: 'tell',
    about: dossiers[0],
  });
  if (answer.kind === 'failed') return answer.outcome;
  // A portal may accept the call and refuse a step in it.
  const error = answer.kind === 'error' ? answer : firstErrorIn(answer.result);
  if (!error) return delivered();
  if (isAlreadyThere(error) && steps.length === 1) return delivered();
  if (isDossierUnknown(error)) return unavailable(UNKNOWN, said(error, settings, dossiers));
  const outcome = outcomeOfError(error, settings, dossiers);
  // With an answer for each step, it may have taken the others: they are looked up before they are sent again.
  return answer.result !== undefined && steps.length > 1 ? inDoubt(outcome) : outcome;
}

type There = { readonly keys: ReadonlySet<string> } | { readonly outcome: Outcome };

async function stepsThere(portal: Portal, { item }: Step): Promise<There> {
  const seen = await lookUp(portal, item.code, item.dossier);
  if (seen.kind === 'failed') return { outcome: seen.outcome };
  if (seen.kind === 'absent') return { outcome: unavailable(UNKNOWN, say('portal-lacks-dossier')) };
  const list = seen.record[portal.settings.progressField ?? 'TienDoXuLy'];
  const steps = (Array.isArray(list) ? list : []).filter((step) => typeof step === 'object' && step !== null);
  return { keys: new Set(steps.map((step) => stepKey(step))) };
}
