import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../process/compiled.ts';
import type { Report } from './report.ts';

const COMMAND = join(ROOT, 'bin', 'lienthong.mjs');
const ENDS_WITHIN_MS = 600_000;

/** What the command prints. */
interface Printed {
  readonly messages?: number;
  readonly dossiers?: number;
  readonly found?: number;
  readonly differences?: readonly unknown[];
  readonly error?: string;
}

/** Runs `lienthong rebuild`, which builds the index from the messages alone and compares it with the live one. */
export function rebuilt(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Report['rebuild']> {
  return new Promise((resolve) => {
    const options = { env, signal, timeout: ENDS_WITHIN_MS, maxBuffer: 2 ** 28 };
    execFile(process.execPath, [COMMAND, 'rebuild', '--json'], options, (error, out) => {
      const printed = documentOf(out);
      if (!error)
        return resolve({ equal: true, says: `${printed.dossiers} dossiers from ${printed.messages} messages` });
      const what = printed.error ?? `${printed.found} differences: ${JSON.stringify(printed.differences?.slice(0, 5))}`;
      resolve({ equal: false, says: printed.error || printed.found !== undefined ? what : error.message });
    });
  });
}

function documentOf(out: string): Printed {
  try {
    return JSON.parse(out) as Printed;
  } catch {
    return {};
  }
}
