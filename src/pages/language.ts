import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

export type Language = 'vi' | 'en';

/** What is said in the reader's language; written where it is shown, so that neither is forgotten. */
export type Say = (vietnamese: string, english: string) => string;

const YEAR_S = 365 * 86_400;

/** The language of a page: the one that is asked for (`?lang=`, kept in a cookie), otherwise Vietnamese. */
export function languageOf(c: Context): Language {
  const asked = c.req.query('lang');
  if (asked === 'vi' || asked === 'en') {
    setCookie(c, 'lang', asked, { path: '/', maxAge: YEAR_S, sameSite: 'Lax', httpOnly: true });
    return asked;
  }
  return getCookie(c, 'lang') === 'en' ? 'en' : 'vi';
}

export function sayIn(language: Language): Say {
  return (vietnamese, english) => (language === 'vi' ? vietnamese : english);
}
