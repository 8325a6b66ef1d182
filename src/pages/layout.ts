import type { Context } from 'hono';
import { html } from 'hono/html';
import { languageOf, type Say, sayIn } from './language.ts';

/** A part of a page. `html` escapes the inserted values. */
export type Html = ReturnType<typeof html>;

export interface Shown {
  readonly title: string;
  /** True when the title is a source's text, which is Vietnamese on every page. */
  readonly isTitleVietnamese?: boolean;
  readonly body: Html;
  /** Whose pages these are: the province. The largest words of the header. */
  readonly owner: string;
  /** What the pages are for, in smaller letters under the owner. */
  readonly site: string;
  readonly links: readonly { readonly href: string; readonly text: string }[];
  /** Additions to the head, such as a style sheet. */
  readonly head?: Html | undefined;
  /** The end of the top line, such as the signed-in user. */
  readonly corner?: Html;
  /** The fields of a submitted form, for the link to the other language. Undefined: the URL has all. */
  readonly asked?: Readonly<Record<string, string>>;
  readonly status?: 200 | 400 | 401 | 403 | 404 | 408 | 409 | 413 | 422 | 429 | 500 | 503;
}

/**
 * The permissions of a page: our own style, and forms to this site.
 *
 * No script runs, nothing is fetched from elsewhere, and no other site can frame it. Linked sites get no
 * referrer.
 */
const GUARDS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

/** Answers with a page in the reader's language. */
export function show(c: Context, build: (say: Say) => Shown): Response | Promise<Response> {
  const language = languageOf(c);
  const say = sayIn(language);
  const {
    title,
    isTitleVietnamese = false,
    body,
    owner,
    site,
    links,
    head = '',
    corner = '',
    asked,
    status = 200,
  } = build(say);
  const other = language === 'vi' ? 'en' : 'vi';
  const page = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Liên Thông</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/pages/style.css">
${head}
</head>
<body>
<a class="skip" href="#main">${say('Tới nội dung chính', 'Skip to the content')}</a>
<header>
<a class="owner" href="${links[0]?.href ?? '/'}"><strong>${owner}</strong> <span>${site}</span></a>
<button class="menu" type="button" popovertarget="menu">${say('Menu', 'Menu')}</button>
<div id="menu" popover>
${links.length > 0 && navigation(c, say, links)}
<a class="language" lang="${other}" hreflang="${other}" href="${inOther(c, other, asked)}">${
    other === 'en' ? 'English' : 'Tiếng Việt'
  }</a>
${corner}
</div>
</header>
<main id="main">
<h1${isTitleVietnamese && language !== 'vi' ? html` lang="vi"` : ''}>${title}</h1>
${body}
</main>
</body>
</html>
`;
  return c.html(page, status, GUARDS);
}

function navigation(c: Context, say: Say, links: Shown['links']): Html {
  return html`<nav aria-label="${say('Các trang', 'Pages')}">${links.map(
    ({ href, text }) => html`<a href="${href}"${isHere(c, href) ? html` aria-current="page"` : ''}>${text}</a>
`,
  )}</nav>`;
}

function isHere(c: Context, href: string): boolean {
  return href === '/' || href === '/console' ? c.req.path === href : c.req.path.startsWith(href);
}

/** The URL of this page in the other language. It does not submit a form again. */
function inOther(c: Context, other: string, asked: Shown['asked']): string {
  const query = new URLSearchParams(asked ?? new URL(c.req.url).search);
  query.set('lang', other);
  // Two leading slashes would name another site.
  return `${c.req.path.replace(/^\/+/, '/')}?${query}`;
}
