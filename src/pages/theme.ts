import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { html } from 'hono/html';
import { assetPath } from './assets.ts';
import { parameterOf } from './language.ts';
import type { Html } from './layout.ts';

const THEMES = ['light', 'dark', 'auto'] as const;

/** `auto` follows the reader's device. */
export type Theme = (typeof THEMES)[number];

const YEAR_S = 365 * 86_400;

/** The colours of a page: the requested ones (`?theme=`, stored in a cookie), otherwise those of the device. */
export function themeOf(c: Context): Theme {
  const asked = THEMES.find((one) => one === parameterOf(c, 'theme'));
  if (asked) setCookie(c, 'theme', asked, { path: '/', maxAge: YEAR_S, sameSite: 'Lax', httpOnly: true });
  return asked ?? THEMES.find((one) => one === getCookie(c, 'theme')) ?? 'auto';
}

/** The colours for the head of a page. Paper is always light. */
export function themeSheets(theme: Theme): Html {
  const media = theme === 'dark' ? 'screen' : 'screen and (prefers-color-scheme: dark)';
  const scheme = theme === 'auto' ? 'light dark' : theme;
  return html`<meta name="color-scheme" content="${scheme}">
<link rel="stylesheet" href="${assetPath('style.css')}">${
    theme === 'light'
      ? ''
      : html`
<link rel="stylesheet" href="${assetPath('dark.css')}" media="${media}">`
  }`;
}
