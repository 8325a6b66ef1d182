import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { AwsV4Signer } from 'aws4fetch';
import pRetry from 'p-retry';
import { nodesAt, readXml, textAt } from '../kit/xml/read-xml.ts';
import { openCall, type StreamCall, textIn } from './http-stream.ts';
import { type ObjectStore, PLACE, StoreAway } from './object-store.ts';

/** A bucket of a store that speaks S3, such as MinIO or Ceph. */
export interface S3Settings {
  /** Such as https://s3.example. The bucket follows in the path. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region?: string | undefined;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Begins the name of each object, in a bucket with objects of others. */
  readonly prefix?: string | undefined;
}

type Sent = Omit<StreamCall, 'url' | 'body'> & { readonly url: string; readonly body?: () => StreamCall['body'] };
type Call = (sent: Sent, expected: readonly number[]) => Promise<IncomingMessage>;

const EMPTY = createHash('sha256').digest('hex');
const LIST_BYTES = 4 * 1024 * 1024;
const ERROR_BYTES = 64 * 1024;
/** More tries within one use. The sender of a file, and the delivery that needs one, try again later. */
const MORE_TRIES = { retries: 2, minTimeout: 200, maxTimeout: 2_000, randomize: true };

/** Keeps objects in a bucket. Their bytes are sealed already, so the bucket needs no encryption of its own. */
export function createS3Store(settings: S3Settings): ObjectStore {
  const call = createCalls(settings);
  const bucket = `${settings.endpoint.replace(/\/+$/, '')}/${settings.bucket}`;
  const prefix = settings.prefix ?? '';
  const urlOf = (place: string): string => `${bucket}/${prefix}${place}`;
  return {
    async put(spool, place) {
      const { size } = await stat(spool);
      const headers = { 'Content-Length': String(size), 'x-amz-content-sha256': await hashOf(spool) };
      // The store compares the hash with what arrives.
      await drained(
        await call({ method: 'PUT', url: urlOf(place), headers, body: () => createReadStream(spool) }, [200]),
      );
      await rm(spool, { force: true });
    },
    open: (place) => bytesAt(call, urlOf(place)),
    async remove(place) {
      await drained(await call({ method: 'DELETE', url: urlOf(place) }, [200, 204, 404]));
    },
    async *placesBefore(ms) {
      for await (const { key, lastMs } of objects(call, bucket, prefix)) {
        const place = key.slice(prefix.length);
        if (PLACE.test(place) && lastMs < ms) yield place;
      }
    },
    async trouble() {
      try {
        await drained(await call({ method: 'GET', url: listUrl(bucket, { prefix, 'max-keys': '1' }) }, [200]));
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    },
  };
}

/** Signed calls (AWS Signature Version 4). Repeats a call that a broken connection or a busy store ended. */
function createCalls({ accessKeyId, secretAccessKey, region = 'us-east-1' }: S3Settings): Call {
  async function once(
    { method, url, headers = {}, body }: Sent,
    expected: readonly number[],
  ): Promise<IncomingMessage> {
    const given = { 'x-amz-content-sha256': EMPTY, ...headers };
    const signer = new AwsV4Signer({
      method,
      url,
      headers: given,
      service: 's3',
      region,
      accessKeyId,
      secretAccessKey,
    });
    const signed = await signer.sign();
    const reply = await openCall({
      method,
      url: signed.url,
      headers: Object.fromEntries(signed.headers),
      body: body?.(),
    });
    if (expected.includes(reply.statusCode ?? 0)) return reply;
    throw await failureOf(reply);
  }
  return (sent, expected) =>
    pRetry(() => once(sent, expected), {
      ...MORE_TRIES,
      shouldRetry: ({ error }) => !(error instanceof Refused),
    }).catch((error) => {
      throw new StoreAway((error as Error).message);
    });
}

/** The store understood the call and does not do it: another try gets the same answer. */
class Refused extends Error {}

async function failureOf(reply: IncomingMessage): Promise<Error> {
  const { statusCode = 0 } = reply;
  const text = await textIn(reply, ERROR_BYTES).catch(() => '');
  const [, code = ''] = /<Code>([A-Za-z0-9.]{1,60})<\/Code>/.exec(text) ?? [];
  const message = `the store answered ${[statusCode, code].filter(Boolean).join(' ')}`;
  return statusCode >= 500 || statusCode === 429 ? new Error(message) : new Refused(message);
}

/** Continues at the next byte when the connection breaks. */
async function* bytesAt(call: Call, url: string): AsyncGenerator<Buffer> {
  let at = 0;
  let length = Number.POSITIVE_INFINITY;
  for (let broken = 0; at < length; broken++) {
    const begin = at;
    const headers = at === 0 ? {} : { Range: `bytes=${at}-` };
    const reply = await call({ method: 'GET', url, headers }, [at === 0 ? 200 : 206]);
    if (at === 0) length = Number(reply.headers['content-length'] ?? length);
    try {
      for await (const chunk of reply) {
        at += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      // Only those in a row that bring nothing.
      if (at > begin) broken = 0;
      if (broken >= MORE_TRIES.retries)
        throw new StoreAway(`the connection to the store broke: ${(error as Error).message}`);
    } finally {
      reply.destroy();
    }
  }
}

interface Found {
  readonly key: string;
  readonly lastMs: number;
}

async function* objects(call: Call, bucket: string, prefix: string): AsyncGenerator<Found> {
  let next: string | undefined;
  do {
    const query = next === undefined ? { prefix } : { prefix, 'continuation-token': next };
    const reply = await call({ method: 'GET', url: listUrl(bucket, query) }, [200]);
    const list = readXml(await textIn(reply, LIST_BYTES));
    for (const one of nodesAt(list, '*.Contents'))
      yield { key: textAt(one, 'Key') ?? '', lastMs: Date.parse(textAt(one, 'LastModified') ?? '') };
    next = textAt(list, '*.IsTruncated') === 'true' ? textAt(list, '*.NextContinuationToken') : undefined;
  } while (next !== undefined);
}

function listUrl(bucket: string, query: Readonly<Record<string, string>>): string {
  return `${bucket}/?${new URLSearchParams({ 'list-type': '2', ...query })}`;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Frees the connection. */
async function drained(reply: IncomingMessage): Promise<void> {
  await textIn(reply, ERROR_BYTES);
}
