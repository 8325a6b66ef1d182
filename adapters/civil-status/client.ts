import {
  type Connection,
  callWithToken,
  describeReply,
  fetchOAuthToken,
  type Outcome,
  type Reply,
  type Words,
} from '#kit';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Settings } from './settings.ts';

export type CivilStatus = Connection<Settings>;
/** The call was not carried out. The hub retries it. */
export type Failure = Extract<Outcome, { kind: 'unavailable' }>;

/** One call through the gateway, with the gateway's token. A call that the gateway rejects has not reached the ministry. */
export function call(
  connection: CivilStatus,
  url: string,
  body: object,
  { idempotent, dossier }: { readonly idempotent: boolean; readonly dossier?: Dossier | undefined },
): Promise<Reply | Failure | Extract<Outcome, { kind: 'unknown' }>> {
  const { settings } = connection;
  return callWithToken(connection, {
    call: (token) => ({
      url,
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        Accept: 'application/json',
        Authorization: `Bearer ${token}`,
        lgspaccesstoken: settings.lgspAccessToken,
      },
      body: JSON.stringify(body).normalize('NFC'),
      idempotent,
      hide: secretsOf(settings).flatMap((secret) => secret ?? []),
    }),
    token: () =>
      fetchOAuthToken(connection, {
        url: settings.tokenUrl,
        form: new URLSearchParams({ grant_type: 'client_credentials' }),
        client: { id: settings.consumerKey, secret: settings.consumerSecret },
      }),
    describe: (reply) => described(settings, reply, dossier),
  });
}

/** An unexpected reply in a few words: its status and the gateway's own reason. */
export function described(settings: Settings, reply: Reply, dossier?: Dossier): Words {
  return describeReply(reply, ['error_description', 'fault.message', 'message'], dossier, secretsOf(settings));
}

/** A short key, such as `h60`, is a name: hidden, it would hide every dossier code. */
const SHORTEST_HIDDEN_KEY = 8;

export function secretsOf(settings: Settings): readonly (string | undefined)[] {
  const { consumerKey, consumerSecret, lgspAccessToken, callbackSecret } = settings;
  const key = consumerKey.length < SHORTEST_HIDDEN_KEY ? undefined : consumerKey;
  return [key, consumerSecret, lgspAccessToken, callbackSecret];
}
