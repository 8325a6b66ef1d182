import { readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { NamedFile, Settings } from '../../backup/frames.ts';
import type { Environment } from '../../config/config.ts';

/** A key or a certificate is far smaller. */
const MOST_BYTES = 1024 * 1024;

/** The PEM files that the parties of HUB_CONFIG name: certificates, and keys that nobody else may have. */
export function namedFilesIn(config: string, env: Environment): readonly NamedFile[] {
  const { parties } = JSON.parse(config.replace(/^\uFEFF/, '')) as { readonly parties?: unknown };
  return [...new Set(textsIn(parties))].flatMap((written) => {
    const path = written.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => env[name] ?? whole);
    const text = pemIn(path);
    return text === undefined ? [] : [{ written, path, text }];
  });
}

/** Undefined if it is no PEM file: any text of the settings may be asked for. */
function pemIn(path: string): string | undefined {
  try {
    const found = statSync(path);
    if (!found.isFile() || found.size > MOST_BYTES) return undefined;
    const text = readFileSync(path, 'utf8');
    return text.includes('-----BEGIN ') ? text : undefined;
  } catch {
    return undefined;
  }
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

const FOLDER = 'files';

/**
 * The texts of these files and of HUB_CONFIG, by their names in a folder. The configuration names the files there, because
 * their places on the other machine may not exist here.
 */
export function placedFiles({ config, files = [] }: Settings, folder: string): Readonly<Record<string, string>> {
  const placed: Record<string, string> = {};
  const nameOf = new Map<string, string>();
  for (const { written, path, text } of files) {
    let name = `${FOLDER}/${basename(path)}`;
    for (let number = 1; name in placed; number++) name = `${FOLDER}/${number}-${basename(path)}`;
    placed[name] = text;
    nameOf.set(written, name);
  }
  if (config !== null)
    placed['hub.config.json'] = config.replace(/"(?:[^"\\]|\\.)*"/g, (literal) => {
      const name = nameOf.get(JSON.parse(literal));
      return name === undefined ? literal : JSON.stringify(join(folder, name));
    });
  return placed;
}
