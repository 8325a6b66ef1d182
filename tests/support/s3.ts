import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignatureV4 } from '@smithy/signature-v4';

/** SHA-256 for AWS's own signer, which checks what the hub's signer wrote. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array);
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
  reset(): void {}
}

interface Stored {
  readonly bytes: Buffer;
  readonly at: Date;
}

const BUCKET = 'tep';
const KEYS = { accessKeyId: 'khoa-truy-cap', secretAccessKey: 'mat-ma-cua-kho-tep' };
const PAGE = 2;
const ALGORITHM =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([a-z0-9-]+)\/s3\/aws4_request, SignedHeaders=([a-z0-9;-]+), /;

/**
 * A strict S3 store with one bucket. Refuses a wrong signature, an old one, a hash that does not fit its body, and a body
 * without its length. Lists two objects a page.
 */
export async function startS3() {
  const objects = new Map<string, Stored>();
  /** What happens to the next calls instead: a status, or how many bytes of the reply are sent before the end. */
  const faults: ({ readonly status: number } | { readonly breakAt: number })[] = [];
  const calls: string[] = [];

  async function serve(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url ?? '', `http://${request.headers.host}`);
    calls.push(`${request.method} ${url.pathname}`);
    const fault = faults[0];
    if (fault) faults.shift();
    if (fault && 'status' in fault) return refuse(reply, fault.status, 'SlowDown');
    const wrong = await whyNot(request, url, body);
    if (wrong !== undefined) return refuse(reply, wrong === 'XAmzContentSHA256Mismatch' ? 400 : 403, wrong);
    const [, bucket, key = ''] = /^\/([^/]+)\/(.*)$/.exec(decodeURIComponent(url.pathname)) ?? [];
    if (bucket !== BUCKET) return refuse(reply, 404, 'NoSuchBucket');
    if (request.method === 'GET' && key === '') return void reply.end(listed(objects, url.searchParams));
    if (request.method === 'PUT') {
      if (request.headers['content-length'] === undefined) return refuse(reply, 411, 'MissingContentLength');
      objects.set(key, { bytes: body, at: new Date() });
      return void reply.end();
    }
    if (request.method === 'DELETE') {
      objects.delete(key);
      return void reply.writeHead(204).end();
    }
    const found = objects.get(key);
    if (!found) return refuse(reply, 404, 'NoSuchKey');
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const bytes = found.bytes.subarray(from);
    reply.writeHead(from > 0 ? 206 : 200, { 'Content-Length': String(bytes.length) });
    if (!fault) return void reply.end(bytes);
    reply.write(bytes.subarray(0, fault.breakAt), () => setTimeout(() => reply.destroy(), 20));
  }

  const server = createServer((request, reply) => void serve(request, reply));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    settings: { endpoint: `http://127.0.0.1:${port}`, bucket: BUCKET, ...KEYS },
    objects,
    faults,
    calls,
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}

async function whyNot(request: IncomingMessage, url: URL, body: Buffer): Promise<string | undefined> {
  const { authorization = '', ...headers } = request.headers;
  const [, keyId, , region = '', signed = ''] = ALGORITHM.exec(authorization) ?? [];
  if (keyId !== KEYS.accessKeyId) return 'InvalidAccessKeyId';
  const given = headers['x-amz-content-sha256'];
  if (given !== createHash('sha256').update(body).digest('hex')) return 'XAmzContentSHA256Mismatch';
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(headers['x-amz-date'])) ?? [];
  const [year = 0, month = 0, day, hour, minute, second] = parts.map(Number);
  const signingDate = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  if (!(Math.abs(Date.now() - signingDate.getTime()) < 900_000)) return 'RequestTimeTooSkewed';
  const names = signed.split(';');
  if (!['host', 'x-amz-content-sha256', 'x-amz-date'].every((name) => names.includes(name))) return 'AccessDenied';
  const signer = new SignatureV4({
    ...{ credentials: KEYS, region, service: 's3', sha256: Sha256, uriEscapePath: false, applyChecksum: false },
  });
  const again = await signer.sign(
    {
      ...{ method: request.method ?? '', protocol: 'http:', hostname: url.host, path: url.pathname },
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(names.map((name) => [name, String(headers[name])])),
    },
    { signingDate, signableHeaders: new Set(names) },
  );
  return again.headers.authorization === authorization ? undefined : 'SignatureDoesNotMatch';
}

function listed(objects: ReadonlyMap<string, Stored>, query: URLSearchParams): string {
  const keys = [...objects.keys()].filter((key) => key.startsWith(query.get('prefix') ?? '')).sort();
  const from = Number(query.get('continuation-token') ?? 0);
  const page = keys.slice(from, from + Number(query.get('max-keys') ?? PAGE));
  const isCut = from + page.length < keys.length;
  const contents = page.map(
    (key) => `<Contents><Key>${key}</Key><LastModified>${objects.get(key)?.at.toISOString()}</LastModified></Contents>`,
  );
  const next = isCut ? `<NextContinuationToken>${from + page.length}</NextContinuationToken>` : '';
  return `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>${isCut}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`;
}

function refuse(reply: ServerResponse, status: number, code: string): void {
  reply.writeHead(status, { 'Content-Type': 'application/xml' }).end(`<Error><Code>${code}</Code></Error>`);
}
