import { type Comparison, type Outcome, type Outgoing, say, textOf } from '#kit';
import { isNumberOfHub, isOfPortal } from '#mappings/national-portal/question-numbers';
import type { Portal } from './client.ts';
import { asCompared, ask, differingFields, isOf, missingAnswers, prepareLocal, type Row } from './questions.ts';

type Item = Outgoing<'question.upsert.v1'>;

/** Compares the answers to a question of the portal, or the portal's copy of a question of the province. */
export function compareQuestion(portal: Portal, item: Item): Promise<Comparison> {
  return isOfPortal(item.code) ? compareAnswers(portal, item) : compareLocal(portal, item);
}

async function compareAnswers(portal: Portal, item: Item): Promise<Comparison> {
  const missing = await missingAnswers(portal, item);
  if ('outcome' in missing) return { kind: 'failed', outcome: missing.outcome };
  const differences = missing.map(({ content }) => ({ path: '/NOIDUNGTRALOI', ours: content, theirs: '' }));
  return { kind: 'found', differences };
}

/** A question that is no longer public stays at the portal, which takes no order to hide it. */
async function compareLocal(portal: Portal, item: Item): Promise<Comparison> {
  const prepared = prepareLocal(portal, item);
  if (!prepared) return { kind: 'found', differences: [] };
  if ('kind' in prepared) return { kind: 'failed', outcome: prepared };
  const list = await portal.sessions.get('listed questions', () => fetchList(portal, item));
  if ('outcome' in list) return { kind: 'failed', outcome: list.outcome };
  const { number, body } = prepared;
  const entry = list.result.find((one) => isOf(one, number));
  if (!entry) return list.hasOurs ? { kind: 'absent' } : { kind: 'untold', why: say('portal-lists-none-of-ours') };
  const differences = differingFields(entry, body).map((field) => ({
    path: `/${field}`,
    ours: asCompared(body[field]),
    theirs: asCompared(entry[field]),
  }));
  return { kind: 'found', differences };
}

/** One list serves all questions of a comparison. */
const LIST_MS = 60_000;

type List = { readonly result: readonly Row[]; readonly hasOurs: boolean } | { readonly outcome: Outcome };

/** The portal has not published whether this list has the questions that `DongBoHoiDap` sent. */
async function fetchList(portal: Portal, item: Item): Promise<{ readonly value: List; readonly ttlMs: number }> {
  const list = await ask(portal, item, 'LayDanhSachHoiDapBoCoQuan', {});
  if ('outcome' in list) return { value: list, ttlMs: 0 };
  const hasOurs = list.result.some(({ HOIDAPID }) => isNumberOfHub(Number(textOf(HOIDAPID) ?? 0)));
  return { value: { ...list, hasOurs }, ttlMs: LIST_MS };
}
