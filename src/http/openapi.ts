import { withoutUndefined } from '#core/without-undefined';
import { PROBLEM_KINDS, type ProblemKind, typeOf } from './problem.ts';
import { ProblemShown } from './problem-schema.ts';
import { AS_OF, POSITION } from './reads.ts';
import type { RouteDoc } from './route.ts';

/** Keywords for the hub's own cleaning. */
const OWN_KEYWORDS: readonly string[] = ['clean', 'absent'];

/** A schema for publication, without the keywords for the hub's own cleaning. */
export function published(schema: object): object {
  return JSON.parse(JSON.stringify(schema, (key, value) => (OWN_KEYWORDS.includes(key) ? undefined : value)));
}

/** The titled schemas of the document by name. Generated clients name their types after them. */
type Models = Map<string, object>;

/** A schema inside the OpenAPI document: each titled one stands in `components`, and is referred to. */
function embedded<T>(schema: T, models: Models): T | object {
  if (Array.isArray(schema)) return schema.map((one) => embedded(one, models));
  if (typeof schema !== 'object' || schema === null) return schema;
  // An `$id` may appear only once in a document.
  const kept = Object.entries(schema).filter(([name]) => name !== '$id' && !OWN_KEYWORDS.includes(name));
  const inside = Object.fromEntries(
    kept.map(([name, value]) => [name, VALUES.includes(name) ? value : embedded(value, models)]),
  );
  return typeof inside.title === 'string' ? referred(inside.title, inside, models) : inside;
}

/** Their values are no schemas. */
const VALUES: readonly string[] = ['const', 'default', 'enum', 'examples'];

/** @throws Error when two different schemas have one title, which is a mistake of the hub */
function referred(title: string, schema: object, models: Models): object {
  const name = title.replaceAll(/[ -]+(\w)/g, (_, letter: string) => letter.toUpperCase());
  const held = models.get(name);
  if (held && JSON.stringify(held) !== JSON.stringify(schema)) throw new Error(`two schemas have the title ${title}`);
  models.set(name, schema);
  return { $ref: `#/components/schemas/${name}` };
}

/** The OpenAPI 3.1 document of these routes. Their schemas are JSON Schema already. */
export function openApi(docs: readonly RouteDoc[]): object {
  const paths: Record<string, Record<string, object>> = {};
  const models: Models = new Map([['Problem', PROBLEM]]);
  for (const doc of docs) paths[doc.path] = { ...paths[doc.path], [doc.method]: operationOf(doc, models) };
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
    tags: [...new Set(docs.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: SECURITY,
      schemas: Object.fromEntries([...models].toSorted(([one], [other]) => (one < other ? -1 : 1))),
    },
  };
}

/** OpenAPI has no credentials inside bodies. These schemes stand for them. */
const SECURITY = {
  key: { type: 'http', scheme: 'bearer', description: 'The secret of a key' },
  mutualTls: { type: 'mutualTLS', description: 'The certificate of a key, shown to the proxy that ends TLS' },
  session: {
    type: 'http',
    scheme: 'session',
    description: 'Not a header: the member `session` of the body, from /mapi/login; valid for 30 minutes',
  },
  basic: { type: 'http', scheme: 'basic', description: 'The id of a key and its secret' },
  callback: {
    type: 'http',
    scheme: 'callback',
    description:
      "What the party's adapter requires by its settings: a signature or a shared secret in a header of the partner",
  },
  wsSecurity: {
    type: 'http',
    scheme: 'ws-security',
    description:
      'Not a header of HTTP: wsse:Security in the envelope, with a UsernameToken (PasswordDigest with Nonce and Created; PasswordText over TLS) or an X.509 signature of the Body',
  },
};

const PROBLEM = {
  title: 'Problem',
  description: 'RFC 9457',
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'args'],
  properties: {
    type: { type: 'string', enum: PROBLEM_KINDS.map(({ kind }) => typeOf(kind)) },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'English, or Vietnamese with Accept-Language: vi' },
    code: { type: 'string', description: 'the detail as a stable code, for programs' },
    args: { type: 'object', description: 'the values in the detail, by name' },
    problems: {
      type: 'array',
      items: ProblemShown,
    },
  },
};

/** The name of an operation in the document and in links to it. */
export function operationId({ method, path }: Pick<RouteDoc, 'method' | 'path'>): string {
  return `${method} ${path}`.replaceAll(/[^A-Za-z0-9]+/g, '_').replace(/_$/, '');
}

function operationOf(doc: RouteDoc, models: Models): object {
  return {
    tags: [doc.tag],
    summary: doc.summary,
    description: doc.description || undefined,
    operationId: operationId(doc),
    security: doc.scopes ? [{ key: [] }, { mutualTls: [] }] : (doc.access ?? []).map((scheme) => ({ [scheme]: [] })),
    'x-scopes': doc.scopes,
    parameters: parametersOf(doc, models),
    requestBody: doc.body ? { required: isBodyNeeded(doc.body), content: contentOf(doc.body, models) } : undefined,
    responses: responsesOf(doc, models),
  };
}

