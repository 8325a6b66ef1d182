import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Hono } from 'hono';
import { OPERATIONS } from '#schemas/operations';
import { openApi, published } from './openapi.ts';
import { Refusal } from './problem.ts';
import type { AddRoute, RouteDoc } from './route.ts';

/** The OpenAPI document, the page to read and try it, and the published schemas. */
export function addDocs(app: Hono, add: AddRoute, docs: readonly RouteDoc[]): void {
  add(
    {
      method: 'get',
      path: '/openapi.json',
      tag: 'Operation',
      summary: 'This document',
      replies: { 200: { description: 'OpenAPI 3.1' } },
    },
    (c) => c.json(openApi(docs)),
  );
  add(
    {
      method: 'get',
      path: '/schemas/{name}',
      tag: 'Operation',
      summary: 'The JSON Schema of an operation, such as dossier.upsert.v1.json',
      replies: { 200: { description: 'JSON Schema 2020-12' }, 404: { description: 'No such schema' } },
    },
    (c) => {
      const name = c.req.param('name')?.replace(/\.json$/, '') ?? '';
      if (!Object.hasOwn(OPERATIONS, name))
        throw new Refusal(
          'not-found',
          `there is no schema ${JSON.stringify(name)}; there are ${Object.keys(OPERATIONS).join(', ')}`,
        );
      const schema = {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        ...published(OPERATIONS[name as keyof typeof OPERATIONS]),
      };
      return c.body(JSON.stringify(schema), 200, { 'Content-Type': 'application/schema+json' });
    },
  );
  app.get('/docs', (c) => c.html(PAGE));
  app.get('/docs/:file', (c) => {
    const asset = ASSETS[c.req.param('file')];
    if (!asset) throw new Refusal('not-found', 'there is no such file');
    return c.body(readFileSync(join(swaggerUi(), c.req.param('file')), 'utf8'), 200, {
      'Content-Type': asset,
      'Cache-Control': 'public, max-age=86400',
    });
  });
}

const ASSETS: Readonly<Record<string, string>> = {
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'swagger-ui.css': 'text/css; charset=utf-8',
};

function swaggerUi(): string {
  return dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
}

const PAGE = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Liên Thông – API</title>
  <link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
  <div id="api"></div>
  <script src="/docs/swagger-ui-bundle.js"></script>
  <script>
    SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true, persistAuthorization: true, validatorUrl: null });
  </script>
</body>
</html>
`;
