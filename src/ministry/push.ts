import { instantToMs } from '#core/dates/dates';
import { ANSWER_UNKNOWN, type Outcome } from '#core/dossier/settle';
import { NO_CODES } from '#core/identifiers/codes';
import { unmappedCause } from '#core/problem';
import { say, textOrWordsOf, type Words } from '#messages/message';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Operation } from '#schemas/operations';
import { delivered, nothingToSend, refused, unknown } from '../kit/outcomes.ts';
import type { Outgoing } from '../kit/sender.ts';
import { nodesAt, textAt, textIn } from '../kit/xml/read-xml.ts';
import type { Answer } from './answer.ts';
import { answerWords, ask, type Failure, type Ministry, meaning, type People, unavailableFor } from './ask.ts';
import { fill } from './fill.ts';
import { expectedOf, lookUp } from './look-up.ts';
import { sourceOf } from './pull.ts';
import type { Context } from './request.ts';
import type { Fields, LookUp, MinistrySettings, Push, Pushed, Question } from './settings.ts';
import { ANSWERS, tableName } from './tables.ts';

/** The operation that carries each of them. */
export const PUSHED = {
  dossiers: 'dossier.upsert.v1',
  progress: 'dossier.progress.v1',
  payments: 'payment.upsert.v1',
} as const satisfies Readonly<Record<Pushed, Operation>>;
export type Item = { readonly [P in Pushed]: Outgoing<(typeof PUSHED)[P]> }[Pushed];

/**
 * Sends the ministry one record. An item in doubt is looked up first if the settings allow it, so that the ministry
 * gets nothing twice. For a dossier that the ministry has, `update` is used if the settings have it.
 */
export async function push(connection: Ministry, name: Pushed, item: Item): Promise<Outcome> {
  const how = connection.settings.push?.[name];
  if (!how) return refused('no-operation', say('no-push-operation', { party: connection.party, what: name }));
  const context = contextOf(how, item);
  const unwanted = whyNotSent(connection, how, item, context);
  if (unwanted) return nothingToSend(unwanted);
  const about = peopleOf(item);
  let has = item.known;
  if (item.doubt && how.lookUp) {
    const found = await compareWithMinistry(connection, how.lookUp, context, about);
    // The record may be there: a refused question refuses nothing.
    if (typeof found !== 'string')
      return found.kind === 'refused' ? unknown(found.reason, textOrWordsOf(found)) : found;
    if (found === 'as-told') return delivered('already-there');
    // For steps, `otherwise` means that the ministry has the dossier's other steps.
    has ||= name === 'dossiers' && found === 'otherwise';
  }
  const put = (question: Question): Promise<Answer | Failure> =>
    ask(connection, { question, context, reference: how.reference, idempotent: false, about });
  const question = questionFor(how, item, has);
  let answer = await put(question);
  if (how.update && question === how && !('kind' in answer) && meaning(connection, answer) === 'taken')
    answer = await put(how.update);
  return 'kind' in answer ? answer : verdictOf(connection, answer, how, about);
}

/** The request to send: that of the record's status, else an update of what the ministry has, else a new record. */
function questionFor(how: Push, item: Item, has: boolean): Question {
  const ofStatus = (how.when as Readonly<Record<string, Question>> | undefined)?.[statusOf(item)];
  return ofStatus ?? ((has && how.update) || how);
}

function statusOf({ record }: Item): string {
  return 'state' in record ? record.state : record.status;
}

function timeOf({ record }: Item): string {
  if ('stateAt' in record) return record.stateAt;
  return 'statusAt' in record ? record.statusAt : record.at;
}

/** Why the settings do not send this record now. */
function whyNotSent(ministry: Ministry, how: Push, item: Item, context: Context): Words | undefined {
  const unwanted = whyUnwanted(ministry, how, item, context);
  const { withinH } = how;
  if (unwanted || withinH === undefined || ministry.now() - instantToMs(timeOf(item)) <= withinH * 3_600_000)
    return unwanted;
  return say('too-old-to-send', { party: ministry.party, hours: withinH });
}

