import { type FileAt, type Item, recordIn } from '#core/dossier/item';
import { hashOfFile } from '#core/identifiers/file-reference';
import { type Problem, problem } from '#core/problem';
import { received } from '#messages/received';
import type { ItemResult } from '../ledger/messages.ts';
import type { Submission } from '../ledger/submission.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { Rows } from './rows.ts';

/** Whether an item names a file. Nearly none does, so this comes before any query. */
export const namesFiles = ({ items }: Submission): boolean => items.some((item) => filesIn(item).length > 0);

/** The submissions, with each item invalid that names a file which its party has not pushed. */
export async function withFiles(
  files: HubContext['files'],
  submissions: readonly Submission[],
): Promise<readonly Submission[]> {
  const checked: Submission[] = [];
  for (const submission of submissions)
    checked.push(namesFiles(submission) ? await withOwn(files, submission) : submission);
  return checked;
}

async function withOwn(files: HubContext['files'], submission: Submission): Promise<Submission> {
  const { party, items } = submission;
  const named = items.map(filesIn);
  const hashes = named.map(hashesOf);
  const held = await files?.of(party, hashes.flat());
  const checkedItems = items.map((item, at) => checkedItem(item, named[at] ?? [], held));
  return { ...submission, items: checkedItems, files: hashes };
}

function checkedItem(item: Item, named: readonly FileAt[], held: ReadonlySet<string> | undefined): Item {
  const problems = named.flatMap(({ path, reference }): Problem[] => {
    if (!held) return [problem(path, 'files-off')];
    const sha256 = hashOfFile(reference);
    const isHeld = sha256 !== undefined && held.has(sha256);
    return isHeld ? [] : [problem(path, 'file-not-pushed', { got: received(reference) })];
  });
  return problems.length > 0 ? { kind: 'invalid', code: codeOf(item), problems } : item;
}

const hashesOf = (named: readonly FileAt[]): readonly string[] =>
  named.flatMap(({ reference }) => hashOfFile(reference) ?? []);

/** Adds the files of items that are stored, even in quarantine. They are written with their items. */
export function noteFileUses(
  { fileUses }: Pick<Rows, 'fileUses'>,
  { party, receivedAt, items, files = [] }: Submission,
  results: readonly ItemResult[],
): void {
  for (const [index, item] of items.entries()) {
    if (results[index]?.outcome === 'invalid') continue;
    const code = codeOf(item);
    for (const sha256 of files[index] ?? [])
      fileUses.set(`${sha256} ${party} ${code}`, { sha256, party, code, at: receivedAt });
  }
}

const codeOf = (item: Item): string => recordIn(item)?.record.code ?? (item.kind === 'record' ? '' : (item.code ?? ''));

function filesIn(item: Item): readonly FileAt[] {
  if (item.kind === 'waiting' && item.files) return item.files;
  const found = recordIn(item);
  if (found?.operation !== 'dossier.upsert.v1') return [];
  const { documents, results } = found.record as { documents?: readonly Naming[]; results?: readonly Naming[] };
  return [...inList(documents, 'documents'), ...inList(results, 'results')];
}

interface Naming {
  readonly file?: string;
}

const NONE: readonly FileAt[] = [];

function inList(list: readonly Naming[] | undefined, name: string): readonly FileAt[] {
  if (!list?.some(({ file }) => file !== undefined)) return NONE;
  return list.flatMap(({ file }, at) => (file === undefined ? [] : [{ path: `/${name}/${at}/file`, reference: file }]));
}
