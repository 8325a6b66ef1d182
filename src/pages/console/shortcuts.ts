import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { parameterOf } from '../language.ts';

const CHOICES = ['on', 'off'] as const;
const YEAR_S = 365 * 86_400;

/**
 * Whether the one-letter keys act: the requested choice (`?keys=`, stored in a cookie), otherwise yes. People who use
 * speech input must be able to turn them off (WCAG 2.1.4).
 */
export function hasShortcuts(c: Context): boolean {
  const asked = CHOICES.find((one) => one === parameterOf(c, 'keys'));
  if (asked) setCookie(c, 'keys', asked, { path: '/console', maxAge: YEAR_S, sameSite: 'Lax', httpOnly: true });
  return (asked ?? getCookie(c, 'keys')) !== 'off';
}
