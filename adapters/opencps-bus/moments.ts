import { formatLocal, parseLocal, textOf } from '#kit';
import type { Settings } from './settings.ts';

/** How OpenCPS writes a missing date. */
const NO_DATE = '0000-00-00T00:00:00.000+0700';

/**
 * A moment of OpenCPS. A literal `Z` stands behind local time. `0000-00-00…` and blanks are absent. Everything else stays as
 * written: with an offset it is an instant, otherwise the record says what is wrong.
 */
export function momentIn(value: unknown): string | undefined {
  const given = textOf(value);
  if (given === undefined) return undefined;
  const local = parseLocal('iso-local-z', given);
  if ('absent' in local) return undefined;
  return 'instant' in local ? local.instant : given;
}

export function writeMoment(instant: string | undefined, { timestamps = 'offset' }: Settings): string {
  if (instant === undefined) return NO_DATE;
  return timestamps === 'literal-z' ? formatLocal('iso-local-z', instant) : `${formatLocal('iso-local', instant)}+0700`;
}
