import { isTaken } from './read-file.ts';
import { LIST_NAMES, type ListName, type Settings } from './settings.ts';

/** The lists of a party, in order. */
export function listsOf({ pull }: Settings): readonly ListName[] {
  return LIST_NAMES.filter((name) => pull[name] !== undefined);
}

/** The list that a file belongs to by its name. Undefined if the settings take no such file. */
export function listOf(settings: Settings, fileName: string): ListName | undefined {
  if (!isTaken(fileName)) return undefined;
  return listsOf(settings).find((name) => {
    const globs = settings.pull[name]?.files;
    return globs === undefined || globs.some((glob) => expressionOf(glob).test(fileName));
  });
}

/** `ho-so-*.xlsx` as an expression. Case does not matter, as on the machines that write such files. */
function expressionOf(glob: string): RegExp {
  const parts = glob.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'i');
}
