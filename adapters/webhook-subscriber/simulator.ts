import { webcrypto } from 'node:crypto';
import { defineSimulator, type SimulatorDefinition, type SimulatorReply, type SimulatorRequest } from '#kit/testing';
import { STATUSES } from '#schemas/dossier.upsert.v1';

/** The secret of this stand-in. */
export const SIMULATOR_SECRET = 'whsec_c2ltdWxhdGVkLXN1YnNjcmliZXItb2YtdGVzdHM=';
export const SIMULATOR_PATH = '/webhooks/lienthong';

const TOLERANCE_S = 300;

interface Subscriber {
  /** Ids of earlier messages. Each id is taken once. */
  readonly taken: Set<string>;
}

/** A subscriber with this secret, `whsec_` and base64. It verifies with its own code instead of the kit's. */
export function webhookSubscriber(secret: string = SIMULATOR_SECRET): SimulatorDefinition {
  return defineSimulator<Subscriber>({
    state: () => ({ taken: new Set() }),
    routes: [
      {
        method: 'POST',
        path: SIMULATOR_PATH,
        async handle(request, { state, ledger, now }) {
          const refusal = await whyNot(request, secret, now());
          if (refusal) return refusal;
          const change = changeIn(request.json());
          if (!change) return problem(400, 'Nội dung không phải thông báo thay đổi hồ sơ');
          const id = header(request, 'webhook-id');
          if (!state.taken.has(id)) ledger.record('change', change.data.code, { id, ...change });
          state.taken.add(id);
          return { body: { taken: id } };
        },
      },
    ],
  });
}

export default webhookSubscriber();

async function whyNot(request: SimulatorRequest, secret: string, nowMs: number): Promise<SimulatorReply | undefined> {
  const [id, timestamp] = [header(request, 'webhook-id'), header(request, 'webhook-timestamp')];
  if (id === '' || !/^\d+$/.test(timestamp)) return problem(400, 'Thiếu webhook-id hoặc webhook-timestamp');
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > TOLERANCE_S) return problem(401, 'Thông báo quá cũ hoặc quá mới');
  const key = await webcrypto.subtle.importKey(
    'raw',
    bytesOf(secret.replace(/^whsec_/, '')),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['verify'],
  );
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), request.body]);
  for (const signature of header(request, 'webhook-signature').split(' ')) {
    const [version, text = ''] = signature.split(',');
    if (version === 'v1' && (await webcrypto.subtle.verify('HMAC', key, bytesOf(text), signed))) return undefined;
  }
  return problem(401, 'Chữ ký không đúng');
}

interface Change {
  readonly type: string;
  readonly timestamp: string;
  /** With `status` and `statusAt` of a dossier, or `state` and `stateAt` of another record. */
  readonly data: { readonly code: string } & Readonly<Record<string, string>>;
}

/** The change in a payload, or undefined if the payload has other members. */
function changeIn(value: unknown): Change | undefined {
  const { data, type } = (value ?? {}) as { data?: unknown; type?: unknown };
  if (membersOf(value) !== 'data,timestamp,type' || typeof type !== 'string') return undefined;
  const { timestamp } = value as Change;
  const isChange = type === 'dossier.changed' ? isOfDossier(data) : /^[a-z-]+\.changed$/.test(type) && isOfRecord(data);
  return isChange && isInstant(timestamp) ? (value as Change) : undefined;
}

function isOfDossier(data: unknown): boolean {
  if (membersOf(data) !== 'code,status,statusAt') return false;
  const { code, status, statusAt } = data as Record<string, string>;
  return isText(code) && (STATUSES as readonly (string | undefined)[]).includes(status) && isInstant(statusAt ?? '');
}

function isOfRecord(data: unknown): boolean {
  if (membersOf(data) !== 'code,state,stateAt') return false;
  const { code, state, stateAt } = data as Record<string, string>;
  return isText(code) && isText(state) && isInstant(stateAt ?? '');
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function membersOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? Object.keys(value).sort().join() : '';
}

function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text));
}

function header({ headers }: SimulatorRequest, name: string): string {
  return String(headers[name] ?? '');
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

function problem(status: number, detail: string): SimulatorReply {
  return {
    status,
    headers: { 'content-type': 'application/problem+json; charset=utf-8' },
    body: { type: 'about:blank', status, detail },
  };
}
