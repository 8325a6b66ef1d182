import type { Outcome } from '#core/dossier/settle';
import { unmappedCause } from '#core/problem';
import { say, textOrWordsOf } from '#messages/message';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { delivered, nothingToSend, refused, unknown } from '../kit/outcomes.ts';
import type { Outgoing } from '../kit/sender.ts';
import { textAt } from '../kit/xml/read-xml.ts';
import type { Answer } from './answer.ts';
import { answerWords, ask, type Failure, type Ministry, meaning, unavailableFor } from './ask.ts';
import { expectedOf, lookUp } from './look-up.ts';
import type { Context } from './request.ts';
import type { LookUp, Push, Question } from './settings.ts';
import { ANSWERS, tableName } from './tables.ts';

export type Item = Outgoing<'dossier.upsert.v1'> | Outgoing<'dossier.progress.v1'>;

/**
 * Sends the ministry one record. An item in doubt is looked up first if the settings allow it, so that the ministry
 * gets nothing twice. For a dossier that the ministry has, `update` is used if the settings have it.
 */
export async function push(connection: Ministry, name: 'dossiers' | 'progress', item: Item): Promise<Outcome> {
  const how = connection.settings.push?.[name];
  if (!how) return refused('no-operation', say('no-push-operation', { party: connection.party, what: name }));
  const { status } = item.record;
  if (how.statuses?.includes(status) === false)
    return nothingToSend(say('status-not-sent', { party: connection.party, status }));
  const context = contextOf(item);
  let has = item.known;
  if (item.doubt && how.lookUp) {
    const found = await compareWithMinistry(connection, how.lookUp, context, item.dossier);
    // The record may be there. It stays in doubt until the ministry answers.
    if (typeof found !== 'string') return unknown(found.reason, textOrWordsOf(found));
    if (found === 'as-told') return delivered('already-there');
    // For steps, `otherwise` means that the ministry has the dossier's other steps.
    has ||= name === 'dossiers' && found === 'otherwise';
  }
  const { update } = how;
  const put = (question: Question): Promise<Answer | Failure> =>
    ask(connection, { question, context, reference: how.reference, idempotent: false, dossier: item.dossier });
  const other = how.when?.[status];
  let answer = await put(other ?? ((has && update) || how));
  if (update && !other && !has && !('kind' in answer) && meaning(connection, answer) === 'taken')
    answer = await put(update);
  return 'kind' in answer ? answer : verdictOf(connection, answer, how, item.dossier);
}

/** The values that the requests of a push may use. */
export function contextOf({ id, code, record, dossier, service, agency }: Item): Context {
  return { id, code, record, dossier, service, agency };
}

/** Whether the ministry has exactly our record, another version, or nothing. */
async function compareWithMinistry(
  connection: Ministry,
  how: LookUp,
  context: Context,
  dossier: Dossier | undefined,
): Promise<'as-told' | 'otherwise' | 'absent' | Failure> {
  const rows = await lookUp(connection, how, context, dossier);
  if ('kind' in rows) return rows;
  const { words } = expectedOf(how.match, context, connection);
  if (rows.some((row) => words.every(({ ours, theirs }) => theirs(row) === ours))) return 'as-told';
  return rows.length > 0 ? 'otherwise' : 'absent';
}

function verdictOf(connection: Ministry, answer: Answer, how: Push, dossier: Dossier | undefined): Outcome {
  const { settings } = connection;
  const why = answerWords(connection, answer, dossier);
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
      return refused(
        'answer-unknown',
        words,
        unmappedCause(tableName(settings, ANSWERS), answer.code as string, words),
      );
    }
  }
}
