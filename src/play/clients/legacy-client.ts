import type { DialectPush, PartnerEvent } from '../day/events.ts';
import type { Acknowledgements, Outcome } from './acknowledgements.ts';
import type { AskHub } from './hub-client.ts';

interface Answer {
  readonly session?: string;
  readonly error_code?: number;
  readonly message?: string;
  readonly result?: readonly { readonly index: number; readonly outcome: Outcome }[];
}

export interface LegacySystem {
  /** One request at the national-portal door; logs in when it has no session. */
  push(push: DialectPush): Promise<void>;
}

/** A one-stop system that speaks the national portal's dialect, pointed at the hub. */
export function createLegacySystem(
  ask: AskHub,
  account: { readonly username: string; readonly password: string },
  acknowledgements: Acknowledgements,
): LegacySystem {
  let session: Promise<string> | undefined;

  async function call(body: object, path = '/mapi/g'): Promise<Answer> {
    const reply = await ask({ path, body: JSON.stringify(body), headers: { Charset: 'utf-8', dstcode: 'VN:GOV:hub' } });
    return reply.body as Answer;
  }

  async function logIn(): Promise<string> {
    const answer = await call(account, '/mapi/login');
    if (!answer.session) throw new Error(`/mapi/login: ${answer.message}`);
    return answer.session;
  }

  return {
    async push({ service, isUpdating, events }) {
      session ??= logIn().catch((error) => {
        session = undefined;
        throw error;
      });
      const data = events.map(({ item }) => item);
      const answer = await call({
        session: await session,
        madonvi: 'H60',
        service,
        isUpdating,
        data,
      });
      const { result = [] } = answer;
      if (result.length !== events.length)
        throw new Error(`${service}: ${result.length} results for ${events.length} items: ${answer.message}`);
      const isRefused = result.some(({ outcome }) => outcome === 'invalid');
      if ((answer.error_code === 0) === isRefused)
        throw new Error(`${service}: error_code ${answer.error_code} does not fit the outcomes of its items`);
      for (const { index, outcome } of result)
        acknowledgements.add('national-portal', events[index] as PartnerEvent, outcome);
    },
  };
}
