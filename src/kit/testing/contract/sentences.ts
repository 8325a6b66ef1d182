import { isWords } from '#messages/render';

/** The value with each problem and cause as its sentence alone, as cases have them: codes and arguments are left out. */
export function asSentences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asSentences);
  if (typeof value !== 'object' || value === null) return value;
  const isTold = isWords(value) && 'message' in value;
  const members = Object.entries(value).filter(([name]) => !(isTold && (name === 'code' || name === 'args')));
  return Object.fromEntries(members.map(([name, member]) => [name, asSentences(member)]));
}
