import { formatLocal, parseLocal } from '#core/dates/dates';
import { type Item, readItem } from '#core/dossier/item';
import { type Problem, problem } from '#core/problem';
import { nfc } from '#core/vietnamese/text';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { inEnglish } from '#messages/render';
import type { Rating } from '#schemas/rating.v1';
import type { RatingPayload } from '#schemas/rating-payload';
import { notAnObject } from './finish.ts';
import { isAbsent, isObject, plainText } from './values.ts';
import type { Wire, WireObject } from './writing.ts';

/** Reads an item of `DongBoDanhGia` in the form that the settings describe. */
export function readRating(raw: unknown, { fields, levels, dates = 'yyyyMMddHHmmss' }: RatingPayload): Item {
  if (!isObject(raw)) return notAnObject(raw, 'rating');
  const problems: Problem[] = [];
  const textAt = (name: string | undefined): string | undefined =>
    name === undefined || isAbsent(raw[name]) ? undefined : plainText(raw[name])?.trim();
  const given = textAt(fields.level);
  const level = Object.entries(levels).find(([, value]) => value === given)?.[0];
  if (level === undefined) {
    const expected = say('one-of', { list: Object.values(levels) });
    problems.push(problem(`/${fields.level}`, 'unexpected', { got: received(given), expected }));
  }
  const date = parseLocal(dates, textAt(fields.ratedAt) ?? '');
  if ('error' in date) problems.push({ path: `/${fields.ratedAt}`, ...inEnglish(date.error) });
  const dossierCode = textAt(fields.dossierCode);
  if (problems.length > 0) return { kind: 'invalid', problems, code: dossierCode || undefined };
  return readItem('rating.upsert.v1', {
    dossierCode,
    ratedAt: 'instant' in date ? date.instant : undefined,
    level,
    reason: textAt(fields.reason),
    comment: textAt(fields.comment),
  });
}

/** Writes an item of `DongBoDanhGia` in the form that the settings describe. */
export function writeRating(rating: Rating, { fields, levels, dates = 'yyyyMMddHHmmss' }: RatingPayload): WireObject {
  const { dossierCode, ratedAt, level, reason = '', comment = '' } = rating;
  const written: Record<string, Wire> = {
    [fields.dossierCode]: dossierCode,
    [fields.ratedAt]: formatLocal(dates, ratedAt),
    [fields.level]: levels[level],
  };
  if (fields.reason) written[fields.reason] = nfc(reason);
  if (fields.comment) written[fields.comment] = nfc(comment);
  return written;
}
