import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Hono } from 'hono';
import { say } from '#messages/message';
import { received } from '#messages/received';
import { OPERATIONS } from '#schemas/operations';
import { operationIndex } from './docs-index.ts';
import { openApi, published } from './openapi.ts';
import { PROBLEM_KINDS, type ProblemKind, Refusal } from './problem.ts';
import { type AddRoute, conditional, type RouteDoc } from './route.ts';
import { asSent } from './sent-schema.ts';

/** The OpenAPI document, the page that shows it, and the published schemas. */
export function addDocs(app: Hono, add: AddRoute, docs: readonly RouteDoc[]): void {
  // Built at the first request, when all routes exist. It takes 10 ms, and anybody may request it.
  let document: Buffer<ArrayBuffer> | undefined;
  add(
    {
      method: 'get',
      path: '/openapi.json',
      tag: 'Operation',
      summary: 'This document',
      conditional: true,
      replies: { 200: { description: 'OpenAPI 3.1' } },
    },
    (c) => {
      document ??= Buffer.from(JSON.stringify(openApi(docs)));
      return conditional(c, document, SHARED_CACHES);
    },
  );
  add(
    {
      method: 'get',
      path: '/schemas/{name}',
      tag: 'Operation',
      summary:
        'The JSON Schema of an operation, such as dossier.upsert.v1.json; dossier.json is the newest one of its record',
      description:
        'Describes what the doors accept. It allows values that they treat as absent (null, blank text) or clean (codes).',
      conditional: true,
      replies: {
        200: { description: 'JSON Schema 2020-12', mediaType: 'application/schema+json' },
        404: { description: 'No such schema' },
      },
    },
    (c) => {
      const name = c.req.param('name')?.replace(/\.json$/, '') ?? '';
      const found = RECORD_OF.get(name.toLowerCase());
      if (!found)
        throw new Refusal('not-found', say('no-schema', { got: received(name), list: Object.keys(OPERATIONS) }));
      const schema = {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        ...published(asSent(found)),
      };
      return conditional(c, JSON.stringify(schema), { ...SHARED_CACHES, 'Content-Type': 'application/schema+json' });
    },
  );
  addPage(app, docs);
}

function addPage(app: Hono, docs: readonly RouteDoc[]): void {
  // Also built at the first request.
  let page: string | undefined;
  app.get('/docs', (c) => {
    page ??= pageOf(operationIndex(docs));
    return c.html(page, 200, GUARDS);
  });
  app.get('/docs/:file', (c) => {
    const file = c.req.param('file');
    const asset = Object.hasOwn(ASSETS, file) ? ASSETS[file] : undefined;
    if (!asset) throw new Refusal('not-found', say('no-such-file'));
    return c.body(bytesOf(file), 200, {
      'Content-Type': asset,
      'Cache-Control': 'public, max-age=86400',
      'X-Content-Type-Options': 'nosniff',
    });
  });
}

/** Not personal: shared caches may store these, and check that they are still valid. */
const SHARED_CACHES = { 'Cache-Control': 'public, no-cache' };

/** By the name of each operation, and by the name of its record. */
const RECORD_OF: ReadonlyMap<string, object> = new Map(
  Object.entries(OPERATIONS).flatMap(([name, schema]): [string, object][] => [
    [name, schema],
    ...namesOf(schema as Named).map((one): [string, object] => [one, schema]),
  ]),
);

interface Named {
  readonly $id?: string;
  readonly title?: string;
}

/** Of `question.v1`: its `$id`, the name without the version, and the title. */
function namesOf({ $id = '', title = '' }: Named): readonly string[] {
  return [$id, $id.replace(/(?:\.upsert)?\.v\d+$/, ''), title.toLowerCase()];
}

const ASSETS: Readonly<Record<string, string>> = {
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'swagger-ui.css': 'text/css; charset=utf-8',
};

const assetBytes = new Map<string, Buffer<ArrayBuffer>>();

/** Read once, so that a client that never reads its answer holds no copy of its own. */
function bytesOf(file: string): Buffer<ArrayBuffer> {
  const bytes = assetBytes.get(file) ?? readFileSync(join(swaggerUi(), file));
  assetBytes.set(file, bytes);
  return bytes;
}

function swaggerUi(): string {
  return dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
}

