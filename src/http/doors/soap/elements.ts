import { type XmlElement, XmlXPath } from 'libxml2-wasm';

/** In `firstChild` and `next` a processing instruction is null, and would hide all elements behind it. */
const CHILDREN = XmlXPath.compile('*');

/** The child elements of an element, in order. */
export function elementsIn(element: XmlElement): readonly XmlElement[] {
  return element.find(CHILDREN) as XmlElement[];
}
