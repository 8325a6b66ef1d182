import type { SchemaNode } from '#core/explain';

interface Node extends SchemaNode {
  readonly required?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly format?: string;
}

/**
 * The schema of a record as the doors accept it, for clients that validate before sending.
 *
 * Optional members may also be null, or blank if they are text. Codes may have surrounding blanks and lower
 * case. Every valid record is valid here too. The patterns use only features of all regular expression engines.
 * Only the doors check the calendar (in codes too). Only they ignore blanks around text for its length, and
 * around values of lists.
 */
export function asSent(schema: object): object {
  return sent(schema as Node, false);
}

function sent(node: Node, isOptional: boolean): object {
  if (node.properties)
    return { ...node, ...typeOf('object', isOptional), ...requiredOf(node), properties: membersOf(node) };
  if (node.items) return { ...node, ...typeOf('array', isOptional), items: sent(node.items as Node, false) };
  if (node.clean === 'instant') return instantOf(node, isOptional);
  if (node.clean) return textOf(node, isOptional);
  if (!isOptional || node.anyOf) return node;
  return node.enum ? { ...node, enum: [...node.enum, null, ''] } : { ...node, ...typeOf(node.type as string, true) };
}

function membersOf(node: Node): object {
  const { required = [] } = { ...node, ...requiredOf(node) };
  return Object.fromEntries(
    Object.entries(node.properties ?? {}).map(([name, member]) => [
      name,
      sent(member as Node, !required.includes(name)),
    ]),
  );
}

/** A sender may leave out a member that the hub takes from another one. */
function requiredOf({ properties = {}, required }: Node): Pick<Node, 'required'> {
  return required ? { required: required.filter((name) => properties[name]?.absent === undefined) } : {};
}

function typeOf(type: string, isOptional: boolean): object {
  return { type: isOptional ? [type, 'null'] : type };
}

function instantOf({ format, ...node }: Node, isOptional: boolean): object {
  const pattern = around(WRITTEN_OTHERWISE, '\\s*', isOptional);
  const years = `^\\s*(?:${isOptional ? '$|' : ''}(?:19|2[01])[0-9]{2}-|2200-|1899-12-31)`;
  return { ...node, ...typeOf('string', isOptional), pattern: years, anyOf: [{ format }, { pattern }] };
}

const DAYS =
  '[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))';
const LEAP_DAYS = '(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|2000)-02-29';
/**
 * Forms outside RFC 3339 that systems write: surrounding blanks, and zones such as +0700 (iGate,
 * PHP).
 */
const WRITTEN_OTHERWISE = `(?:${DAYS}|${LEAP_DAYS})[Tt](?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}(?:\\.[0-9]+)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])`;

function textOf({ minLength: _, ...node }: Node, isOptional: boolean): object {
  return { ...node, ...typeOf('string', isOptional), pattern: patternOf(node, isOptional) };
}

function patternOf({ pattern, clean }: Node, isOptional: boolean): string {
  const inner = /^\^(.*)\$$/s.exec(pattern ?? '')?.[1];
  if (inner === undefined)
    return isOptional ? `^[^${CONTROLS}]*$` : `^[^\\S\\x0b\\x0c]*[^\\s${CONTROLS}][^${CONTROLS}]*$`;
  return clean === 'code'
    ? around(inner.replaceAll('A-Z', 'A-Za-z'), `[\\s${ZERO_WIDTH}]*`, isOptional)
    : around(inner, '\\s*', isOptional);
}

/**
 * The trailing space belongs to the inner group. Next to the leading space, a long blank text would
 * take quadratic time.
 */
function around(pattern: string, space: string, isOptional: boolean): string {
  return `^${space}(?:(?:${pattern})${space})${isOptional ? '?' : ''}$`;
}

/** Removed around codes. Written literally, because engines differ in the escapes. */
const ZERO_WIDTH = '\u200b-\u200d\u2060\ufeff';

/** The control characters that no text may have. */
const CONTROLS = '\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f';
