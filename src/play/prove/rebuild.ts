import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../process/compiled.ts';
import type { Report } from './report.ts';

const COMMAND = join(ROOT, 'bin', 'lienthong.mjs');
const ENDS_WITHIN_MS = 600_000;

interface Told {
  readonly messages?: number;
  readonly dossiers?: number;
  readonly found?: number;
  readonly differences?: readonly unknown[];
  readonly error?: string;
}

/** Have `lienthong rebuild` build the index from the messages alone and compare it with the live one. */
export function rebuilt(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Report['rebuild']> {
  return new Promise((resolve) => {
    const options = { env, signal, timeout: ENDS_WITHIN_MS, maxBuffer: 2 ** 28 };
    execFile(process.execPath, [COMMAND, 'rebuild', '--json'], options, (error, out) => {
      const told = documentOf(out);
      if (!error) return resolve({ equal: true, says: `${told.dossiers} dossiers from ${told.messages} messages` });
      const what = told.error ?? `${told.found} differences: ${JSON.stringify(told.differences?.slice(0, 5))}`;
      resolve({ equal: false, says: told.error || told.found !== undefined ? what : error.message });
    });
  });
}

function documentOf(out: string): Told {
  try {
    return JSON.parse(out) as Told;
  } catch {
    return {};
  }
}
