import { pointer } from '#core/explain';
import type { CodesOf, CodeTable } from '#core/identifiers/codes';
import { listed, type Problem, problem } from '#core/problem';
import { fold } from '#core/vietnamese/text';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { Progress } from '#schemas/dossier.progress.v1';
import { Dossier } from '#schemas/dossier.upsert.v1';
import type { Field, Fields, MappedSettings, MinistrySettings, Question } from './settings.ts';

/**
 * The name of a party's table for operators. It starts with the system, so that the codes of two parties stay apart.
 */
export const tableName = ({ system }: MappedSettings, table: string): string => `${system}-${table}`;

/** Longer codes of a ministry are cut in quarantine causes. */
export const LONGEST_CODE = 60;

/** The possible meanings of an answer's code. */
const MEANINGS = ['ok', 'none', 'expired', 'taken', 'busy', 'refused'] as const;
export type Meaning = (typeof MEANINGS)[number];

/** The table in which operators give meanings to answer codes. */
export const ANSWERS = 'answer';

/**
 * The meaning of an answer's code, undefined if unknown. A code whose words decide (`says`) counts first, then operators'
 * entries. Case and marks of the words do not matter.
 */
export function meaningOf(
  settings: MinistrySettings,
  codes: CodesOf,
  code: string,
  message: string | undefined,
): Meaning | undefined {
  const words = fold(message ?? '');
  const said = settings.answer?.says?.find((one) => one.code === code && words.includes(fold(one.text)));
  if (said !== undefined) return said.is;
  const entered = codes(tableName(settings, ANSWERS)).get(code) as Meaning | undefined;
  return entered ?? MEANINGS.find((meaning) => settings.answer?.[meaning]?.includes(code));
}

/** The code tables of a party, for operators to extend. */
export function tablesOf(settings: MinistrySettings): readonly CodeTable[] {
  const answers = MEANINGS.map((is) => ({ code: settings.answer?.[is]?.[0] ?? '', is, label: is }));
  return [...codeTables(settings), tableOf(settings, ANSWERS, answers)];
}

function tableOf(settings: MappedSettings, table: string, entries: CodeTable['entries']): CodeTable {
  return { name: tableName(settings, table), title: `${settings.system}: ${table}`, entries, bothWays: false };
}

/** The tables of `codes`, for operators to extend. */
export function codeTables(settings: MappedSettings): readonly CodeTable[] {
  const lists = listsOf(settings);
  return Object.entries(settings.codes ?? {}).map(([table, entries]) => {
    const own = Object.entries(entries).flatMap(([code, is]) => (is === null ? [] : [{ code, is, label: is }]));
    // A meaning without a code today may get one tomorrow.
    const others = (lists.get(table) ?? []).filter((is) => !own.some((entry) => entry.is === is));
    return tableOf(settings, table, [...own, ...others.map((is) => ({ code: '', is, label: is }))]);
  });
}

interface Member {
  readonly enum?: readonly string[];
  readonly items?: Member;
  readonly properties?: Readonly<Record<string, Member>>;
}

/** The allowed values of each table, if it is read into members with a list of values. */
function listsOf({ pull = {}, callbacks }: MappedSettings): ReadonlyMap<string, readonly string[]> {
  const lists = new Map<string, readonly string[]>();
  const look = (fields: Fields | undefined, record: Member | undefined): void => {
    for (const [target, field] of Object.entries(fields ?? {})) {
      if (typeof field === 'string') continue;
      const member = target.split('.').reduce((at, name) => at?.properties?.[name], record);
      const one = field.each === undefined ? member : member?.items;
      if (field.codes !== undefined && one?.enum) lists.set(field.codes, one.enum);
      look(field.fields as Fields | undefined, one);
    }
  };
  for (const [list, record] of [
    [pull.dossiers, Dossier],
    [pull.progress, Progress],
  ] as const) {
    look(list?.fields, record as Member);
    look(list?.detail?.fields, record as Member);
  }
  for (const { fields } of Object.values(callbacks?.dossiers ?? {})) look(fields, Dossier as Member);
  for (const { fields } of Object.values(callbacks?.progress ?? {})) look(fields, Progress as Member);
  return lists;
}

/** Problems of tables and codes that would break every record or answer, or block operators from adding an entry. */
export function tableProblems(settings: MinistrySettings): readonly Problem[] {
  return [...missingTables(settings), ...foreignValues(settings), ...answerProblems(settings)];
}

