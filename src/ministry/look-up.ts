import { nfc } from '#core/vietnamese/text';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { textAt } from '../kit/xml/read-xml.ts';
import { recordIn } from './answer.ts';
import { answerText, ask, type Failure, type Ministry, meaning, unavailableFor } from './ask.ts';
import type { Context } from './request.ts';
import type { Field, Fields, LookUp } from './settings.ts';
import { type Built, type Filled, type FillOptions, fill } from './source.ts';

/** The records that the ministry has of what a context speaks of; none where it has nothing. */
export async function lookUp(
  connection: Ministry,
  question: LookUp,
  context: Context,
  dossier: Dossier | undefined,
): Promise<readonly unknown[] | Failure> {
  const { records } = question;
  const answer = await ask(connection, { question, context, records, idempotent: true, dossier });
  if ('kind' in answer) return answer;
  const means = meaning(connection, answer);
  if (means === 'none') return [];
  if (means !== 'ok')
    return unavailableFor('look-up', `looking it up: ${answerText(connection, answer, dossier)}`, answer);
  return answer.records.map(recordIn);
}

/** What a record of the ministry's would say at a place if it were as we tell it; undefined where we say nothing. */
export interface Expected {
  readonly path: string;
  readonly ours: Sense;
  /** What a record says there, in the same form: dates as instants, amounts as numbers. Undefined where it says nothing. */
  theirs(row: unknown): Sense;
}
type Sense = Built[string] | undefined;

/** Our words for the places of a table, and what has none. */
export function expectedOf(
  table: Fields,
  context: Context,
  { settings, codes }: Ministry,
): Pick<Filled, 'problems' | 'causes'> & { readonly words: readonly Expected[] } {
  // Paths are not taken apart here: each is the name of one value.
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

/** What a text says, however it is written: in another zone, with other blanks, as `1.000.000 đồng`. */
function senseBy(field: Field, means: FillOptions): (text: string | undefined) => Sense {
  const { date, as } = typeof field === 'string' ? {} : field;
  const read = { value: { from: '', ...(date && { date }), ...(as && { as }) } };
  return (text) => {
    if (text === undefined) return undefined;
    const { record, problems } = fill(read, text, means);
    const sense = problems.length > 0 ? text : record.value;
    return typeof sense === 'string' ? nfc(sense).replace(/\s+/g, ' ') : sense;
  };
}
