import { isDeepStrictEqual } from 'node:util';
import type { ministryRegistry, SimulatorContext, SimulatorReply, SimulatorRequest } from '#kit/testing';

type Context = SimulatorContext<ministryRegistry.Registry>;

const NEEDED = ['codeProfile', 'siteId', 'codeTTHC', 'nameTTHC', 'status', 'formsReception', 'level', 'user'];

/** The measurement of e-government: one form for each event, answered by the status. A repeat changes nothing. */
export function measurement() {
  return [
    {
      method: 'POST',
      path: '/TrackingMCDT',
      handle({ text }: SimulatorRequest, { ledger }: Context): SimulatorReply {
        const form = Object.fromEntries(new URLSearchParams(text()));
        const missing = NEEDED.find((name) => !form[name]);
        if (missing !== undefined) return { status: 400, body: { message: `${missing} is required` } };
        const { codeProfile = '', status, user = '' } = form;
        if (!/^[0-4]$/.test(status ?? '')) return { status: 400, body: { message: 'status is invalid' } };
        const event = { ...form, user: JSON.parse(user) };
        const isKnown = ledger.entries().some(({ content }) => isDeepStrictEqual(content, event));
        if (!isKnown) ledger.record('event', codeProfile, event);
        return { body: { result: 'Success' } };
      },
    },
  ];
}
