import { type Problem, problem, received, say } from '#kit';
import { readTableProblems, readTargetProblems } from '#ministry';
import { leavesOf } from './cells.ts';
import { LIST_NAMES, type List, type Settings } from './settings.ts';

/** Settings that fit the schema and would refuse every file, or take files of another list. */
export function settingsProblems(settings: Settings): readonly Problem[] {
  const { place, pull } = settings;
  const lists = LIST_NAMES.flatMap((name) => (pull[name] ? [{ name, list: pull[name] as List }] : []));
  const expected = say('files-of-list');
  return [
    ...(lists.length === 0
      ? [problem('/pull', 'missing', { expected: say('one-of', { list: [...LIST_NAMES] }) })]
      : []),
    ...(lists.length > 1
      ? lists.flatMap(({ name, list }) => (list.files ? [] : [problem(`/pull/${name}/files`, 'missing', { expected })]))
      : []),
    ...lists.flatMap(({ name, list }) => listProblems(list, `/pull/${name}`)),
    ...(place?.kind === 'sftp' && !place.password && !place.privateKey
      ? [problem('/place/password', 'missing', { expected: say('one-of', { list: ['password', 'privateKey'] }) })]
      : []),
    ...readTableProblems(settings),
    ...readTargetProblems(settings),
  ];
}

/** Fields that name no column. A list without columns reads XML, whose elements the settings cannot know. */
function listProblems({ columns, records, fields }: List, path: string): readonly Problem[] {
  if (columns === undefined)
    return records === undefined ? [problem(`${path}/columns`, 'missing', { expected: say('columns-of-list') })] : [];
  if (records !== undefined) return [];
  const names = Object.keys(columns);
  const unknown = leavesOf(fields).flatMap(({ from = [] }) => [from].flat().filter((name) => !names.includes(name)));
  const expected = say('one-of', { list: names });
  return unknown.map((name) => problem(`${path}/fields`, 'unexpected', { got: received(name), expected }));
}
