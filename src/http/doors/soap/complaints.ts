import { type ErrorDetail, XmlElement, XmlLibError, type XsdValidator } from 'libxml2-wasm';
import { type Problem, problem } from '#core/problem';
import { received } from '#messages/received';
import { elementsIn } from './elements.ts';
import type { Shape } from './values.ts';
import { HUB_NAMESPACE } from './wsdl.ts';

const MOST_PROBLEMS = 20;

/** The lines and items before the parsed bytes, in earlier parts. */
export interface Before {
  readonly lines: number;
  readonly items: number;
}

/**
 * The XSD problems of a message, each with a JSON Pointer below the operation, its line and the
 * reason.
 *
 * Example: `/dossier/3/fees/0/amountVnd`. libxml2 reports an element's name and line, but clients write
 * everything on one line. Therefore each item is checked separately.
 *
 * @param found the problems of the whole message
 */
export function problemsIn(
  operation: XmlElement,
  found: readonly ErrorDetail[],
  { validator, shape, before }: { readonly validator: XsdValidator; readonly shape: Shape; readonly before: Before },
): readonly Problem[] {
  const problems: Problem[] = [];
  const itemName = ITEMS[operation.name];
  for (const [index, item] of (itemName === undefined ? [] : elementsIn(operation)).entries()) {
    if (item.name !== itemName || item.namespaceUri !== HUB_NAMESPACE) continue;
    tell(complaintsOf(validator, item), item, { path: `/${item.name}/${before.items + index}`, shape });
    if (problems.length === MOST_PROBLEMS) return problems;
  }
  // No item has a problem, so the operation itself does: it has no item, or a wrong element.
  if (problems.length === 0) tell(found, operation, { path: '', shape: undefined });
  return problems;

  function tell(details: readonly ErrorDetail[], within: XmlElement, place: Place): void {
    for (const detail of details.slice(0, MOST_PROBLEMS - problems.length))
      problems.push(problemOf(detail, before, within, { ...place, reported: problems }));
  }
}

const ITEMS: Readonly<Record<string, string>> = { PushDossiers: 'dossier', PushProgress: 'progress' };

function complaintsOf(validator: XsdValidator, item: XmlElement): readonly ErrorDetail[] {
  try {
    validator.validate(item);
    return [];
  } catch (error) {
    if (!(error instanceof XmlLibError)) throw error;
    return error.details;
  }
}

interface Place {
  readonly path: string;
  readonly shape: Shape | undefined;
}

/**
 * `Element '{urn:…}amountVnd': 'x' is not a valid value of the atomic type 'xs:long'.` → place, line,
 * reason.
 */
function problemOf(
  { message, line }: ErrorDetail,
  before: Before,
  within: XmlElement,
  place: Place & { readonly reported: readonly Problem[] },
): Problem {
  const [, name = '', reason = message] =
    /^Element '(?:\{[^}]*\})?([^']*)'(?:, attribute '[^']*')?: (.*)$/s.exec(message.trim()) ?? [];
  const args = {
    line: String((line ?? 0) + before.lines),
    said: reason.replace(VALUE, quoted).replaceAll(`{${HUB_NAMESPACE}}`, '').slice(0, 300),
  };
  const found = REFERENCE.test(reason) ? problem('', 'xsd-reference', args) : problem('', 'xsd', args);
  // Equal problems of two elements are reported in the order of the elements.
  const isReported = (path: string): boolean =>
    place.reported.some((one) => one.path === path && one.message === found.message);
  return { ...found, path: placeOf(within, place, { name, line, reason, isReported }) };
}

/** The value in a reason of libxml2. */
const VALUE = /^'(.*)'(?= is not a valid value)/s;

/** In double quotes, as all our sentences quote. The message log then stores only its form. */
function quoted(_: string, value: string): string {
  return JSON.stringify(received(value));
}

/** PHP writes a repeated object as a reference to the first. Document/literal has no references. */
const REFERENCE = /attribute '(?:id|href|\{http:\/\/www\.w3\.org\/2003\/05\/soap-encoding\}(?:id|ref))' is not allowed/;

interface Complaint {
  readonly name: string;
  readonly line: number | undefined;
  readonly reason: string;
  readonly isReported: (path: string) => boolean;
}

/** The limit of searched elements per problem: more than a dossier has, and still cheap. */
const MOST_LOOKED_AT = 1_000;

/**
 * The first element of that name with the reported value on that line, otherwise the first of that
 * name.
 */
function placeOf(within: XmlElement, place: Place, { name, line, reason, isReported }: Complaint): string {
  const value = VALUE.exec(reason)?.[1];
  let first: string | undefined;
  let looked = 0;
  for (const { element, path } of placesIn(within, place)) {
    if (++looked > MOST_LOOKED_AT) break;
    if (element.name !== name) continue;
    if (element.line === line && (value === undefined || element.content === value) && !isReported(path)) return path;
    first ??= path;
  }
  return first ?? place.path;
}

function* placesIn(element: XmlElement, { path, shape }: Place): Generator<{ element: XmlElement; path: string }> {
  yield { element, path };
  const times = new Map<string, number>();
  // One by one, not `elementsIn`: the caller stops early, and an item may have 100,000 children.
  for (let child = element.firstChild; child; child = child.next) {
    if (!(child instanceof XmlElement)) continue;
    const member = shape?.members.get(child.name);
    const at = times.get(child.name) ?? 0;
    times.set(child.name, at + 1);
    yield* placesIn(child, { path: `${path}/${child.name}${member?.isList ? `/${at}` : ''}`, shape: member?.shape });
  }
}