/** Why the settings never send this record, however new it is. */
export function whyUnwanted({ party }: Ministry, how: Push, item: Item, context: Context): Words | undefined {
  const status = statusOf(item);
  if ((how.statuses as readonly string[] | undefined)?.includes(status) === false)
    return say('status-not-sent', { party, status });
  const lacking = how.needs?.find((path) => nodesAt(context, path).every((node) => textIn(node) === undefined));
  return lacking === undefined ? undefined : say('needed-value-missing', { party, path: lacking });
}

/** The people whose data must not appear in messages. */
function peopleOf({ dossier, record }: Item): People {
  return 'payer' in record ? [dossier, { applicant: record.payer }] : [dossier];
}

/** The values that the requests of a push may use. */
export function contextOf(how: Push | undefined, { id, code, record, dossier, service, agency }: Item): Context {
  return { id, code, record: shownTo(how, record), dossier: shownTo(how, dossier), service, agency };
}

/**
 * A record without the documents that their sender deleted, unless the requests read `deleted`: those that do
 * not say so would hand them over as papers, with their files.
 */
function shownTo(how: Push | undefined, one: Item['record'] | Item['dossier']): unknown {
  const { documents } = (one ?? {}) as Pick<Dossier, 'documents'>;
  if (!documents?.some(({ deleted }) => deleted) || READS_DELETED.test(JSON.stringify(how))) return one;
  return { ...one, documents: documents.filter(({ deleted }) => !deleted) };
}

const READS_DELETED = /[".]deleted"/;

/** The members of a push's request for which this record has no value. */
export function leftOut(settings: MinistrySettings, name: Pushed, item: Item): readonly string[] {
  const how = settings.push?.[name];
  const { request = {} } = how ? questionFor(how, item, item.known) : {};
  const [context, options] = [contextOf(how, item), { settings, codes: NO_CODES, way: 'write' } as const];
  return Object.entries(request as Fields).flatMap(([target, field]) => {
    const [source] = sourceOf(field);
    if (source === undefined || source === 'session') return [];
    const { record, problems } = fill({ [target]: field }, context, options);
    return Object.keys(record).length === 0 && problems.length === 0 ? [`${target} (${source})`] : [];
  });
}

/** Whether the ministry has exactly our record, another version, or nothing. */
async function compareWithMinistry(
  connection: Ministry,
  how: LookUp,
  context: Context,
  about: People,
): Promise<'as-told' | 'otherwise' | 'absent' | Failure> {
  const rows = await lookUp(connection, how, context, about);
  if ('kind' in rows) return rows;
  const { words } = expectedOf(how.match, context, connection);
  if (rows.some((row) => words.every(({ ours, theirs }) => theirs(row) === ours))) return 'as-told';
  return rows.length > 0 ? 'otherwise' : 'absent';
}

function verdictOf(connection: Ministry, answer: Answer, how: Push, about: People): Outcome {
  const { settings } = connection;
  const why = answerWords(connection, answer, about);
  switch (meaning(connection, answer)) {
    case 'ok':
      return delivered(how.reference === undefined ? undefined : textAt(answer.content, how.reference));
    case 'taken':
      return delivered('already-there');
    case 'busy':
      return unavailableFor('busy', say('ministry-busy', { why }), answer);
    case 'none':
      return refused('not-there', say('ministry-lacks-dossier', { why }));
    case 'refused':
      return refused('rejected', say('ministry-refuses', { why }));
    default: {
      // An unexplained code is neither success nor failure. It waits for an operator.
      const words = say('ministry-answer-unknown', { why });
      const cause = unmappedCause(tableName(settings, ANSWERS), answer.code as string, words);
      return refused(ANSWER_UNKNOWN, words, cause);
    }
  }
}