/** The same for settings that only read records. */
export function readTableProblems(settings: MappedSettings): readonly Problem[] {
  return [...withoutTable(readTables(settings), settings), ...foreignValues(settings)];
}

/** Values of a table that our records do not allow. */
function foreignValues(settings: MappedSettings): readonly Problem[] {
  return [...listsOf(settings)].flatMap(([table, values]) =>
    Object.entries(settings.codes?.[table] ?? {}).flatMap(([code, is]) =>
      is === null || values.includes(is)
        ? []
        : [
            problem(`/codes/${table}/${pointer(code)}`, 'unexpected', {
              got: received(is),
              expected: say('one-of-or-null', { list: values }),
            }),
          ],
    ),
  );
}

/** Settings with `answer.code` but without success codes would never accept an answer. Words decide only where they are read. */
function answerProblems({ answer }: MinistrySettings): readonly Problem[] {
  if (answer?.says !== undefined && answer.message === undefined) return [problem('/answer/message', 'absent')];
  if (answer?.pattern !== undefined && answer.code === undefined) return [problem('/answer/code', 'absent')];
  if (answer?.code === undefined || (answer.ok ?? []).length > 0) return [];
  return [problem('/answer/ok', 'missing', { expected: say('codes-of-done') })];
}

function missingTables(settings: MinistrySettings): readonly Problem[] {
  const { session, pull = {}, push = {}, ask = {}, callbacks } = settings;
  const uses = [
    ...askedBy(session, '/session'),
    ...Object.entries(pull).flatMap(([name, list]) => [
      ...askedBy(list, `/pull/${name}`),
      ...askedBy(list?.detail, `/pull/${name}/detail`),
    ]),
    ...readTables(settings),
    ...Object.entries(push).flatMap(([name, told]) => [
      ...askedBy(told, `/push/${name}`),
      ...askedBy(told?.update, `/push/${name}/update`),
      ...Object.entries(told?.when ?? {}).flatMap(([status, how]) => askedBy(how, `/push/${name}/when/${status}`)),
      ...askedBy(told?.lookUp, `/push/${name}/lookUp`),
      ...readBy(told?.lookUp?.match, `/push/${name}/lookUp/match`),
      ...readBy(told?.lookUp?.compare, `/push/${name}/lookUp/compare`),
    ]),
    ...(['dossiers', 'progress'] as const).flatMap((what) =>
      Object.entries(callbacks?.[what] ?? {}).flatMap(([name, { fields }]) =>
        readBy(fields, `/callbacks/${what}/${name}/fields`),
      ),
    ),
    ...Object.entries(ask).flatMap(([name, asked]) => [
      ...askedBy(asked, `/ask/${name}`),
      ...readBy(asked.fields, `/ask/${name}/fields`),
      ...readBy(asked.match, `/ask/${name}/match`),
    ]),
  ];
  return withoutTable(uses, settings);
}

/** The uses of tables by the fields of records. */
function readTables({ pull = {} }: MappedSettings): readonly Use[] {
  return Object.entries(pull).flatMap(([name, list]) => [
    ...readBy(list?.fields, `/pull/${name}/fields`),
    ...readBy(list?.detail?.fields, `/pull/${name}/detail/fields`),
  ]);
}

function withoutTable(uses: readonly Use[], { codes = {} }: MappedSettings): readonly Problem[] {
  const tables = Object.keys(codes);
  const expected = say('one-of-tables', { list: listed(tables) });
  return uses.flatMap(({ path, table }) =>
    tables.includes(table) ? [] : [problem(path, 'unexpected-name', { got: received(table), expected })],
  );
}

interface Use {
  readonly path: string;
  readonly table: string;
}

function askedBy(question: Question | undefined, path: string): readonly Use[] {
  return readBy(question?.request, `${path}/request`);
}

function readBy(fields: Fields | undefined, path: string): readonly Use[] {
  return Object.entries(fields ?? {}).flatMap(([target, field]) => usesIn(field, `${path}/${pointer(target)}`));
}

function usesIn(field: Field, path: string): readonly Use[] {
  if (typeof field === 'string') return [];
  const own = field.codes === undefined ? [] : [{ path: `${path}/codes`, table: field.codes }];
  return [...own, ...readBy(field.fields as Fields | undefined, `${path}/fields`)];
}
