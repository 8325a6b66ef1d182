import { existsSync, readFileSync } from 'node:fs';
import type { SchemaNode } from '#core/explain';
import { kindByName } from '#core/masking/body-masking';
import { HubFile } from '../../config/hub-file.ts';
import type { LoadedAdapter } from '../../parties/load-adapters.ts';
import { writeOnlyIn } from '../adapter/settings-of-case.ts';

const HIDDEN = '(hidden)';
/** A value of the environment is shown by its variable only. */
const VARIABLE = /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/;

/**
 * HUB_CONFIG as it was written, without its secrets: members that a schema marks as such, and members whose name says so.
 * @returns null without a file
 */
export function shownSettings(filePath: string, adapters: ReadonlyMap<string, LoadedAdapter>): unknown {
  if (!existsSync(filePath)) return null;
  const schemas = [HubFile, ...[...adapters.values()].map(({ adapter }) => adapter.settings)];
  const secret = new Set(schemas.flatMap((schema) => [...writeOnlyIn(schema as SchemaNode)]));
  return JSON.parse(readFileSync(filePath, 'utf8'), (name, value: unknown) => {
    if (typeof value !== 'string' || VARIABLE.test(value)) return value;
    if (secret.has(name) || kindByName(name) === 'secret') return HIDDEN;
    return withoutPassword(value);
  });
}

/** An address may name a user and a password. */
function withoutPassword(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@\s]+@/i, `$1${HIDDEN}@`);
}
