import { readFile } from 'node:fs/promises';
import type { Call, Exchange, Http } from '../../kit/http/exchange.ts';
import { UsageError } from '../run-command.ts';

/** No file is left for a call of the trial. */
export class NoSample extends UsageError {}

type Reply = Extract<Exchange, { kind: 'reply' }>;

/**
 * Answers the calls of a trial from files, in their order. The last of several files answers every further call, such as
 * those for details. A file holds the body of a reply, or a whole reply as `curl -i` prints it.
 */
export async function sampleReplies(paths: readonly string[]): Promise<Http['exchange']> {
  const replies = await Promise.all(paths.map(replyIn));
  let calls = 0;
  return async (call) => {
    const reply = replies[calls++] ?? (replies.length > 1 ? replies.at(-1) : undefined);
    if (!reply) throw new NoSample(`[files…]: a further reply is needed, to ${shown(call)}`);
    return reply;
  };
}

function shown({ method = 'POST', url, hide = [] }: Call): string {
  const { origin, pathname } = new URL(url);
  return hide
    .filter((one) => one !== '')
    .reduce((all, one) => all.replaceAll(one, '***'), `${method} ${origin}${pathname}`);
}

async function replyIn(path: string): Promise<Reply> {
  const bytes = await readFile(path).catch((error: Error) => {
    throw new UsageError(`[files…]: expected the path of a reply: ${error.message}`);
  });
  let reply: Reply = { kind: 'reply', status: 200, headers: {}, body: bytes };
  // Before the last head, curl prints those of redirects and of 100 Continue.
  while (reply.body.subarray(0, 5).toString('latin1') === 'HTTP/') reply = withHead(reply.body, path);
  return reply;
}

/** A reply from bytes that begin with its status line and headers. */
function withHead(bytes: Buffer, path: string): Reply {
  const text = bytes.toString('latin1');
  const [, head = '', blank = ''] = /^([\s\S]*?)(\r?\n\r?\n|$)/.exec(text) ?? [];
  const [start = '', ...lines] = head.split(/\r?\n/);
  const status = Number(/^HTTP\/[\d.]+ (\d{3})/.exec(start)?.[1]);
  if (!Number.isInteger(status))
    throw new UsageError(`[files…]: ${path}: expected a status line such as HTTP/1.1 200 OK`);
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  return {
    kind: 'reply',
    status,
    headers: Object.fromEntries(headers),
    body: bytes.subarray(head.length + blank.length),
  };
}
