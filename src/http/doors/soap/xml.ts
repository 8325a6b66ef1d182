/**
 * A value to write as XML: objects become elements in member order, lists repeat them, empty values
 * are left out.
 */
export type Writable =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly Writable[]
  | { readonly [name: string]: Writable };

/** Writes one element, or several of the same name for a list. */
export function writeElement(name: string, value: Writable, attributes = ''): string {
  // The schema does not allow xsi:nil, so unknown values are left out.
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map((one) => writeElement(name, one)).join('');
  if (typeof value !== 'object') return `<${name}${attributes}>${escapeXml(String(value))}</${name}>`;
  const inner = Object.entries(value).map(([member, one]) => writeElement(member, one));
  return `<${name}${attributes}>${inner.join('')}</${name}>`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};

/** Escapes a text for an element or a quoted attribute. Characters outside XML 1.0 become U+FFFD. */
export function escapeXml(text: string): string {
  return NEEDS_CARE.test(text)
    ? text.replaceAll(UNWRITABLE, '\uFFFD').replaceAll(/[&<>"\r]/g, (one) => ESCAPES[one] as string)
    : text;
}

const NEEDS_CARE = /[&<>"\p{Cc}\p{Surrogate}\uFFFE\uFFFF]/u;
const UNWRITABLE = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;
