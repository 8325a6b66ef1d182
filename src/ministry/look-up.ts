import { nfc } from '#core/vietnamese/text';
import { withoutUndefined } from '#core/without-undefined';
import { say } from '#messages/message';
import { textAt } from '../kit/xml/read-xml.ts';
import { recordIn } from './answer.ts';
import { answerWords, ask, type Failure, type Ministry, meaning, type People, unavailableFor } from './ask.ts';
import { type Built, type Filled, type FillOptions, fill } from './fill.ts';
import type { Context } from './request.ts';
import type { Field, Fields, LookUp } from './settings.ts';

/** The ministry's records for a context. Empty if it has none. */
export async function lookUp(
  connection: Ministry,
  question: LookUp,
  context: Context,
  about: People,
): Promise<readonly unknown[] | Failure> {
  const { records } = question;
  const answer = await ask(connection, { question, context, records, idempotent: true, about });
  if ('kind' in answer) return answer;
  const verdict = meaning(connection, answer);
  if (verdict === 'none') return [];
  if (verdict !== 'ok')
    return unavailableFor('look-up', say('at-look-up', { why: answerWords(connection, answer, about) }), answer);
  return answer.records.map(recordIn);
}

/** The value that we would send to one place of the ministry's record. `ours` is undefined where we send nothing. */
export interface Expected {
  readonly path: string;
  readonly ours: Sense;
  /** The value that a record has there, in comparable form: dates as instants, amounts as numbers. */
  theirs(row: unknown): Sense;
}
type Sense = Built[string] | undefined;

/** Our values for the places of a table, with the problems of values that have no code there. */
export function expectedOf(
  table: Fields,
  context: Context,
  { settings, codes }: Ministry,
): Pick<Filled, 'problems' | 'causes'> & { readonly words: readonly Expected[] } {
  // Paths are not split here: each names one value.
  const filled = Object.entries(table).map(([path, field]) => {
    const { record, problems, causes } = fill({ value: field }, context, { settings, codes, way: 'write' });
    const senseOf = senseBy(field, { settings, codes, way: 'read' });
    const word: Expected = {
      path,
      ours: senseOf(record.value as string | undefined),
      theirs: (row) => senseOf(textAt(row, path)),
    };
    return { word, problems, causes };
  });
  return {
    words: filled.map(({ word }) => word),
    problems: filled.flatMap(({ problems }) => problems),
    causes: filled.flatMap(({ causes }) => causes),
  };
}

/** The value of a text, however it is written: another time zone, other blanks, `1.000.000 đồng`. */
function senseBy(field: Field, options: FillOptions): (text: string | undefined) => Sense {
  const { date, as } = typeof field === 'string' ? {} : field;
  const read = { value: withoutUndefined({ from: '', date, as }) };
  return (text) => {
    if (text === undefined) return undefined;
    const { record, problems } = fill(read, text, options);
    const sense = problems.length > 0 ? text : record.value;
    return typeof sense === 'string' ? nfc(sense).replace(/\s+/g, ' ') : sense;
  };
}
