import { type Item, recordIn } from '#core/dossier/item';
import { hashOfFile } from '#core/identifiers/file-reference';
import { type Problem, problem } from '#core/problem';
import { received } from '#messages/received';
import type { Submission } from '../ledger/submission.ts';
import type { HubContext } from '../process/hub-context.ts';

type Named = { readonly path: string; readonly reference: string };

/** Whether an item names a file. Nearly none does, so this comes before any query. */
export const namesFiles = ({ items }: Submission): boolean => items.some((item) => filesIn(item).length > 0);

/**
 * The submission, with each item invalid that names a file which its party has not pushed. The hub stores what the others
 * name before their commit: no dossier is ever without its file.
 */
export async function withFiles({ files }: Pick<HubContext, 'files'>, submission: Submission): Promise<Submission> {
  const { party, items } = submission;
  const named = items.map(filesIn);
  const uses = named.flatMap((ofItem, at) =>
    ofItem.flatMap(({ reference }) => {
      const sha256 = hashOfFile(reference);
      return sha256 === undefined ? [] : [{ sha256, code: codeOf(items[at] as Item) }];
    }),
  );
  const missing = uses.length > 0 ? await files?.use(party, uses) : new Set<string>();
  const isHeld = (reference: string): boolean => {
    const sha256 = hashOfFile(reference);
    return sha256 !== undefined && missing?.has(sha256) === false;
  };
  return { ...submission, items: items.map((item, at) => checked(item, named[at] ?? [], files && isHeld)) };
}

function checked(item: Item, named: readonly Named[], isHeld: ((reference: string) => boolean) | undefined): Item {
  const problems = named.flatMap(({ path, reference }): Problem[] => {
    if (!isHeld) return [problem(path, 'files-off')];
    return isHeld(reference) ? [] : [problem(path, 'file-not-pushed', { got: received(reference) })];
  });
  return problems.length > 0 ? { kind: 'invalid', code: codeOf(item), problems } : item;
}

const codeOf = (item: Item): string => recordIn(item)?.record.code ?? '';

function filesIn(item: Item): readonly Named[] {
  const found = recordIn(item);
  if (found?.operation !== 'dossier.upsert.v1') return [];
  const { documents, results } = found.record as { documents?: readonly Naming[]; results?: readonly Naming[] };
  return [...inList(documents, 'documents'), ...inList(results, 'results')];
}

interface Naming {
  readonly file?: string;
}

const NONE: readonly Named[] = [];

function inList(list: readonly Naming[] | undefined, name: string): readonly Named[] {
  if (!list?.some(({ file }) => file !== undefined)) return NONE;
  return list.flatMap(({ file }, at) => (file === undefined ? [] : [{ path: `/${name}/${at}/file`, reference: file }]));
}
