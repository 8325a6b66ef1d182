import { domainToUnicode } from 'node:url';
import type { SchemaNode } from '#core/explain';
import { kindByName } from '#core/masking/body-masking';

/** A party's settings for a wire case; they override those of the adapter's test. */
export interface SettingsOfCase {
  readonly shown: unknown;
  /** Values to replace everywhere. */
  readonly secrets: readonly string[];
  readonly hosts: readonly string[];
  /** Keys and certificates: the test has its own. */
  readonly leftOut: readonly string[];
}

/** Matches the text as written. A parsed URL is lower-cased, drops a default port and encodes diacritics as `xn--`. */
const ORIGIN = /^https?:\/\/[^/?#]*/i;

/** Points the party's own addresses at the case's server. Secrets are still in the result. */
export function settingsOfCase(settings: unknown, schema: unknown): SettingsOfCase {
  const found = { secrets: [] as string[], hosts: [] as string[], leftOut: [] as string[] };
  const walk = (value: unknown, name: string, path: string, nodes: readonly SchemaNode[]): unknown => {
    if (Array.isArray(value)) return value.map((one, at) => walk(one, name, `${path}/${at}`, itemsOf(nodes)));
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(
        Object.entries(value).flatMap(([member, one]) => {
          const shown = walk(one, member, `${path}/${member}`, memberOf(nodes, member));
          return shown === undefined ? [] : [[member, shown]];
        }),
      );
    if (typeof value !== 'string') return value;
    if (value.includes('-----BEGIN')) {
      found.leftOut.push(path);
      return undefined;
    }
    if (ORIGIN.test(value)) {
      const { hostname } = new URL(value);
      found.hosts.push(hostname, domainToUnicode(hostname));
      return value.replace(ORIGIN, '{{url}}');
    }
    // Only top-level members are ours by name; deeper members may be the partner's names.
    const isTop = path === `/${name}` || /^\/[^/]+\/\d+$/.test(path);
    const isNamed = kindByName(name) === 'secret' || /(?:key|user(?:name)?)$/i.test(name);
    if (nodes.some(({ writeOnly }) => writeOnly) || (isTop && isNamed)) found.secrets.push(value);
    return value;
  };
  return { shown: walk(settings, '', '', whole([schema as SchemaNode])), ...found };
}

/** The schemas with their alternatives. */
export function whole(nodes: readonly (SchemaNode | undefined)[]): readonly SchemaNode[] {
  return nodes.flatMap((node) => (node ? [node, ...whole(node.anyOf ?? [])] : []));
}

/** The schemas of the entries of a list. */
export function itemsOf(nodes: readonly SchemaNode[]): readonly SchemaNode[] {
  return whole(nodes.map(({ items }) => items));
}

/** The schemas of a member. By its place and not by its name, because a request may have a member of the same name. */
export function memberOf(nodes: readonly SchemaNode[], member: string): readonly SchemaNode[] {
  return whole(
    nodes.flatMap(({ properties = {}, patternProperties = {} }) =>
      Object.hasOwn(properties, member)
        ? [properties[member]]
        : Object.entries(patternProperties).flatMap(([pattern, node]) =>
            new RegExp(pattern).test(member) ? [node] : [],
          ),
    ),
  );
}

/** Names of all members that a schema marks as `writeOnly`. */
export function writeOnlyIn(node: SchemaNode, names: Set<string> = new Set()): ReadonlySet<string> {
  for (const [name, one] of Object.entries(node.properties ?? {})) {
    if (one.writeOnly || one.items?.writeOnly) names.add(name);
    writeOnlyIn(one, names);
  }
  const others = [node.items, ...(node.anyOf ?? []), ...Object.values(node.patternProperties ?? {})];
  for (const one of others) if (one) writeOnlyIn(one, names);
  return names;
}
