import { DAY_MS, msToInstant } from '#core/dates/dates';
import { recipients } from '#core/dossier/route';
import { auditSubject } from '#core/identifiers/audit-subject';
import { cleanCode } from '#core/identifiers/identifiers';
import { HELD_STATE, type Kind, subjectOf } from '#core/records/kind';
import { codesWith } from '#mappings/national-portal/codes';
import { writeAnswers, writeListedQuestion } from '#mappings/national-portal/question';
import { codeOfNumber, codeOfOwnNumber, ownNumber, reversibleNumber } from '#mappings/national-portal/question-numbers';
import { say } from '#messages/message';
import { received } from '#messages/received';
import type { Agency } from '#schemas/agency.upsert.v1';
import type { Question } from '#schemas/question.v1';
import type { KeyEntry } from '../../../config/config.ts';
import type { AppContext } from '../../app-context.ts';
import { requireScopes } from '../../auth.ts';
import { listSubject } from '../../personal-reader.ts';
import { Refusal } from '../../problem.ts';
import { argumentOf, type Call } from './items.ts';

export type QuestionListContext = Pick<
  AppContext,
  'records' | 'kinds' | 'audit' | 'routes' | 'catalogue' | 'codes' | 'nowMs' | 'province'
>;

/** Finished questions leave the lists after this time. The dialect has no pages. */
const SHOWN_MS = 90 * DAY_MS;
const A_PAGE = 200;

/** A question with the number that the caller knows it by. */
interface Numbered {
  readonly question: Question;
  readonly number: number;
}

/** `LayDanhSachHoiDapGuiTuDVCQG`: the questions of others that the routes bring to the caller's party. */
export function questionsForParty(hub: QuestionListContext, _: Call, key: KeyEntry): Promise<readonly unknown[]> {
  const party = partyOf(key);
  const owners = hub.routes
    .filter(({ operation, to }) => operation === OPERATION && to.includes(party))
    .map(({ from }) => from);
  // A question of another province's hub would have the number of one of this hub.
  const numberOf = ({ code }: Question): number | undefined => {
    const number = reversibleNumber(code);
    return codeOfNumber(String(number), hub.province?.code) === code ? number : undefined;
  };
  return listed(hub, key, 'LayDanhSachHoiDapGuiTuDVCQG', new Set(owners), numberOf);
}

/** `LayDanhSachHoiDapBoCoQuan`: the caller's own questions, with what others answered. */
export function questionsOfParty(hub: QuestionListContext, _: Call, key: KeyEntry): Promise<readonly unknown[]> {
  const party = partyOf(key);
  return listed(hub, key, 'LayDanhSachHoiDapBoCoQuan', new Set([party]), ({ code }) => ownNumber(code, party));
}

/** `LayNoiDungTraLoiTheoCauHoi`: the answers to one question that is in one of the caller's lists. */
export async function answersToQuestion(
  hub: QuestionListContext,
  given: Call,
  key: KeyEntry,
): Promise<readonly unknown[]> {
  const party = partyOf(key);
  const number = argumentOf(given, 'cauhoiid', 'HOIDAPID');
  const codes = [codeOfNumber(number, hub.province?.code), codeOfOwnNumber(number, party)];
  if (codes.every((code) => code === undefined))
    throw new Refusal(
      'bad-request',
      say('of-place', {
        path: 'cauhoiid',
        problem: say('unexpected', { got: received(number), expected: say('a-question-number') }),
      }),
    );
  const kind = kindOf(hub);
  for (const code of codes) {
    const found = code === undefined ? undefined : await hub.records.one(kind, code, true);
    if (!found) continue;
    const question = JSON.parse(found.json) as Question;
    if (question.state === HELD_STATE || !mayRead(hub, party, question, found.owner)) continue;
    const subject = auditSubject('record', subjectOf(kind, found.code));
    await hub.audit.write({
      actor: key.id,
      action: `${kind.name}.read-personal`,
      subject,
      why: 'LayNoiDungTraLoiTheoCauHoi',
    });
    return writeAnswers(question);
  }
  return [];
}

const OPERATION = 'question.upsert.v1';

function partyOf(key: KeyEntry): string {
  requireScopes(key, 'question:write');
  if (key.party === undefined) throw new Refusal('forbidden', say('key-without-party', { id: key.id }));
  return key.party;
}

function kindOf({ kinds }: QuestionListContext): Kind {
  const kind = kinds.byName('question');
  if (!kind) throw new Error('this hub has no questions');
  return kind;
}

/** A party reads its own questions, and those of others that the routes bring to it. */
function mayRead({ routes }: QuestionListContext, party: string, question: Question, owner: string): boolean {
  return owner === party || recipients(routes, owner, OPERATION, question).includes(party);
}

/** The entries of a list. The audit records each page before it is shown, because it names the askers. */
async function listed(
  hub: QuestionListContext,
  key: KeyEntry,
  service: string,
  owners: ReadonlySet<string>,
  numberOf: (question: Question) => number | undefined,
): Promise<readonly unknown[]> {
  const kind = kindOf(hub);
  const party = partyOf(key);
  const codes = codesWith(hub.codes.at(party, hub.nowMs()));
  const nameOf = agencyNames(hub);
  const entries: unknown[] = [];
  for (const owner of owners)
    for await (const page of shownPages(hub, kind, owner)) {
      const readable = page.filter((question) => mayRead(hub, party, question, owner));
      const shown = readable.flatMap((question): Numbered[] => {
        const number = numberOf(question);
        return number === undefined ? [] : [{ question, number }];
      });
      if (shown.length === 0) continue;
      const subject = listSubject(
        'records',
        kind.name,
        { owner },
        shown.map(({ question }) => question),
      );
      await hub.audit.write({ actor: key.id, action: `${kind.name}.list-personal`, subject, why: service });
      for (const { question, number } of shown) {
        const agencyName = await nameOf(question.agencyCode);
        entries.push(writeListedQuestion(question, { number, agencyName, codes }));
      }
    }
  return entries;
}

/** An owner's questions, page by page: the open ones, then those that were finished lately. Never a held one. */
async function* shownPages({ records, nowMs }: QuestionListContext, kind: Kind, party: string) {
  const open = kind.states.filter((state) => state !== HELD_STATE && !kind.finalStates.includes(state));
  for (const { state, since } of [
    { state: open, since: '' },
    { state: kind.finalStates, since: msToInstant(nowMs() - SHOWN_MS) },
  ]) {
    let after: { readonly stateAt: string; readonly code: string } | undefined;
    for (;;) {
      const page = await records.list(kind, { party, state }, A_PAGE, after, true);
      const isOld = ({ stateAt }: { readonly stateAt: string }): boolean => stateAt < since;
      yield page.filter((one) => !isOld(one)).map(({ json }) => JSON.parse(json) as Question);
      after = page.at(-1);
      if (!after || isOld(after) || (!page.isCut && page.length < A_PAGE)) break;
    }
  }
}

/** The names of agencies by the catalogue, each read once. */
function agencyNames({ catalogue }: QuestionListContext): (code: string | undefined) => Promise<string | undefined> {
  const names = new Map<string, Promise<string | undefined>>();
  return async (code) => {
    if (code === undefined) return undefined;
    const known =
      names.get(code) ??
      catalogue.one('agency', cleanCode(code)).then((found) => (found?.record as Agency | undefined)?.name);
    names.set(code, known);
    return known;
  };
}