/** The advice for each kind of problem. */
const ADVICE: Readonly<Record<ProblemKind, string>> = {
  'not-json': 'Send a body that matches Content-Type and Content-Encoding. The detail names the place of the error.',
  'bad-request':
    'Correct the values in <code>problems</code>: parameters as ?name, parts of the path as {name}, headers by name, body members as JSON Pointers.',
  unauthorized: 'Send Authorization: Bearer with the secret of a key.',
  forbidden: 'Ask the operators for a key with the scope or the party in the detail.',
  'not-found': 'Check the path. The detail says what is missing.',
  'method-not-allowed': 'Use one of the methods in <code>Allow</code>.',
  ambiguous: 'Request one of the codes in the detail.',
  'key-reused': 'Use a new Idempotency-Key for another body or another URL. The hub stores keys for 7 days.',
  decided:
    'The detail says who decided what. This order changed nothing. To change the meaning of a code, add a line to its code table.',
  changed: 'This order changed nothing. Read the record again, and give the order for its present version.',
  erased: 'Nothing of it comes back. If the request was a mistake, ask the operators why the data was erased.',
  expired: 'Request the address again: the look-up of the dossier returns a new one.',
  'too-slow':
    'Send the body within five minutes. A stream of lines (application/x-ndjson) may take hours, with pauses under a minute.',
  'too-large': 'Send smaller bodies, or a stream of lines (application/x-ndjson).',
  'too-many': 'Send several requests, or a stream of lines (application/x-ndjson).',
  'unsupported-media': 'Use one of the media types and encodings in the detail.',
  invalid: 'Correct the values in <code>problems</code> and send the request again.',
  'too-often': 'Wait for the seconds in Retry-After.',
  internal: 'Retry later. The error is in the log of the hub.',
  'not-answered': 'Ask again only if the detail gives a reason to. The register may have counted the question.',
  unavailable: 'Nothing is lost. Retry after the seconds in Retry-After.',
};

const PROBLEMS = PROBLEM_KINDS.map(
  ({ kind, status, title }) =>
    `<dt id="problem-${kind}"><code>${kind}</code>, ${status}: ${title}</dt><dd>${ADVICE[kind]}</dd>`,
).join('\n');

const STYLE = `
    header, #index, #problems { font-family: sans-serif; max-width: 1460px; margin: 2rem auto; padding: 0 20px; }
    #index summary { font-weight: bold; margin: .5rem 0; padding: .25rem 0; cursor: pointer; }
    #index ul { columns: 32rem; column-gap: 3rem; margin: 0; padding-left: 1.25rem; font-size: .875rem; }
    #index li { break-inside: avoid; margin-bottom: .25rem; overflow-wrap: anywhere; }
    #problems dt { font-weight: bold; margin-top: 1rem; }
    #problems :target { background: #fff3c4; }
  `;

const SCRIPT = `
    // Scrolls to a linked problem at once: the API is rendered later and would push it down.
    const wanted = document.getElementById(location.hash.slice(1));
    if (wanted) {
      document.body.prepend(document.getElementById('problems'));
      wanted.scrollIntoView();
    }
    // Only this page's memory holds the key. Earlier versions stored it in the browser.
    localStorage.removeItem('authorized');
    const ui = SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true, persistAuthorization: false, validatorUrl: null });
    // A link of the index opens its operation. Loading the page again would forget the key.
    addEventListener('hashchange', () => location.hash.startsWith('#/') && ui.layoutActions.parseDeepLinkHash(location.hash));
  `;

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * The page holds a key while it is used. It runs only our scripts, calls only this hub, and cannot be
 * framed.
 */
const GUARDS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    `script-src 'self' ${hashOf(SCRIPT)}`,
    `style-src 'self' ${hashOf(STYLE)}`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

const pageOf = (index: string): string => `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Liên Thông – API</title>
  <link rel="stylesheet" href="/docs/swagger-ui.css">
  <style>${STYLE}</style>
</head>
<body>
  <header>
    <h1>Liên Thông API</h1>
    <p>Every operation of this hub, to read and to try. As a file: <a href="/openapi.json">OpenAPI 3.1</a>. The pages of citizens: <a href="/">look-up</a>.</p>
  </header>
  ${index}
  <div id="api"></div>
  <section id="problems">
    <h2>Problems</h2>
    <p>Refusals are <code>application/problem+json</code> (RFC 9457); their <code>type</code> leads here.</p>
    <dl>
${PROBLEMS}
    </dl>
  </section>
  <script src="/docs/swagger-ui-bundle.js"></script>
  <script>${SCRIPT}</script>
</body>
</html>
`;
