import { type ErrorDetail, XmlElement, XmlLibError, type XsdValidator } from 'libxml2-wasm';
import type { Problem } from '#core/problem';
import { elementsIn } from './elements.ts';
import type { Shape } from './values.ts';
import { HUB_NAMESPACE } from './wsdl.ts';

const MOST_PROBLEMS = 20;

/** What stands before the bytes that were read: the lines and the items of the parts before them. */
export interface Before {
  readonly lines: number;
  readonly items: number;
}

/**
 * What the XSD complains of in a message, each with its place as a JSON Pointer below the operation
 * (`/dossier/3/fees/0/amountVnd`), its line and the reason. libxml2 tells an element's name and line, and clients write
 * all on one line: so each item is checked by itself.
 *
 * @param found what was found of the whole
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
  // What is wrong with the operation itself: no item, or something that is none.
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

/** `Element '{urn:…}amountVnd': 'x' is not a valid value of the atomic type 'xs:long'.` → its place, line and reason. */
function problemOf(
  { message, line }: ErrorDetail,
  before: Before,
  within: XmlElement,
  place: Place & { readonly reported: readonly Problem[] },
): Problem {
  const [, name = '', reason = message] =
    /^Element '(?:\{[^}]*\})?([^']*)'(?:, attribute '[^']*')?: (.*)$/s.exec(message.trim()) ?? [];
  const hint = REFERENCE.test(reason)
    ? '; what is used twice is to be written out twice (in PHP: a clone, or an array)'
    : '';
  const words = `line ${(line ?? 0) + before.lines}: ${reason.replaceAll(`{${HUB_NAMESPACE}}`, '').slice(0, 300)}${hint}`;
  // The same of two elements is told in their order.
  const isReported = (path: string): boolean =>
    place.reported.some((one) => one.path === path && one.message === words);
  return { path: placeOf(within, place, { name, line, reason, isReported }), message: words };
}

/** PHP writes an object that it meets again as a reference to the first, which document/literal has none of. */
const REFERENCE = /attribute '(?:id|href|\{http:\/\/www\.w3\.org\/2003\/05\/soap-encoding\}(?:id|ref))' is not allowed/;

interface Complaint {
  readonly name: string;
  readonly line: number | undefined;
  readonly reason: string;
  readonly isReported: (path: string) => boolean;
}

/** How many elements are looked at for one that is complained of: more than a dossier has, few enough to cost nothing. */
const MOST_LOOKED_AT = 1_000;

/** Of the elements of that name the first one with the value complained of, on that line; else the first of them. */
function placeOf(within: XmlElement, place: Place, { name, line, reason, isReported }: Complaint): string {
  const value = /^'(.*)' is not a valid value/s.exec(reason)?.[1];
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
  for (let child = element.firstChild; child; child = child.next) {
    if (!(child instanceof XmlElement)) continue;
    const member = shape?.members.get(child.name);
    const at = times.get(child.name) ?? 0;
    times.set(child.name, at + 1);
    yield* placesIn(child, { path: `${path}/${child.name}${member?.isList ? `/${at}` : ''}`, shape: member?.shape });
  }
}
