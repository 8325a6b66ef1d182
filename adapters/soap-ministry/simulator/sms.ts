import type { ministryRegistry, SimulatorContext } from '#kit/testing';
import { type Given, type Ministry, routesOf } from './server.ts';

type Context = SimulatorContext<ministryRegistry.Registry>;

const [USER, PASSWORD, CP_CODE, BRAND] = ['smsbrand_h60', 'mat-khau-thu-nghiem', 'H60', 'DVC-H60'] as const;
/** The text that was registered for the brand. The gateway sends no other. */
const TEMPLATE = /^Ho so [A-Z0-9.-]+ [a-z, ]+\. Tra cuu tren Cong dich vu cong cua tinh\.$/;

/** The gateway for text messages. It answers a failure with `result` 0 and the words of the running one. */
const gateway: Ministry = {
  path: '/bulkapi',
  version: '1.1',
  service: 'CcApi',
  port: 'CcApiPort',
  operations: {
    wsCpMt(args, context) {
      const message = whyNot(args, context);
      if (message !== undefined) return { return: { message, result: '0' } };
      context.ledger.record('sms', args.ReceiverID, args.Content);
      return { return: { message: 'Insert MT_QUEUE: OK', result: '1' } };
    },
  },
};

function whyNot(args: Given, { ledger }: Context): string | undefined {
  if (args.CPCode !== CP_CODE) return 'CP_CODE_NOT_FOUND';
  if (args.User !== USER || args.Password !== PASSWORD) return 'Authenticate: WRONG_INFORMATION_AUTHENTICATE';
  if (!/^\d+$/.test(args.RequestID ?? '')) return 'Check RequestID: REQUEST_ID_NOT_NUMBER';
  if (!/^84\d{9,10}$/.test(args.ReceiverID ?? '')) return 'Check ReceiverID: FORMAT_ERROR';
  if (args.UserID !== args.ReceiverID) return 'UserID_NOT_EQUAL_ReceiverID';
  if (args.ServiceID !== BRAND) return 'Check ServiceID: ALIAS_INVALID:TELCO=VT';
  if (args.CommandCode !== 'bulksms') return 'Check CommandCode: COMMAND_CODE_ERROR';
  if (!TEMPLATE.test(args.Content ?? '')) return 'Check template: CONTENT_NOT_MATCH_TEMPLATE';
  const isRepeat = ledger.entries().some(({ key, content }) => key === args.ReceiverID && content === args.Content);
  return isRepeat ? 'Check ServiceID: DUPLICATE MESSAGE' : undefined;
}

export function sms() {
  return routesOf(gateway, 'sms.wsdl');
}
