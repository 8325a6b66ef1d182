import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unseal } from '../backup/seal.ts';
import { type ArchivedFile, type ArchiveManifest, MANIFEST } from './write-archive.ts';

/** Something that is wrong with an archive: which file, and what. */
export interface ArchiveFault {
  readonly file: string;
  readonly what: string;
}

/** An archive that is not as the hub wrote it. */
class BrokenArchive extends Error {
  readonly faults: readonly ArchiveFault[];
  constructor(faults: readonly ArchiveFault[]) {
    super(faults.map(({ file, what }) => `${file}: ${what}`).join('\n'));
    this.faults = faults;
  }
}

/**
 * Checks the signature of an archive, that every file is there and unchanged, and that the key opens them all. Nothing
 * is written.
 *
 * @param verify reads the signed manifest
 * @throws BrokenArchive with every fault
 */
export async function checkArchive(
  folder: string,
  secret: string,
  verify: (signed: string) => Promise<ArchiveManifest>,
): Promise<ArchiveManifest> {
  const manifest = await readManifest(folder, verify);
  const faults: ArchiveFault[] = [];
  for (const file of manifest.files) {
    const what = (await faultOf(folder, file)) ?? (await lockedBy(folder, file, secret));
    if (what !== undefined) faults.push({ file: file.name, what });
  }
  if (faults.length > 0) throw new BrokenArchive(faults);
  return manifest;
}

async function readManifest(
  folder: string,
  verify: (signed: string) => Promise<ArchiveManifest>,
): Promise<ArchiveManifest> {
  const path = join(folder, MANIFEST);
  if (!existsSync(path)) throw new BrokenArchive([{ file: MANIFEST, what: 'is missing' }]);
  try {
    return await verify(readFileSync(path, 'utf8').trim());
  } catch (error) {
    throw new BrokenArchive([{ file: MANIFEST, what: (error as Error).message }]);
  }
}

async function faultOf(folder: string, { name, bytes, sha256 }: ArchivedFile): Promise<string | undefined> {
  const path = join(folder, name);
  if (!existsSync(path)) return 'is missing';
  const hash = createHash('sha256');
  let read = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer);
    read += (chunk as Buffer).length;
  }
  if (read !== bytes) return `has ${read} bytes, expected ${bytes}: it was cut off or changed`;
  return hash.digest('hex') === sha256 ? undefined : 'was changed after it was written: its SHA-256 is another one';
}

/** @returns why the key does not open the file */
async function lockedBy(folder: string, { name }: ArchivedFile, secret: string): Promise<string | undefined> {
  try {
    for await (const _ of unseal(createReadStream(join(folder, name)), secret)) break;
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
