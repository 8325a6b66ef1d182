import { say } from '#messages/message';
import type { NotTaken } from '../files/not-taken.ts';
import { type ProblemKind, Refusal } from './problem.ts';
import { createSlots, type Slots } from './slots.ts';

const KINDS: Readonly<Record<NotTaken['reason'], ProblemKind>> = {
  empty: 'invalid',
  'too-large': 'too-large',
  quota: 'too-large',
  type: 'unsupported-media',
  infected: 'invalid',
  digest: 'invalid',
  base64: 'invalid',
  store: 'unavailable',
};

/**
 * The refusal of a file.
 *
 * @param path where it stood in the body, if it was not the whole body
 */
export function fileRefusal({ reason, words }: Pick<NotTaken, 'reason' | 'words'>, path?: string): Refusal {
  const headers = reason === 'store' ? { 'Retry-After': String(RETRY_S) } : {};
  return new Refusal(KINDS[reason], path === undefined ? words : say('of-place', { path, problem: words }), {
    headers,
  });
}

/** Uploads of one key at the same time in one process. Each may last half an hour and hold the space of the largest file. */
export const UPLOADS_AT_ONCE = 8;
const RETRY_S = 30;

/** The places of uploads, by key. */
export function createUploadSlots(): Slots {
  const refusal = (id: string) => ({
    detail: say('uploads-at-once', { count: UPLOADS_AT_ONCE, id }),
    retryAfterS: RETRY_S,
  });
  return createSlots(UPLOADS_AT_ONCE, refusal);
}

/** A file may have gigabytes, and its sender is a server. */
const ARRIVES_S = 1_800;

/** The same chunks. @throws Refusal 408 for a sender that drips for half an hour */
export async function* inFileTime(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const end = performance.now() + ARRIVES_S * 1_000;
  for await (const chunk of chunks) {
    if (performance.now() > end) throw new Refusal('too-slow', say('file-too-slow', { seconds: ARRIVES_S }));
    yield chunk;
  }
}
