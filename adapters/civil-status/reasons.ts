import { fold, inspectText, textOf } from '#kit';

/** The ministry's complaints, one by one. It writes them into one text or into a list. */
export function reasonsIn(...values: readonly unknown[]): readonly string[] {
  for (const value of values) {
    const reasons = textsIn(value)
      .flatMap((text) => text.split(/[;|\r\n]+|\.\s+/))
      .map((reason) => reason.trim().replace(/\.$/, ''))
      .filter((reason) => reason !== '');
    if (reasons.length > 0) return reasons;
  }
  return [];
}

/** Nobody nests complaints deeper. Lists nested thousands deep would overflow the stack. */
const DEEPEST = 10;

function textsIn(value: unknown, depth = 0): readonly string[] {
  if (typeof value === 'object' && value !== null)
    return depth === DEEPEST ? [] : Object.values(value).flatMap((one) => textsIn(one, depth + 1));
  const text = textOf(value);
  return text === undefined ? [] : [inspectText(text).text];
}

/** Words of permanent complaints about the content, in the form that `fold` returns. */
const COMPLAINTS =
  /vuot qua (?:do dai|so ky tu|gioi han)|qua dai|khong (?:ton tai|co|nam|thuoc) (?:trong )?danh muc|(?:khong dung|sai) dinh dang|khong duoc (?:de trong|bo trong)|la bat buoc|bat buoc nhap|khong hop le|data_incorrect/;
const OF_ACCESS = /token|authen|ma xac thuc|dia chi ip|ip_disallowed/;
const TAKEN_BEFORE = /da duoc tiep nhan|da ton tai ho so/;

export type Complaint = 'of-content' | 'of-access' | 'taken-before' | 'other';

/** Classifies a complaint, regardless of accents and capitals. */
export function complaintOf(reason: string): Complaint {
  const words = fold(reason);
  if (OF_ACCESS.test(words)) return 'of-access';
  if (COMPLAINTS.test(words)) return 'of-content';
  return TAKEN_BEFORE.test(words) || isSaidToExist(words) ? 'taken-before' : 'other';
}

/** Finds `ho so … da ton tai`. As one regular expression it took 104 s for a page of 600 KB of `ho so`. */
function isSaidToExist(words: string): boolean {
  const at = words.indexOf('ho so');
  return at !== -1 && words.includes(' da ton tai', at);
}
