import { constants, getPriority, setPriority } from 'node:os';
import { createDossiers, type Series } from './dossiers.ts';
import { generate, type Load, type LoadResult, rawRequest, requestBytes } from './generator.ts';
import { beWorker } from './workers.ts';

/** The order to the load worker. */
export interface LoadOrder {
  readonly url: string;
  readonly secret: string;
  readonly connections: number;
  readonly seconds: number;
  /** See Load. */
  readonly rate?: number;
  readonly leadSeconds?: number;
  readonly first: number;
  readonly end?: number;
  /** Lets the other processes of the measurement go first, as if this client had a machine of its own. */
  readonly givesWay?: boolean;
  readonly work: Work;
}

export type Work =
  /** Pushes a series, `many` dossiers a request, as `party`: `one-stop` without it. */
  | { readonly kind: 'push'; readonly series: Series; readonly many: number; readonly party?: string }
  /** The same by SOAP, to a path. */
  | { readonly kind: 'soap'; readonly series: Series; readonly many: number; readonly path: string }
  /** Reads random dossiers of the first `count` of a series. */
  | { readonly kind: 'read'; readonly series: Series; readonly count: number }
  /** Reads the change feed of `count` changes again and again, by one connection, `limit` a page. */
  | { readonly kind: 'changes'; readonly count: number; readonly limit: number }
  /** Health probes: the least time that any request takes. */
  | { readonly kind: 'probe' }
  /** Search for these texts in turn. */
  | { readonly kind: 'search'; readonly texts: readonly string[] };

export type { LoadResult } from './generator.ts';

/** The codes of the dossiers that these requests carried. */
export function pushedCodes(series: Series, many: number, requests: readonly number[]): readonly string[] {
  const { codeOf } = createDossiers(series);
  return requests.flatMap((request) => Array.from({ length: many }, (_, at) => codeOf(request * many + at)));
}

type Asking = Pick<Load, 'request' | 'isGood'>;

function askingFor({ work, secret }: LoadOrder): Asking {
  if (work.kind === 'push') return pushing(work, secret);
  if (work.kind === 'soap') return pushingBySoap(work, secret);
  if (work.kind === 'read') return reading(work.series, work.count, secret);
  if (work.kind === 'changes') return followingChanges(work, secret);
  if (work.kind === 'probe') return probing(secret);
  return searching(work.texts, secret);
}

function pushing({ series, many, party = 'one-stop' }: Extract<Work, { kind: 'push' }>, secret: string): Asking {
  const { jsonOf } = createDossiers(series);
  const post = (body: Buffer): Buffer => requestBytes('POST', `/api/v1/parties/${party}/dossiers`, secret, body);
  const [open, comma, close] = ['[', ',', ']'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer];
  const list = (n: number): Buffer =>
    Buffer.concat([
      ...Array.from({ length: many }, (_, at) => [at === 0 ? open : comma, jsonOf(n * many + at)]).flat(),
      close,
    ]);
  return {
    request: (n) => post(many === 1 ? jsonOf(n) : list(n)),
    // Any outcome other than "accepted" has problems or warnings, except duplicates, which the ledger shows.
    isGood: (status, reply) =>
      status === (many === 1 ? 201 : 200) && !reply.includes('"problems"') && !reply.includes('"warnings"'),
  };
}

function pushingBySoap({ series, many, path }: Extract<Work, { kind: 'soap' }>, secret: string): Asking {
  const { xmlOf } = createDossiers(series);
  const headers = {
    'Content-Type': 'text/xml; charset=utf-8',
    SOAPAction: '"urn:lienthong:hub:v1/PushDossiers"',
    Authorization: `Basic ${Buffer.from(`writer:${secret}`).toString('base64')}`,
  };
  const before = Buffer.from(
    '<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><PushDossiers xmlns="urn:lienthong:hub:v1">',
  );
  const after = Buffer.from('</PushDossiers></soap:Body></soap:Envelope>');
  return {
    request(n) {
      const items = Array.from({ length: many }, (_, at) => xmlOf(n * many + at));
      return rawRequest('POST', path, headers, Buffer.concat([before, ...items, after]));
    },
    isGood: (status, reply) =>
      status === 200 && reply.includes('<receipt>') && !reply.includes('<problems>') && !reply.includes('<warnings>'),
  };
}

function reading(series: Series, count: number, secret: string): Asking {
  const { codeOf } = createDossiers(series);
  const asked = new Map<number, string>();
  return {
    request(n) {
      const code = codeOf(Math.floor(Math.random() * count));
      asked.set(n, code);
      return requestBytes('GET', `/api/v1/dossiers/${code}`, secret);
    },
    isGood(status, reply, n) {
      const code = asked.get(n);
      asked.delete(n);
      return status === 200 && reply.includes(`{"code":"${code}"`);
    },
  };
}

/** A change has a cursor, a code, a status and two times. */
const CHANGE_BYTES = 100;

function followingChanges({ count, limit }: Extract<Work, { kind: 'changes' }>, secret: string): Asking {
  const pages = Math.ceil(count / limit);
  let next = '';
  return {
    request: (n) =>
      requestBytes('GET', `/api/v1/changes?limit=${limit}${n % pages === 0 ? '' : `&cursor=${next}`}`, secret),
    isGood(status, reply) {
      const at = reply.lastIndexOf('"next":"');
      next = reply.toString('latin1', at + 8, reply.indexOf('"', at + 8));
      return status === 200 && at > limit * CHANGE_BYTES && !reply.includes('"gap"');
    },
  };
}

function probing(secret: string): Asking {
  const request = requestBytes('GET', '/health/live', secret);
  return { request: () => request, isGood: (status) => status === 200 };
}

function searching(texts: readonly string[], secret: string): Asking {
  const requests = texts.map((text) =>
    requestBytes('GET', `/api/v1/dossiers?limit=50&q=${encodeURIComponent(text)}`, secret),
  );
  return {
    request: (n) => requests[n % requests.length] as Buffer,
    isGood: (status, reply) => status === 200 && reply.includes('{"items":[{"code":"'),
  };
}

if (process.argv[1] === import.meta.filename)
  beWorker<LoadOrder, LoadResult>((order) => {
    const { hostname: host, port } = new URL(order.url);
    const { connections, seconds, rate, leadSeconds, first, end, givesWay } = order;
    if (givesWay) setPriority(Math.min(getPriority() + 10, constants.priority.PRIORITY_LOW));
    return generate({
      host,
      port: Number(port),
      connections,
      seconds,
      rate,
      leadSeconds,
      first,
      end,
      ...askingFor(order),
    });
  });
