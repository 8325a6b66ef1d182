import type { RouteDoc } from './route.ts';

/** A schema as it is published: without the words that only the hub's own cleaning reads. */
export function published(schema: object): object {
  return JSON.parse(JSON.stringify(schema, (key, value) => (key === 'clean' ? undefined : value)));
}

/** The OpenAPI 3.1 document of these routes. Their schemas are JSON Schema already, so nothing is lost on the way. */
export function openApi(docs: readonly RouteDoc[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const doc of docs) paths[doc.path] = { ...paths[doc.path], [doc.method]: operationOf(doc) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Liên Thông',
      version: '1',
      description:
        'The integration hub between a one-stop system, ministry systems and the public-service portal. Times are RFC 3339 with a zone; text is Unicode NFC; errors are application/problem+json (RFC 9457).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: ['Doors', 'Dossiers', 'Catalogue', 'Operation'].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'The secret of a key' } },
      schemas: { Problem: PROBLEM },
    },
  };
}

const PROBLEM = {
  title: 'Problem',
  description: 'RFC 9457',
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    problems: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

function operationOf(doc: RouteDoc): object {
  return {
    tags: [doc.tag],
    summary: doc.summary,
    ...(doc.description && { description: doc.description }),
    operationId: `${doc.method} ${doc.path}`.replaceAll(/[^A-Za-z0-9]+/g, '_').replace(/_$/, ''),
    ...(doc.scopes ? { security: [{ key: [] }], 'x-scopes': doc.scopes } : { security: [] }),
    parameters: parametersOf(doc),
    ...(doc.body && { requestBody: { required: true, content: contentOf(doc.body) } }),
    responses: responsesOf(doc),
  };
}

function parametersOf(doc: RouteDoc): object[] {
  const inPath = [...doc.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(doc.query?.properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    schema: published(schema as object),
  }));
  return [...inPath, ...inQuery];
}

function contentOf(body: Readonly<Record<string, object>>): object {
  return Object.fromEntries(
    Object.entries(body).map(([mediaType, schema]) => [mediaType, { schema: published(schema) }]),
  );
}

function responsesOf(doc: RouteDoc): object {
  const told = Object.entries(doc.replies).map(([status, { description, schema, mediaType = 'application/json' }]) => {
    const content =
      Number(status) < 400 || schema ? { [mediaType]: { schema: schema ? published(schema) : {} } } : PROBLEM_CONTENT;
    return [status, { description, content }];
  });
  return { ...Object.fromEntries(told), default: { description: 'A problem', content: PROBLEM_CONTENT } };
}

const PROBLEM_CONTENT = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
