import { nfc } from '#core/vietnamese/text';
import { isObject } from './values.ts';
import type { Wire, WireObject } from './writing.ts';

/**
 * The fields in which the portal's answer differs from our item, as places in the dialect. Only fields on both sides
 * are compared, because portals return some fields and add their own.
 */
export function differences(
  returned: Readonly<Record<string, unknown>>,
  written: WireObject,
  at = '',
): readonly string[] {
  return Object.entries(written).flatMap(([field, value]) =>
    field in returned ? differencesOf(returned[field], value, `${at}/${field}`) : [],
  );
}

/** The text at a place that `differences` returned. A list or an object as JSON, empty if there is no value. */
export function valueAt(record: Readonly<Record<string, unknown>>, path: string): string {
  let value: unknown = record;
  for (const name of path.split('/').slice(1)) value = (value as Readonly<Record<string, unknown>> | undefined)?.[name];
  return textOf(value) ?? JSON.stringify(value);
}

function differencesOf(returned: unknown, written: Wire, path: string): readonly string[] {
  if (isObject(written)) return isObject(returned) ? differences(returned, written, path) : [path];
  if (!Array.isArray(written)) return textOf(returned) === textOf(written) ? [] : [path];
  const entries = Array.isArray(returned) ? returned : isObject(returned) ? [returned] : [];
  if (entries.length !== written.length) return [path];
  return written.flatMap((entry, at) => differencesOf(entries[at], entry, `${path}/${at}`));
}

/** Numbers and booleans equal their texts, null the empty text. */
function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'object' ? undefined : nfc(String(value)).trim();
}
