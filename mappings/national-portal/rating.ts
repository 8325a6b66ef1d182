import { formatLocal, parseLocal } from '#core/dates/dates';
import type { Item } from '#core/dossier/item';
import { problem } from '#core/problem';
import { nfc } from '#core/vietnamese/text';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { inEnglish } from '#messages/render';
import type { Rating } from '#schemas/rating.v1';
import type { RatingPayload } from '#schemas/rating-payload';
import { CODES } from './codes.ts';
import type { FieldRules } from './fields.ts';
import { finishReading, notAnObject, requireTime } from './finish.ts';
import { readFields } from './reading.ts';
import { startReading } from './reading-notes.ts';
import { isObject } from './values.ts';
import type { Wire, WireObject } from './writing.ts';

/** Reads an item of `DongBoDanhGia` in the form that the settings describe. */
export function readRating(raw: unknown, { fields, levels, dates = 'yyyyMMddHHmmss' }: RatingPayload): Item {
  if (!isObject(raw)) return notAnObject(raw, 'rating');
  const reading = startReading(CODES);
  const rules: FieldRules = Object.entries(fields).map(([member, field]) => ({ field, member, as: 'text' }));
  const { level: given, ratedAt, ...texts } = readFields(reading, rules, raw, '', '') as Record<string, string>;
  const level = Object.entries(levels).find(([, value]) => value === given?.trim())?.[0];
  if (level === undefined) {
    const expected = say('one-of', { list: Object.values(levels) });
    reading.problems.push(problem(`/${fields.level}`, 'unexpected', { got: received(given), expected }));
  }
  const date = parseLocal(dates, ratedAt ?? '');
  if ('error' in date) reading.problems.push({ path: `/${fields.ratedAt}`, ...inEnglish(date.error) });
  const instant = 'instant' in date ? date.instant : undefined;
  requireTime(reading, instant, `/${fields.ratedAt}`, dates);
  if (texts.dossierCode === undefined)
    reading.problems.push(problem(`/${fields.dossierCode}`, 'missing', { expected: say('schema.dossier-code') }));
  // The record fills these from the same fields.
  reading.places.set('/code', { from: `/${fields.dossierCode}`, rules: [] });
  reading.places.set('/stateAt', { from: `/${fields.ratedAt}`, rules: [] });
  return finishReading(reading, 'rating.upsert.v1', { ...texts, level, ratedAt: instant });
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
