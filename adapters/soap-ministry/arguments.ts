import type { Filled, SoapArguments, SoapValue } from '#ministry';

type Request = Filled['record'];

/**
 * Arguments for node-soap. Attributes are `@name` in the settings and under `attributes` there; text beside them is
 * `$value`.
 */
export function argumentsOf(record: Request): SoapArguments {
  const members: Record<string, SoapValue> = {};
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(record)) {
    if (name.startsWith('@')) attributes[name.slice(1)] = String(value);
    else if (name !== '#text') members[name] = argumentOf(value);
    else if (value === null) Object.assign(attributes, NIL.attributes);
    else members.$value = String(value);
  }
  return Object.keys(attributes).length === 0 ? members : { ...members, attributes };
}

/** The namespace prefix is the one of node-soap's envelope. */
const NIL = { attributes: { 'xsi:nil': 'true' } } as const;

function argumentOf(value: Request[string]): SoapValue {
  if (value === null) return NIL;
  if (Array.isArray(value)) return value.map(argumentOf);
  return typeof value === 'object' && value !== null ? argumentsOf(value as Request) : String(value);
}
