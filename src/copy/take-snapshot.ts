import { createHash } from 'node:crypto';
import { instantToMs, msToInstant } from '#core/dates/dates';
import { linesOf } from '../concurrency/lines.ts';
import { type CopyFile, type CopyFileDraft, draftCopyFile } from './copy-file.ts';
import type { HubClient } from './hub-client.ts';
import { FORM, kindOf, type Mark, type SnapshotEnd, type SnapshotHead } from './record-lines.ts';
import type { SigningKeys } from './signing-keys.ts';

export interface SnapshotTaking {
  readonly hub: HubClient;
  readonly keys: SigningKeys;
  readonly nowMs: () => number;
}

/** The received data is not a snapshot, or not a complete one. */
export class NoSnapshot extends Error {}

/** A change of the catalogue appears among the changes within this time. */
export const CATALOGUE_LATE_MS = 300_000;
const LONGEST_LINE = 512 * 1024 * 1024;

/**
 * Writes everything that the hub shows into a new file.
 *
 * The new file replaces the previous one only when it is complete, matches its signature and is on the disk.
 *
 * @throws HubAway, HubRefused, NoSnapshot, InvalidDocument, FileFailed; then the previous file is unchanged
 */
export async function takeSnapshot(
  path: string,
  { hub, keys, nowMs }: SnapshotTaking,
  signal: AbortSignal,
): Promise<CopyFile> {
  const heardAt = msToInstant(nowMs());
  // Opened before the request, so that a disk error does not waste a snapshot of the hub.
  const draft = await draftCopyFile(path);
  try {
    const { head, end } = await receive(await hub.snapshot(signal), draft);
    const { type, content } = await keys.check(end.signed, () => hub.publicKeys(signal));
    if (type !== 'snapshot') throw new NoSnapshot(`the signature is for a ${type}, not for a snapshot`);
    const stated = {
      form: head.form,
      at: head.at,
      cursor: head.cursor,
      catalogue: head.catalogue,
      ...withoutKind(end),
    };
    for (const [name, value] of Object.entries(stated))
      if (content[name] !== value) throw new NoSnapshot(`its ${name} differs from the signed one`);
    const catalogueFrom = msToInstant(instantToMs(head.at) - CATALOGUE_LATE_MS);
    return await draft.finish(head, { cursor: head.cursor, kinds: cursorsOf(head), heardAt, catalogueFrom });
  } catch (error) {
    await draft.abandon();
    throw error instanceof SyntaxError ? new NoSnapshot('it broke off within a line', { cause: error }) : error;
  }
}

function cursorsOf({ kinds = [] }: SnapshotHead): Mark['kinds'] & object {
  return Object.fromEntries(kinds.map(({ name, cursor }) => [name, cursor]));
}

function withoutKind({ kind: _, signed: __, ...rest }: SnapshotEnd): Omit<SnapshotEnd, 'kind' | 'signed'> {
  return rest;
}

const COUNTED = { dossier: 'dossiers', service: 'services', agency: 'agencies', field: 'fields' } as const;

/** Writes the received lines, and checks that they are complete and match the last line. */
async function receive(
  chunks: AsyncIterable<Uint8Array>,
  draft: CopyFileDraft,
): Promise<{ readonly head: SnapshotHead; readonly end: SnapshotEnd }> {
  const digest = createHash('sha256');
  const counts: Record<string, number> = { dossiers: 0, services: 0, agencies: 0, fields: 0, bytes: 0 };
  const lists = new Map<string, string>(Object.entries(COUNTED));
  let head: SnapshotHead | undefined;
  let end: SnapshotEnd | undefined;
  for await (const { bytes: line } of linesOf(asBuffers(chunks), LONGEST_LINE)) {
    const kind = kindOf(line);
    if (end) throw new NoSnapshot('it goes on after its last line');
    if (!head) {
      head = headIn(line);
      for (const { name, path } of head.kinds ?? []) {
        lists.set(name, path);
        counts[path] = 0;
      }
    } else if (kind === 'end') end = JSON.parse(line.toString()) as SnapshotEnd;
    else {
      const list = kind === undefined ? undefined : lists.get(kind);
      if (list === undefined) throw new NoSnapshot('it has a line of an unknown kind');
      counts[list] = (counts[list] ?? 0) + 1;
    }
    await draft.write(line);
    if (end) continue;
    digest.update(line).update('\n');
    counts.bytes = (counts.bytes ?? 0) + line.length + 1;
  }
  if (!head || !end) throw new NoSnapshot('it broke off before its last line');
  const sha256 = digest.digest('hex');
  for (const [name, value] of Object.entries({ ...counts, sha256 }))
    if (end[name as keyof SnapshotEnd] !== value)
      throw new NoSnapshot(`its ${name} is ${value}, but its last line says ${end[name as keyof SnapshotEnd]}`);
  return { head, end };
}

function headIn(line: Buffer): SnapshotHead {
  const head = kindOf(line) === 'snapshot' ? (JSON.parse(line.toString()) as SnapshotHead) : undefined;
  if (head?.form !== FORM)
    throw new NoSnapshot(
      head ? `its form is ${head.form}, but this copy reads only ${FORM}` : 'it does not begin like a snapshot',
    );
  return head;
}

async function* asBuffers(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
