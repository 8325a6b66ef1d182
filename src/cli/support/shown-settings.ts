import { existsSync, readFileSync } from 'node:fs';
import type { SchemaNode } from '#core/explain';
import { kindByName } from '#core/masking/body-masking';
import { HubFile } from '../../config/hub-file.ts';
import type { LoadedAdapter } from '../../parties/load-adapters.ts';
import { itemsOf, memberOf, whole, writeOnlyIn } from '../adapter/settings-of-case.ts';

/** Stands for a value that is not shown. */
export const HIDDEN = '(hidden)';
/** A value of the environment is shown by its variable only. */
const VARIABLE = /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/;

/**
 * HUB_CONFIG as it was written, without its secrets and the names of officers: members that a schema marks as such, and members
 * whose name says so.
 *
 * @param isUsable false: the file may hold a secret in a wrong place, so texts and numbers are shown only where a schema has them
 * @returns null without a file
 * @throws an Error that quotes nothing of a file that is not JSON
 */
export function shownSettings(
  filePath: string,
  adapters: ReadonlyMap<string, LoadedAdapter>,
  isUsable: boolean,
): unknown {
  if (!existsSync(filePath)) return null;
  const schemas = [HubFile, ...[...adapters.values()].map(({ adapter }) => adapter.settings)];
  const secret = new Set(schemas.flatMap((schema) => [...writeOnlyIn(schema as SchemaNode)]));
  /**
   * The texts of a list have the name of the list. A free name, such as that of a header, is not among the secret names, so the
   * schema of the place decides too.
   */
  const show = (value: unknown, name: string, nodes: readonly SchemaNode[]): unknown => {
    if (Array.isArray(value)) return value.map((one) => show(one, name, itemsOf(nodes)));
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(
        Object.entries(value).map(([member, one]) => [member, show(one, member, nodesAt(value, member, nodes))]),
      );
    if (typeof value === 'number') return isUsable || nodes.some(takesNumber) ? value : HIDDEN;
    if (typeof value !== 'string' || VARIABLE.test(value)) return value;
    const isSecret = secret.has(name) || kindByName(name) === 'secret' || nodes.some(({ writeOnly }) => writeOnly);
    if (isSecret || name === 'person') return HIDDEN;
    return isUsable || nodes.some(takesText) ? withoutPassword(value) : HIDDEN;
  };
  /** The settings of a party have the schema of its adapter. */
  const nodesAt = (parent: object, member: string, nodes: readonly SchemaNode[]): readonly SchemaNode[] => {
    const { adapter } = parent as { readonly adapter?: unknown };
    const found = member === 'settings' && typeof adapter === 'string' ? adapters.get(adapter) : undefined;
    return found ? whole([found.adapter.settings as SchemaNode]) : memberOf(nodes, member);
  };
  return show(parsed(filePath), '', whole([HubFile as SchemaNode]));
}

/** The error of JSON.parse would quote the text. */
function parsed(filePath: string): unknown {
  const text = readFileSync(filePath, 'utf8').replace(/^\uFEFF/, '');
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${filePath} is not JSON`);
  }
}

const takesText = (node: SchemaNode): boolean =>
  !node.writeOnly && (node.type === 'string' || node.enum !== undefined || typeof node.const === 'string');

const takesNumber = ({ type }: SchemaNode): boolean => type === 'number' || type === 'integer';

/** An address may name a user and a password. */
function withoutPassword(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#\s]+@/i, `$1${HIDDEN}@`);
}
