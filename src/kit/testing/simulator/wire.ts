import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SimulatorReply, SimulatorRequest } from './definition.ts';
import type { RequestFault } from './faults.ts';

const DRIP_MS = 200;
const MAINTENANCE_PAGE =
  '<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>Bảo trì</title></head>' +
  '<body><h1>Hệ thống đang bảo trì</h1><p>Vui lòng quay lại sau.</p></body></html>';

export async function readRequest(incoming: IncomingMessage): Promise<SimulatorRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const url = new URL(incoming.url ?? '/', 'http://simulator.invalid');
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    params: {},
    query: url.searchParams,
    headers: incoming.headers,
    body,
    text: () => body.toString(),
    json: () => jsonOf(body.toString()),
  };
}

/** The answer that a fault gives instead of the partner's: `reset` for none, undefined if the partner answers. */
export function insteadOf(fault: RequestFault): SimulatorReply | 'reset' | undefined {
  switch (fault.kind) {
    case 'reset':
      return 'reset';
    case 'html':
      return { headers: { 'content-type': 'text/html; charset=utf-8' }, body: MAINTENANCE_PAGE };
    case 'empty':
      return { body: {} };
    case 'status':
      return { status: fault.status, headers: fault.headers ?? {}, body: fault.body ?? '' };
    default:
      return undefined;
  }
}

/** Sends the partner's answer, with the damage that the fault does. */
export async function write(
  outgoing: ServerResponse,
  reply: SimulatorReply,
  fault: RequestFault | undefined,
): Promise<void> {
  switch (fault?.kind) {
    case 'drop-reply':
      outgoing.destroy();
      return;
    case 'half':
      return writeHalf(outgoing, reply);
    case 'wrong-charset':
      return writeWhole(outgoing, { ...reply, body: inLatin1(reply.body) });
    case 'drip':
      return drip(outgoing, reply);
    case 'delay':
      await sleep(fault.ms);
      return writeWhole(outgoing, reply);
    default:
      return writeWhole(outgoing, reply);
  }
}

export function writeWhole(outgoing: ServerResponse, reply: SimulatorReply): void {
  if (!outgoing.destroyed) outgoing.end(writeHead(outgoing, reply));
}

async function writeHalf(outgoing: ServerResponse, reply: SimulatorReply): Promise<void> {
  const bytes = writeHead(outgoing, reply);
  await new Promise<void>((resolve) => outgoing.write(bytes.subarray(0, bytes.length >> 1), () => resolve()));
  outgoing.destroy();
}

async function drip(outgoing: ServerResponse, reply: SimulatorReply): Promise<void> {
  for (const byte of writeHead(outgoing, reply)) {
    if (outgoing.destroyed) return;
    outgoing.write(Uint8Array.of(byte));
    await sleep(DRIP_MS, undefined, { ref: false });
  }
  outgoing.end();
}

function writeHead(outgoing: ServerResponse, { status = 200, headers = {}, body }: SimulatorReply): Buffer {
  const [bytes, type] = encoded(body);
  outgoing.writeHead(status, { 'content-type': type, 'content-length': bytes.length, ...headers });
  return bytes;
}

function encoded(body: unknown): [Buffer, string] {
  if (typeof body === 'string') return [Buffer.from(body), 'text/plain; charset=utf-8'];
  if (body instanceof Uint8Array) return [Buffer.from(body), 'application/octet-stream'];
  return [Buffer.from(JSON.stringify(body)), 'application/json; charset=utf-8'];
}

function inLatin1(body: unknown): Buffer {
  const [bytes] = encoded(body);
  return Buffer.from(bytes.toString(), 'latin1');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
