import { type CodesOf, type InvalidItem, type Item, inEnglish, say, storedWords, type Words } from '#kit';
import { readAgency, readField } from '#mappings/national-portal/dictionaries';
import { parseReply } from '#mappings/national-portal/envelope';
import { readProcedure } from '#mappings/national-portal/procedure';
import { withoutConflicts } from './conflicts.ts';
import { dialectOf, type Settings } from './settings.ts';

/** An unchanged reply of the portal, with the request that it answers. */
export interface KeptReply {
  readonly service: 'LayDanhMucCoQuan' | 'LayDanhMucLinhVuc' | 'LayThuTuc';
  /** The procedure of the request. */
  readonly code?: string;
  /** The portal's text, unchanged. */
  readonly reply?: string;
  /** Why the reply is missing. */
  readonly failed?: string;
}

/** The catalogue entries of a reply. Pure: the same reply always gives the same entries. */
export function readKept(
  { service, code, reply, failed }: KeptReply,
  settings: Settings,
  entered: CodesOf,
): readonly Item[] {
  const { codes } = dialectOf(settings, entered);
  if (reply === undefined)
    return [
      invalid(
        code,
        say('service-unanswered', { service, why: failed === undefined ? say('nothing-came') : storedWords(failed) }),
      ),
    ];
  const parsed = parseReply(reply);
  if (parsed.kind === 'not-a-reply') return [invalid(code, say('service-answered-by', { service, what: parsed.why }))];
  if (parsed.kind === 'error')
    return [invalid(code, say('service-answered-by', { service, what: say('error-code', { code: parsed.code }) }))];
  if (service === 'LayDanhMucCoQuan')
    return withoutConflicts(
      'agency',
      parsed.result.map((entry) => readAgency(entry, { codes })),
    );
  if (service === 'LayDanhMucLinhVuc') return withoutConflicts('field', parsed.result.map(readField));
  if (parsed.result[0] === undefined) return [invalid(code, say('procedure-empty'))];
  return [readProcedure(parsed.result[0], { codes })];
}

function invalid(code: string | undefined, words: Words): InvalidItem {
  return { kind: 'invalid', code: code || undefined, problems: [{ path: '', ...inEnglish(words) }] };
}
