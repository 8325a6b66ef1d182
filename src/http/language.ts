import type { Context } from 'hono';
import type { Language } from '#messages/message';
import { isWords, render } from '#messages/render';

/** The language of an answer: Vietnamese where Accept-Language prefers it to English, otherwise English. */
export function languageOf(c: Context): Language {
  return preferredLanguage(c.req.header('accept-language') ?? '') ?? 'en';
}

/**
 * The language of the highest weight, its regions included (RFC 9110 12.5.4). Of equal ones it is the first, as clients
 * write them. Undefined where neither is accepted.
 */
export function preferredLanguage(accepted: string): Language | undefined {
  let best: { readonly language: Language; readonly weight: number } | undefined;
  for (const range of accepted.toLowerCase().split(',')) {
    // Trimmed part by part: a pattern with space on both sides takes quadratic time for a long run of blanks.
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim());
    const language = name.split('-', 1)[0];
    const weight = Number(parameters.find((one) => one.startsWith('q='))?.slice(2) ?? '1') || 0;
    if ((language === 'vi' || language === 'en') && weight > (best?.weight ?? 0)) best = { language, weight };
  }
  return best?.language;
}

/** A reply as JSON, with its sentences in the language of the request. */
export function jsonIn(c: Context, value: object): Response {
  const language = languageOf(c);
  return c.json(inLanguage(language, value), 200, { 'Content-Language': language });
}

/** The value with the sentences of all words in it in a language. English sentences are already there. */
export function inLanguage<T>(language: Language, value: T): T {
  return language === 'en' ? value : (translated(value, language) as T);
}

function translated(value: unknown, language: Language): unknown {
  if (Array.isArray(value)) return value.map((one) => translated(one, language));
  if (typeof value !== 'object' || value === null) return value;
  if (isWords(value) && 'message' in value) return { ...value, message: render(value, language) };
  if (isOld(value)) return { ...value, message: `“${value.message}”` };
  const members = Object.entries(value).map(([name, one]) => [name, translated(one, language)] as const);
  return { ...Object.fromEntries(members), ...sentenceOf(value as Readonly<Record<string, unknown>>, language) };
}

/** A problem that an older version stored. */
function isOld(value: object): value is { readonly message: string } {
  return 'path' in value && 'message' in value && typeof value.message === 'string';
}

/** The members whose words stand beside them as `words`. */
const BESIDE_WORDS = ['detail', 'cause', 'lastError', 'problem', 'note'] as const;

/** A sentence that an older version stored has no words: it is quoted. */
function sentenceOf(value: Readonly<Record<string, unknown>>, language: Language): object {
  const name = Object.hasOwn(value, 'words') ? BESIDE_WORDS.find((one) => typeof value[one] === 'string') : undefined;
  if (name === undefined) return {};
  return { [name]: isWords(value.words) ? render(value.words, language) : `“${value[name]}”` };
}
