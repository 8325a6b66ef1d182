import type { Context } from 'hono';
import { html } from 'hono/html';
import { languageOf, type Say, sayIn } from './language.ts';

/** A piece of a page: what is put into it by `html` is escaped. */
export type Html = ReturnType<typeof html>;

export interface Shown {
  readonly title: string;
  /** Where the title is a text of a source, which is Vietnamese on every page. */
  readonly isTitleVietnamese?: boolean;
  readonly body: Html;
  /** Whose name stands at the top. */
  readonly owner: string;
  readonly links: readonly { readonly href: string; readonly text: string }[];
  /** What stands in the head besides, such as a style of its own. */
  readonly head?: Html;
  /** What stands at the end of the top line, such as who is signed in. */
  readonly corner?: Html;
  /** What was asked by a form, as its page may be linked to in the other language; otherwise its address says it. */
  readonly asked?: Readonly<Record<string, string>>;
  readonly status?: 200 | 400 | 401 | 403 | 404 | 408 | 409 | 413 | 422 | 429 | 500 | 503;
}

/**
 * What a page may do: show itself, in our own style, and send its forms here. Nothing runs in it, nothing is fetched
 * from elsewhere, no other site frames it, and no address that it links to hears where its reader came from.
 */
const GUARDS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

/** Answer with a page in the reader's language. */
export function show(c: Context, build: (say: Say) => Shown): Response | Promise<Response> {
  const language = languageOf(c);
  const say = sayIn(language);
  const {
    title,
    isTitleVietnamese = false,
    body,
    owner,
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
<a class="owner" href="${links[0]?.href ?? '/'}"><strong>Liên Thông</strong> <span>${owner}</span></a>
<nav aria-label="${say('Các trang', 'Pages')}">${links.map(
    ({ href, text }) => html`<a href="${href}"${isHere(c, href) ? html` aria-current="page"` : ''}>${text}</a>
`,
  )}<a class="language" lang="${other}" hreflang="${other}" href="${inOther(c, other, asked)}">${
    other === 'en' ? 'English' : 'Tiếng Việt'
  }</a></nav>
${corner}
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

function isHere(c: Context, href: string): boolean {
  return href === '/' || href === '/console' ? c.req.path === href : c.req.path.startsWith(href);
}

/** This page again, in the other language. What was sent by a form is not sent again. */
function inOther(c: Context, other: string, asked: Shown['asked']): string {
  const query = new URLSearchParams(asked ?? new URL(c.req.url).search);
  query.set('lang', other);
  // With two slashes before it, it would be the name of another site.
  return `${c.req.path.replace(/^\/+/, '/')}?${query}`;
}
