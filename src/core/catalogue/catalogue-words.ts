import type { Bilingual, Language } from '#messages/message';
import type { CatalogueChange, Step } from './catalogue-diff.ts';
import {
  describe,
  feeOf,
  inLanguage,
  isLong,
  labelOf,
  lower,
  type Members,
  nameOf,
  timeOf,
  wordsOf,
} from './catalogue-values.ts';

export type ChangedKind = 'service' | 'agency' | 'field';

const KIND: Readonly<Record<ChangedKind, Bilingual>> = {
  service: ['Thủ tục', 'The service'],
  agency: ['Cơ quan', 'The agency'],
  field: ['Lĩnh vực', 'The field'],
};

/** A change as one line for people: `Phí, lệ phí (Trực tiếp): 20.000 đ → 30.000 đ`. */
export function changeText(kind: ChangedKind, { path, was, now, way }: CatalogueChange, language: Language): string {
  const last = way.at(-1) as Step;
  const say = (words: Bilingual): string => inLanguage(language, words);
  if (last.member === 'inForce' && way.length === 1) return inForce(kind, now, language);
  const label = numbered(last, path, language);
  const around = contextOf(way.slice(0, -1), language);
  if (last.of && (was === null || now === null)) {
    const one = describe(last.member, was ?? now, language);
    return was === null
      ? say([`Thêm ${lower(label)}${around}: ${one}`, `${label} added${around}: ${one}`])
      : say([`Bỏ ${lower(label)}${around}: ${one}`, `${label} removed${around}: ${one}`]);
  }
  if (Array.isArray(was) && Array.isArray(now))
    return say([`${label}${around}: thứ tự đã thay đổi`, `${label}s${around}: the order has changed`]);
  const subject = subjectOf(way, label, language);
  const [before, after] = bothValues({ was, now, way }, language);
  if (isLong(before) || isLong(after)) return `${subject}: ${say(textChange(was, now))}`;
  return `${subject}: ${before} → ${after}`;
}

function inForce(kind: ChangedKind, now: unknown, language: Language): string {
  const state: Bilingual =
    now === true ? ['có hiệu lực trở lại', 'is in force again'] : ['hết hiệu lực', 'is no longer in force'];
  return `${inLanguage(language, KIND[kind])} ${inLanguage(language, state)}`;
}

/** The change of a text that is too long to show. */
const textChange = (was: unknown, now: unknown): Bilingual =>
  was === null
    ? ['nội dung được thêm', 'text was added']
    : now === null
      ? ['nội dung được bỏ', 'text was removed']
      : ['nội dung đã thay đổi', 'the text has changed'];

/** The changed thing: a member of the record, or of a named list item. */
function subjectOf(way: readonly Step[], label: string, language: Language): string {
  const last = way.at(-1) as Step;
  if (last.of) return `${label}${contextOf(way.slice(0, -1), language)}`;
  const holder = way.at(-2);
  if (!holder) return label;
  const name = nameOfStep(holder, language);
  const of = `${labelOf(holder.member, language)}${name && ` ${name}`}${contextOf(way.slice(0, -2), language)}`;
  const isItself =
    last.member === 'amountVnd' || last.member === 'text' || (holder.member === 'terms' && isTime(last.member));
  return isItself ? of : `${of}, ${lower(label)}`;
}

/** A procedure's steps have numbers instead of names. */
function numbered({ member, of }: Step, path: string, language: Language): string {
  if (member !== 'steps' || !of) return labelOf(member, language);
  return `${inLanguage(language, ['Bước', 'Step'])} ${Number(path.split('/').at(-1)) + 1}`;
}

const isTime = (member: string): boolean => member === 'amount' || member === 'unit';

/** Both values in words. For the number or unit of a term, both whole terms, because `10` alone says nothing. */
function bothValues({ was, now, way }: Omit<CatalogueChange, 'path'>, language: Language): readonly [string, string] {
  const last = way.at(-1) as Step;
  const { of } = way.at(-2) ?? {};
  const holder = way.at(-2)?.member;
  if (of && holder === 'terms' && isTime(last.member))
    return [timeOf(of.was as Members, language), timeOf(of.now as Members, language)];
  if (of && holder === 'fees' && last.member === 'amountVnd')
    return [feeOf(of.was as Members, language), feeOf(of.now as Members, language)];
  return [wordsOf(last.member, was, language), wordsOf(last.member, now, language)];
}

/** The cases, papers or ways to file that contain the change, if they have names. */
function contextOf(way: readonly Step[], language: Language): string {
  const named = way.flatMap((step) => {
    if (step.member === 'terms') return [];
    const name = nameOfStep(step, language);
    if (!step.of) return labelOf(step.member, language);
    if (name === '' || step.member === 'channels') return name || [];
    return `${lower(labelOf(step.member, language))} ${name}`;
  });
  return named.length > 0 ? ` (${named.join(', ')})` : '';
}

const nameOfStep = ({ member, of }: Step, language: Language): string => nameOf(member, of?.now ?? of?.was, language);
