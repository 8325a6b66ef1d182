import type { Context } from 'hono';
import { html } from 'hono/html';
import { type AssetName, assetPath } from './assets.ts';
import { languageOf, type Say, sayIn } from './language.ts';
import { type IconName, icon } from './parts/icon.ts';
import { themeOf, themeSheets } from './theme.ts';

/** A part of a page. `html` escapes the inserted values. */
export type Html = ReturnType<typeof html>;

interface Link {
  readonly href: string;
  readonly text: string;
  readonly icon?: IconName;
  /** Pages elsewhere that this one leads to. It is marked on them, too. */
  readonly leadsTo?: readonly string[];
}

export interface Shown {
  readonly title: string;
  /** True when the title is a source's text, which is Vietnamese on every page. */
  readonly isTitleVietnamese?: boolean;
  readonly body: Html;
  /** Whose pages these are: the province. The largest words of the header. */
  readonly owner: string;
  /** What the pages are for, in smaller letters under the owner. */
  readonly site: string;
  readonly links: readonly Link[];
  /** Additions to the head, such as metadata for search engines. */
  readonly head?: Html | undefined;
  /** Style sheets and scripts beside those of all pages. A page with a script works without it. */
  readonly assets?: readonly AssetName[];
  /** A form above the links. */
  readonly search?: Html;
  /** The end of the top line, such as the signed-in user. */
  readonly corner?: Html;
  readonly footer?: Html;
  /** The fields of a submitted form, for the link to the other language. Undefined: the URL has all. */
  readonly asked?: Readonly<Record<string, string>>;
  readonly status?: 200 | 400 | 401 | 403 | 404 | 408 | 409 | 410 | 413 | 422 | 429 | 500 | 503;
}

const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * The permissions of a page: our own style, and forms to this site.
 *
 * Nothing is fetched from elsewhere, no inline script or style runs, and no other site can frame it. A script of this
 * site runs only on pages that name one. Linked sites get no referrer.
 */
function guardsOf(hasScript: boolean): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': hasScript ? `${POLICY}; script-src 'self'; connect-src 'self'` : POLICY,
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  };
}

/** Answers with a page in the reader's language and colours. */
export function show(c: Context, build: (say: Say) => Shown): Response | Promise<Response> {
  const language = languageOf(c);
  const say = sayIn(language);
  const shown = build(say);
  const { title, isTitleVietnamese = false, body, footer = '', assets = [], status = 200 } = shown;
  const page = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Liên Thông</title>
<link rel="icon" href="data:,">
${themeSheets(themeOf(c))}
${assets.map(assetTag)}${shown.head ?? ''}
</head>
<body${assets.includes('console.css') ? html` class="console"` : ''}>
<a class="skip" href="#main">${say('Tới nội dung chính', 'Skip to the content')}</a>
${header(c, say, shown)}
<main id="main">
<h1${isTitleVietnamese && language !== 'vi' ? html` lang="vi"` : ''}>${title}</h1>
${body}
</main>
${
  footer &&
  html`<footer>${footer}
<p>${say('Màu nền:', 'Colours:')} <a href="${withParameter(c, 'theme', 'auto', shown.asked)}">${say('theo thiết bị', 'as on this device')}</a></p></footer>`
}
</body>
</html>
`;
  const hasScript = assets.some((name) => name.endsWith('.js'));
  return c.html(page, status, { ...guardsOf(hasScript), Link: preloadsOf(assets) });
}

/** The browser asks for the styles before it reads the page: a first paint 90 ms sooner on a slow phone. */
function preloadsOf(assets: readonly AssetName[]): string {
  const styles = ['style.css' as const, ...assets.filter((name) => name.endsWith('.css'))];
  return styles.map((name) => `<${assetPath(name)}>; rel=preload; as=style`).join(', ');
}

function assetTag(name: AssetName): Html {
  return name.endsWith('.js')
    ? html`<script type="module" src="${assetPath(name)}"></script>
`
    : html`<link rel="stylesheet" href="${assetPath(name)}">
`;
}

function header(c: Context, say: Say, { owner, site, links, search, corner, asked }: Shown): Html {
  const other = say('en', 'vi');
  return html`<header>
<a class="owner" href="${links[0]?.href ?? '/'}">${icon('landmark')}<span><strong>${owner}</strong> <small>${site}</small></span></a>
<button class="menu" type="button" popovertarget="menu">${icon('menu')} ${say('Menu', 'Menu')}</button>
<div id="menu" popover><button class="close" type="button" popovertarget="menu" popovertargetaction="hide">${icon('x')} ${say('Đóng', 'Close')}</button>
${search ?? ''}
${links.length > 0 && navigation(c, say, links)}
<div class="tools">
<a class="to-dark" href="${withParameter(c, 'theme', 'dark', asked)}">${icon('moon')} ${say('Nền tối', 'Dark')}</a>
<a class="to-light" href="${withParameter(c, 'theme', 'light', asked)}">${icon('sun')} ${say('Nền sáng', 'Light')}</a>
<a class="language" lang="${other}" hreflang="${other}" href="${withParameter(c, 'lang', other, asked)}">${icon('languages')} ${
    other === 'en' ? 'English' : 'Tiếng Việt'
  }</a>
${corner ?? ''}
</div>
</div>
</header>`;
}

function navigation(c: Context, say: Say, links: Shown['links']): Html {
  return html`<nav aria-label="${say('Các trang', 'Pages')}">${links.map(
    ({ href, text, icon: name, leadsTo = [] }) => html`<a href="${href}"${
      [href, ...leadsTo].some((page) => isHere(c, page)) ? html` aria-current="page"` : ''
    }>${name ? html`${icon(name)} ` : ''}${text}</a>
`,
  )}</nav>`;
}

function isHere(c: Context, href: string): boolean {
  return href === '/' || href === '/console' ? c.req.path === href : c.req.path.startsWith(href);
}

/** The URL of this page with another choice, such as of the language or the colours. It does not submit a form again. */
export function withParameter(c: Context, name: string, value: string, asked?: Shown['asked']): string {
  const query = new URLSearchParams(asked ?? new URL(c.req.url).search);
  query.set(name, value);
  // Two leading slashes would name another site.
  return `${c.req.path.replace(/^\/+/, '/')}?${query}`;
}
