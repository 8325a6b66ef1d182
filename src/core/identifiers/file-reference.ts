const REFERENCE = /^sha256:([0-9a-f]{64})$/;

/** The reference of a file in records, by its SHA-256 in hexadecimal. */
export const fileReference = (sha256: string): string => `sha256:${sha256}`;

/** The SHA-256 of a reference. Undefined for any other text. */
export function hashOfFile(reference: string): string | undefined {
  return REFERENCE.exec(reference)?.[1];
}

/** Types that a province's systems exchange. Archives are stored, never opened. */
export const USUAL_FILE_TYPES: readonly string[] = [
  'application/pdf',
  'image/jpeg',
  'image/png',
  'image/tiff',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/vnd.oasis.opendocument.text',
  'application/x-cfb',
  'application/rtf',
  'application/zip',
  'application/xml',
  'text/plain',
];