/** When all members of a body are optional, so is the body. */
function isBodyNeeded(body: Readonly<Record<string, object>>): boolean {
  return !Object.values(body).every((schema) => {
    const { type, required = [] } = schema as { type?: string; required?: readonly string[] };
    return type === 'object' && required.length === 0;
  });
}

const IF_NONE_MATCH = {
  type: 'string',
  description: 'ETags of known versions, or *; if one matches, the reply is 304',
};

function parametersOf(doc: RouteDoc, models: Models): object[] {
  const inPath = [...doc.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(doc.query?.properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: doc.query?.required?.includes(name) ? true : undefined,
    schema: embedded(asNumber(schema as Numeral), models),
  }));
  const takesPosition = doc.freshness === 'many' || doc.freshness === 'one';
  const headers = withoutUndefined({
    ...doc.headers,
    'If-None-Match': doc.conditional ? IF_NONE_MATCH : undefined,
    [POSITION]: takesPosition ? POSITION_SENT : undefined,
  });
  const inHeader = Object.entries(headers).map(([name, schema]) => ({ name, in: 'header', schema }));
  return [...inPath, ...inQuery, ...inHeader];
}

const POSITION_SENT = {
  type: 'string',
  description: `The ${POSITION} of an earlier answer. This answer is then at least as fresh.`,
};

/** A number in the query, from `numeral`. */
interface Numeral {
  readonly description?: string;
  readonly numeral?: { readonly minimum: number; readonly maximum: number };
}

function asNumber(schema: Numeral): object {
  const { description, numeral } = schema;
  return numeral ? { type: 'integer', ...numeral, description } : schema;
}

function contentOf(body: Readonly<Record<string, object>>, models: Models): object {
  return Object.fromEntries(
    Object.entries(body).map(([mediaType, schema]) => [mediaType, { schema: embedded(schema, models) }]),
  );
}

function responsesOf(doc: RouteDoc, models: Models): object {
  const problems = PROBLEM_KINDS.filter(({ kind }) => doc.problems?.includes(kind));
  const asProblem = new Set<number>(problems.map(({ status }) => status));
  const told = Object.entries(doc.replies).map(([status, reply]) => {
    const { description, schema, mediaType = 'application/json', also } = reply;
    const types = typeof mediaType === 'string' ? [mediaType] : mediaType;
    const own =
      Number(status) < 400 || schema
        ? contentOf({ ...Object.fromEntries(types.map((type) => [type, schema ?? {}])), ...also }, models)
        : {};
    const isProblem = Number(status) >= 400 && (!schema || asProblem.has(Number(status)));
    const content = isProblem ? { ...own, ...PROBLEM_CONTENT } : own;
    const headers = headersOf(Number(status), doc);
    return [status, { description, headers, content }];
  });
  return {
    ...problemsOf(doc),
    304: doc.conditional ? { description: 'Not changed', headers: ETAG } : undefined,
    ...Object.fromEntries(told),
    default: { description: 'A problem', content: PROBLEM_CONTENT },
  };
}

const text = (description: string) => ({ description, schema: { type: 'string' } });
const ETAG = { ETag: text('For If-None-Match') };
const RETRY_AFTER = { 'Retry-After': text('Seconds to wait before the next attempt') };

const FRESH_AS_OF = { [AS_OF]: text('The answer has every change that was acknowledged up to this moment') };
const FRESH_POSITION = {
  [POSITION]: text(
    'Where reads may go to replicas: a later request that sends it back sees at least what this one did',
  ),
};

function headersOf(status: number, { method, conditional, freshness }: RouteDoc): object | undefined {
  const headers = [
    ...(status === 200 && conditional ? [ETAG] : []),
    ...(status === 200 && freshness !== undefined ? [FRESH_AS_OF, FRESH_POSITION] : []),
    ...(status < 300 && method === 'post' ? [FRESH_POSITION] : []),
  ];
  if (headers.length > 0) return Object.assign({}, ...headers);
  if (status === 401) return { 'WWW-Authenticate': text('How to authenticate') };
  return status === 429 || status === 503 ? RETRY_AFTER : undefined;
}

/** The problems of a route by status: from scopes, parameters, bodies and its own list. */
function problemsOf(doc: RouteDoc): object {
  const kinds = new Set<ProblemKind>(doc.problems);
  if (doc.scopes) for (const kind of ['unauthorized', 'forbidden', 'too-often'] as const) kinds.add(kind);
  if (doc.scopes && doc.asksDatabase !== false) kinds.add('unavailable');
  if (doc.scopes && (doc.query || doc.path.includes('{code}'))) kinds.add('bad-request');
  if (doc.scopes && doc.body)
    for (const kind of ['not-json', 'bad-request', 'too-slow', 'too-large', 'unsupported-media'] as const)
      kinds.add(kind);
  const all = PROBLEM_KINDS.filter(({ kind }) => kinds.has(kind));
  return Object.fromEntries(
    [...new Set(all.map(({ status }) => status))].map((status) => {
      const headers = headersOf(status, doc);
      const description = all
        .filter((one) => one.status === status)
        .map(({ kind, title }) => `${title} (\`${kind}\`)`)
        .join(', or: ');
      return [status, { description, headers, content: PROBLEM_CONTENT }];
    }),
  );
}

const PROBLEM_CONTENT = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
