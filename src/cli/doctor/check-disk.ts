import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Config, embeddedFolder } from '../../config/config.ts';
import { dataFolderOf } from '../../embedded-postgres/cluster.ts';
import { type Finding, findingsOf } from './finding.ts';

const finding = findingsOf('disk');
const GIB = 1024 ** 3;

/** Free space where the data folder is, or will be, and where the files of the embedded database are if not there. */
export async function checkDisks(
  config: Pick<Config, 'databaseUrl' | 'dataDir' | 'file'>,
): Promise<readonly Finding[]> {
  const asked = embeddedFolder(config);
  const ofFiles = config.file.files ? FILES : undefined;
  if (asked === undefined) return [await checkDisk(config.dataDir, ofFiles)];
  const database = dataFolderOf(asked);
  if (database === asked) return [await checkDisk(config.dataDir, DATABASE)];
  return [await checkDisk(config.dataDir, ofFiles), await checkDisk(database, DATABASE)];
}

const DATABASE = 'the embedded database is there: make room, or set retentionMonths';
const FILES = 'files arrive there, and a full disk refuses all of them: make room';

async function checkDisk(dataDir: string, advice: string | undefined): Promise<Finding> {
  let folder = dataDir;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const { bavail, blocks, bsize } = await fs.statfs(folder);
  return diskFinding(folder, bavail * bsize, blocks * bsize, advice);
}

/** @param advice what to do where data of the hub grows there; undefined: none does */
export function diskFinding(folder: string, freeBytes: number, allBytes: number, advice?: string): Finding {
  const share = allBytes > 0 ? freeBytes / allBytes : 0;
  const isFull = freeBytes < GIB || share < 0.02;
  const isLow = freeBytes < 5 * GIB || share < 0.1;
  const text = `${(freeBytes / GIB).toFixed(1)} GiB free of ${(allBytes / GIB).toFixed(1)} at ${folder}`;
  if (!isLow) return finding('ok', text);
  if (advice === undefined) return finding('warn', text);
  return finding(isFull ? 'fail' : 'warn', text, advice);
}
