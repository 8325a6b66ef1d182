import http from 'node:http';
import axios, { type AxiosResponse } from 'axios';
import { NotAcknowledged } from './until-acknowledged.ts';

export interface HubReply {
  readonly status: number;
  readonly body: unknown;
}

export interface HubRequest {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly key?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type AskHub = (request: HubRequest) => Promise<HubReply>;

const ANSWERS_WITHIN_MS = 30_000;

/** A client of the hub's HTTP interface. Throws `NotAcknowledged` for a failed connection, a 5xx or half a body. */
export function createHubClient(url: string, signal: AbortSignal): AskHub {
  const client = axios.create({
    baseURL: url,
    httpAgent: new http.Agent({ keepAlive: true, maxSockets: 32 }),
    proxy: false,
    timeout: ANSWERS_WITHIN_MS,
    signal,
    validateStatus: () => true,
    transformRequest: [(data) => data],
  });
  return async ({ method = 'POST', path, key, body, headers = {} }) => {
    const reply = await client
      .request<unknown, AxiosResponse, unknown>({
        method,
        url: path,
        data: body,
        headers: { ...headersOf(key, body), ...headers },
      })
      .catch((error: Error) => {
        if (signal.aborted) throw error;
        throw new NotAcknowledged(error.message);
      });
    if (isOutage(reply)) throw new NotAcknowledged(`status ${reply.status}`);
    return { status: reply.status, body: reply.data };
  };
}

function headersOf(key: string | undefined, body: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  if (key !== undefined) headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  return headers;
}

/** The document at a path. */
export async function getJson<T>(ask: AskHub, path: string, key: string): Promise<T> {
  return (await ask({ method: 'GET', path, key })).body as T;
}

function isOutage({ status, data }: AxiosResponse): boolean {
  return status >= 500 || status === 429 || data === '';
}
