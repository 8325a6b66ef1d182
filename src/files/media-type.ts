import { isUtf8 } from 'node:buffer';
import { fileTypeFromBuffer } from 'file-type';

/** How many first bytes decide about the type. */
export const SAMPLE_BYTES = 4_100;

/**
 * The media type of a file by its first bytes. Its name and the type that its sender claims do not count.
 *
 * @returns undefined for a type that nobody knows
 */
export async function mediaTypeOf(sample: Buffer): Promise<string | undefined> {
  const start = sample.subarray(0, SAMPLE_BYTES);
  const found = await fileTypeFromBuffer(start).catch(() => undefined);
  return found?.mime ?? (isText(start, sample.length > SAMPLE_BYTES) ? 'text/plain' : undefined);
}

/** UTF-8 without control characters. The sample may end within a letter. */
function isText(start: Buffer, isCut: boolean): boolean {
  const ends = isCut || start.length === SAMPLE_BYTES ? [0, 1, 2, 3] : [0];
  return (
    ends.some((less) => isUtf8(start.subarray(0, start.length - less))) && !CONTROLS.test(start.toString('latin1'))
  );
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: those that no text has
const CONTROLS = /[\x00-\x08\x0e-\x1a\x1c-\x1f]/;
