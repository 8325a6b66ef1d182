export type XmlEncoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** The encoding of an XML document, and the length of its byte order mark. */
export function encodingOf(bytes: Uint8Array): { found: XmlEncoding; bom: number } {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return { found: 'utf-8', bom: 3 };
  if (a === 0xff && b === 0xfe) return { found: 'utf-16le', bom: 2 };
  if (a === 0xfe && b === 0xff) return { found: 'utf-16be', bom: 2 };
  // Without a mark, the first character is `<`.
  if (a === 0x3c && b === 0) return { found: 'utf-16le', bom: 0 };
  if (a === 0 && b === 0x3c) return { found: 'utf-16be', bom: 0 };
  return { found: 'utf-8', bom: 0 };
}
