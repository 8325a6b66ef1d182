import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Config, embeddedFolder } from '../../config/config.ts';
import { dataFolderOf } from '../../embedded-postgres/cluster.ts';
import { type Finding, findingsOf } from './finding.ts';

const finding = findingsOf('disk');
const GIB = 1024 ** 3;

/** Free space where the data folder is, or will be, and where the files of the embedded database are if not there. */
export async function checkDisks(config: Pick<Config, 'databaseUrl' | 'dataDir'>): Promise<readonly Finding[]> {
  const asked = embeddedFolder(config);
  if (asked === undefined) return [await checkDisk(config.dataDir, false)];
  const database = dataFolderOf(asked);
  if (database === asked) return [await checkDisk(config.dataDir, true)];
  return [await checkDisk(config.dataDir, false), await checkDisk(database, true)];
}

async function checkDisk(dataDir: string, isEmbedded: boolean): Promise<Finding> {
  let folder = dataDir;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const { bavail, blocks, bsize } = await statfs(folder);
  return diskFinding(folder, bavail * bsize, blocks * bsize, isEmbedded);
}

/** @param isEmbedded whether the embedded database grows there */
export function diskFinding(folder: string, freeBytes: number, allBytes: number, isEmbedded: boolean): Finding {
  const share = allBytes > 0 ? freeBytes / allBytes : 0;
  const isFull = freeBytes < GIB || share < 0.02;
  const isLow = freeBytes < 5 * GIB || share < 0.1;
  const text = `${(freeBytes / GIB).toFixed(1)} GiB free of ${(allBytes / GIB).toFixed(1)} at ${folder}`;
  if (!isLow) return finding('ok', text);
  if (!isEmbedded) return finding('warn', text);
  const advice = 'the embedded database is there: make room, or set retentionMonths';
  return finding(isFull ? 'fail' : 'warn', text, advice);
}
