import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { languageOf, parameterOf, sayIn } from '../language.ts';
import { themeOf, themeSheets } from '../theme.ts';
import { STATUS } from '../words.ts';

/** The component with the words of the statuses, which it shares with the pages. */
const SCRIPT = `const STATUS = ${JSON.stringify(STATUS)};
${readFileSync(join(import.meta.dirname, 'dossier.js'), 'utf8')}`;

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors *";

const LONGEST_CODE = 100;

/** The look-up for the pages of other portals: a web component, and a page for an iframe. */
export function addEmbed(pages: Hono): void {
  pages.get('/embed/dossier.js', (c) =>
    c.body(SCRIPT, 200, {
      'Content-Type': 'text/javascript; charset=utf-8',
      'Cache-Control': 'public, max-age=3600',
      'Access-Control-Allow-Origin': '*',
      'Cross-Origin-Resource-Policy': 'cross-origin',
      'X-Content-Type-Options': 'nosniff',
    }),
  );
  pages.get('/embed/dossier', framePage);
}

/** Every site may frame it: it has no session, so a click on it does nothing in anybody's name. */
function framePage(c: Context): Response | Promise<Response> {
  const language = languageOf(c);
  const say = sayIn(language);
  const code = (parameterOf(c, 'code') ?? '').slice(0, LONGEST_CODE);
  const page = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${say('Tra cứu hồ sơ', 'Look up a dossier')}</title>
${themeSheets(themeOf(c))}
<script type="module" src="/embed/dossier.js"></script>
</head>
<body class="embed"><main>
<h1 class="hidden">${say('Tra cứu hồ sơ', 'Look up a dossier')}</h1>
<lienthong-dossier lang="${language}" code="${code}"></lienthong-dossier>
<noscript><p><a href="/" target="_blank" rel="noopener">${say('Mở trang tra cứu hồ sơ', 'Open the page that looks up dossiers')}</a></p></noscript>
</main></body>
</html>
`;
  return c.html(page, 200, {
    'Content-Security-Policy': POLICY,
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  });
}
