import { XmlElement } from 'libxml2-wasm';

/** The child elements of an element, in order. */
export function elementsIn(element: XmlElement): readonly XmlElement[] {
  const elements: XmlElement[] = [];
  for (let child = element.firstChild; child; child = child.next) if (child instanceof XmlElement) elements.push(child);
  return elements;
}
