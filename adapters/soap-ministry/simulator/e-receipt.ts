import { nodesAt, readXml, textAt, XmlProblem } from '#kit';
import type { ministryRegistry, SimulatorContext } from '#kit/testing';
import { type Ministry, routesOf } from './server.ts';

type Context = SimulatorContext<ministryRegistry.Registry>;

const USER = ['h60service', 'mat-khau-thu-nghiem'] as const;
const ACCOUNT = ['h60.thuphi', 'mat-khau-thu-phi'] as const;
const [PATTERN, SERIAL] = ['01BLP0-001', 'AA-25E'] as const;

const isUser = (name: unknown, password: unknown): boolean => name === USER[0] && password === USER[1];
const issued = ({ ledger }: Context, key: string) =>
  ledger.entries().find((entry) => entry.kind === 'receipt' && entry.key === key);

/** The service of electronic receipts. It takes a key once: the second one is `ERR:13`, as in the running system. */
const publishing: Ministry = {
  path: '/PublishService.asmx',
  version: '1.1',
  service: 'PublishService',
  port: 'PublishServiceSoap',
  operations: {
    ImportAndPublishInv(args, context) {
      const isAccount = args.Account === ACCOUNT[0] && args.ACpass === ACCOUNT[1];
      const says = !isAccount || !isUser(args.username, args.password) ? 'ERR:1' : publish(args, context);
      return { ImportAndPublishInvResult: says };
    },
  },
};

function publish(args: Readonly<Record<string, unknown>>, context: Context): string {
  if (args.pattern !== PATTERN || args.serial !== SERIAL) return 'ERR:20';
  const inv = invIn(args.xmlInvData);
  const key = textAt(inv, 'key');
  const amount = textAt(inv, 'Invoice.Amount');
  if (key === undefined || textAt(inv, 'Invoice.CusName') === undefined || !/^\d+$/.test(amount ?? '')) return 'ERR:3';
  if (issued(context, key)) return 'ERR:13';
  context.ledger.record('receipt', key, inv);
  return `OK:${PATTERN};${SERIAL}-${key}_${context.ledger.count('receipt')}`;
}

function invIn(text: unknown): unknown {
  try {
    return nodesAt(readXml(String(text ?? '')), 'Invoices.Inv')[0];
  } catch (error) {
    if (error instanceof XmlProblem) return undefined;
    throw error;
  }
}

/** The service that citizens and accountants look receipts up in. */
const looking: Ministry = {
  path: '/PortalService.asmx',
  version: '1.1',
  service: 'PortalService',
  port: 'PortalServiceSoap',
  operations: {
    listInvByCusFkey(args, context) {
      if (!isUser(args.userName, args.userPass)) return { listInvByCusFkeyResult: 'ERR:1' };
      const key = String(args.key ?? '');
      const found = issued(context, key);
      const amount = textAt(found?.content, 'Invoice.Amount') ?? '';
      const item = `<Item><index>1</index><pattern>${PATTERN}</pattern><serial>${SERIAL}</serial><invNum>1</invNum><amount>${amount}</amount><status>1</status><fkey>${key}</fkey></Item>`;
      return { listInvByCusFkeyResult: `<Data>${found ? item : ''}</Data>` };
    },
  },
};

export function eReceipt() {
  return [...routesOf(publishing, 'e-receipt.wsdl'), ...routesOf(looking, 'e-receipt-portal.wsdl')];
}
