import { createHash } from 'node:crypto';
import { instantToMs, msToInstant } from '#core/dates/dates';
import { linesOf } from '../concurrency/lines.ts';
import { type CopyFile, type CopyFileDraft, draftCopyFile } from './copy-file.ts';
import type { HubClient } from './hub-client.ts';
import { FORM, kindOf, type RecordKind, type SnapshotEnd, type SnapshotHead } from './record-lines.ts';
import type { SigningKeys } from './signing-keys.ts';

export interface SnapshotTaking {
  readonly hub: HubClient;
  readonly keys: SigningKeys;
  readonly nowMs: () => number;
}

/** What came is no snapshot, or not a whole one. */
export class NoSnapshot extends Error {}

/** Entries that the hub is told of are told of as changes within this time. */
export const CATALOGUE_LATE_MS = 300_000;
const LONGEST_LINE = 512 * 1024 * 1024;

/**
 * Take all that the hub shows into a new file, which is put in the place of the one before once it is whole, as it was
 * signed, and on the disk.
 *
 * @throws HubAway, HubRefused, NoSnapshot, NotAttested, FileFailed; then the file before is as it was
 */
export async function takeSnapshot(
  path: string,
  { hub, keys, nowMs }: SnapshotTaking,
  signal: AbortSignal,
): Promise<CopyFile> {
  const heardAt = msToInstant(nowMs());
  // Before the hub is asked: what it gives is not left untaken where nothing can be written.
  const draft = await draftCopyFile(path);
  try {
    const { head, end } = await receive(await hub.snapshot(signal), draft);
    const { type, content } = await keys.check(end.signed, () => hub.publicKeys(signal));
    if (type !== 'snapshot') throw new NoSnapshot(`what is signed is a ${type}, and no snapshot`);
    const told = { form: head.form, at: head.at, cursor: head.cursor, catalogue: head.catalogue, ...withoutKind(end) };
    for (const [name, value] of Object.entries(told))
      if (content[name] !== value) throw new NoSnapshot(`its ${name} is not the one that was signed`);
    const catalogueFrom = msToInstant(instantToMs(head.at) - CATALOGUE_LATE_MS);
    return await draft.finish(head, { cursor: head.cursor, heardAt, catalogueFrom });
  } catch (error) {
    await draft.abandon();
    throw error instanceof SyntaxError ? new NoSnapshot('it broke off within a line', { cause: error }) : error;
  }
}

function withoutKind({ kind: _, signed: __, ...told }: SnapshotEnd): Omit<SnapshotEnd, 'kind' | 'signed'> {
  return told;
}

const COUNTED = { dossier: 'dossiers', service: 'services', agency: 'agencies', field: 'fields' } as const;

/** Write what comes, and see that it is all, and that it is what its last line says. */
async function receive(
  chunks: AsyncIterable<Uint8Array>,
  draft: CopyFileDraft,
): Promise<{ readonly head: SnapshotHead; readonly end: SnapshotEnd }> {
  const digest = createHash('sha256');
  const counts = { dossiers: 0, services: 0, agencies: 0, fields: 0, bytes: 0 };
  let head: SnapshotHead | undefined;
  let end: SnapshotEnd | undefined;
  for await (const { bytes: line } of linesOf(asBuffers(chunks), LONGEST_LINE)) {
    const kind = kindOf(line);
    if (end) throw new NoSnapshot('it goes on after its last line');
    if (!head) head = headIn(line);
    else if (kind === 'end') end = JSON.parse(line.toString()) as SnapshotEnd;
    else if (kind !== undefined && kind in COUNTED) counts[COUNTED[kind as RecordKind]]++;
    else throw new NoSnapshot('it has a line of a kind that is not known here');
    await draft.write(line);
    if (end) continue;
    digest.update(line).update('\n');
    counts.bytes += line.length + 1;
  }
  if (!head || !end) throw new NoSnapshot('it broke off before its last line');
  const sha256 = digest.digest('hex');
  for (const [name, value] of Object.entries({ ...counts, sha256 }))
    if (end[name as keyof SnapshotEnd] !== value)
      throw new NoSnapshot(`its ${name} is ${value}, and its last line says ${end[name as keyof SnapshotEnd]}`);
  return { head, end };
}

function headIn(line: Buffer): SnapshotHead {
  const head = kindOf(line) === 'snapshot' ? (JSON.parse(line.toString()) as SnapshotHead) : undefined;
  if (head?.form !== FORM)
    throw new NoSnapshot(
      head ? `its form is ${head.form}, and this copy knows ${FORM}` : 'what came does not begin as one',
    );
  return head;
}

async function* asBuffers(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
