import { type Connection, callWithToken, describeReply, type Outcome, partnerText, type Reply, type Words } from '#kit';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Payment } from '#schemas/payment.v1';
import { type Settings, secretsOf } from './settings.ts';

export type Platform = Connection<Settings>;
export type Failure = Extract<Outcome, { kind: 'unavailable' | 'unknown' }>;

/** The people of a call, whose data no message may repeat. */
export interface About {
  readonly payment: Pick<Payment, 'payer'>;
  readonly dossier?: Dossier | undefined;
}

/** One call. A platform that keeps the hub out, or is busy, has done nothing. */
export function call(
  platform: Platform,
  url: string,
  body: object,
  { idempotent, about }: { readonly idempotent: boolean; readonly about: About },
): Promise<Reply | Failure> {
  const { settings } = platform;
  return callWithToken(platform, {
    call: (token) => ({
      url,
      headers: {
        Accept: 'application/json',
        'Content-Type': 'application/json; charset=utf-8',
        Authorization: token && `Bearer ${token}`,
        lgspaccesstoken: settings.lgspAccessToken,
      },
      body: JSON.stringify(body).normalize('NFC'),
      idempotent,
      hide: secretsOf(settings),
    }),
    token: settings.accessToken,
    describe: (reply) => described(settings, reply, about),
  });
}

/** A reply in a few words: its status, and the platform's own reason without the people of the payment. */
export function described(settings: Settings, reply: Reply, about: About): Words {
  return describeReply(reply, ['MoTaLoi', 'message', 'error_message'], peopleOf(about), secretsOf(settings));
}

export function shown(settings: Settings, text: string, about: About): string {
  return partnerText(text, peopleOf(about), secretsOf(settings));
}

function peopleOf({ payment, dossier }: About) {
  return [dossier, { applicant: payment.payer }];
}
