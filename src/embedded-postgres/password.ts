import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Cluster } from './cluster.ts';
import { readIfThere, syncFolder } from './files.ts';

export function readPassword(cluster: Cluster): string {
  return readIfThere(`${cluster.dataDir}.password`).trim();
}

export function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

export function savePassword(cluster: Cluster, password: string): void {
  fs.writeFileSync(`${cluster.dataDir}.password`, password, { mode: 0o600, flush: true });
  syncFolder(path.dirname(cluster.dataDir));
}
