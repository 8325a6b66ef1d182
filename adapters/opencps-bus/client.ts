import {
  type About,
  type Connection,
  callWithToken,
  delivered,
  describeReply,
  fetchOAuthToken,
  jsonObject,
  type Outcome,
  type Reply,
  refused,
  retryAfterMs,
  say,
  unavailable,
  type Words,
} from '#kit';
import { type Settings, secretsOf, successOf } from './settings.ts';

export type Bus = Connection<Settings>;

/** Sends one record. Only an answer with the agreed `Status` is a receipt. */
export async function post(bus: Bus, path: string, body: object, about: About | undefined): Promise<Outcome> {
  const reply = await call(bus, path, body, about);
  return reply.kind === 'reply' ? (failureOf(bus, reply, about) ?? delivered()) : reply;
}

/** A trace has no key: the bus adds each one to the history that citizens see. */
export const TRACES = '/Document/UpdateDocumentTraces';

/**
 * One call with the token of the session. Files in the body are streamed in base64. A document replaces the one of its
 * code. So anything but a trace is repeated at once after a broken connection.
 */
export async function call(bus: Bus, path: string, body: object, about?: About) {
  const { baseUrl = '' } = bus.settings;
  const written = await bus.files.json(body);
  if (typeof written === 'object' && 'kind' in written) return written;
  return callWithToken(bus, {
    call: (token) => ({
      method: 'POST',
      url: `${baseUrl.replace(/\/+$/, '')}${path}`,
      headers: {
        Accept: 'application/json',
        'Content-Type': 'application/json; charset=utf-8',
        Authorization: `Bearer ${token}`,
      },
      body: written,
      idempotent: path !== TRACES,
      hide: secretsOf(bus.settings).flatMap((secret) => secret ?? []),
    }),
    token: () => logIn(bus),
    describe: (reply) => described(bus, reply, about),
  });
}

/** Client and secret stand in the form, as the OpenCPS client writes them. */
function logIn(bus: Bus) {
  const { tokenUrl: url = '', consumerKey = '', consumerSecret = '' } = bus.settings;
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_secret: consumerSecret,
    client_id: consumerKey,
  });
  return fetchOAuthToken(bus, { url, form });
}

/** Why a reply is no receipt. Undefined if it is one. */
export function failureOf(bus: Bus, reply: Reply, about?: About): Outcome | undefined {
  const { status, headers } = reply;
  const answer = jsonObject(reply.body);
  const why = described(bus, reply, about);
  const said = Number.isInteger(answer?.Status) ? Number(answer?.Status) : undefined;
  if (status < 300 && said === undefined) return unavailable('no-receipt', say('answer-lacks', { name: 'Status' }));
  if (status < 300 && said === successOf(bus.settings)) return undefined;
  const isFinal = status < 300 || (status >= 400 && status < 500 && status !== 408 && status !== 425);
  if (isFinal && said !== undefined && said < 500) return refused('rejected', say('bus-refuses', { why }));
  return unavailable(`status-${status < 300 ? said : status}`, why, retryAfterMs(headers, bus.now()));
}

/** A reply in a few words: its status and the bus's own reason, without the people of the dossier. */
function described({ settings }: Bus, reply: Reply, about?: About): Words {
  const said = jsonObject(reply.body)?.Status;
  const status = Number.isInteger(said) ? Number(said) : reply.status;
  const members = ['Message', 'message', 'error_description'];
  return describeReply({ ...reply, status }, members, about, secretsOf(settings));
}
