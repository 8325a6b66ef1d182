import Type from 'typebox';
import { type CodesOf, type CodeTable, type Problem, problem, timeouts } from '#kit';
import { closed, oneOf } from '#schemas/parts';
import { POSTAL_STATES, type PostalOrder } from '#schemas/postal-order.v1';

const optional = Type.Optional;
const Address = Type.String({ pattern: '^https?://', maxLength: 500, description: 'an address such as https://…' });
const Word = Type.String({ minLength: 1, maxLength: 500, description: 'a text' });
const Secret = Type.String({ minLength: 1, maxLength: 4_000, writeOnly: true, description: 'a secret as a text' });
/** VNPost has its own numbers of provinces and districts, such as 30. They are no administrative codes. */
const Place = Type.Integer({ minimum: 0, maximum: 1_000_000, description: "VNPost's own number of a place" });

/** The office that sends results and receives papers. */
const Office = closed({
  name: Word,
  address: Word,
  phone: Word,
  email: optional(Word),
  province: Place,
  district: optional(Place),
});
export type Office = Type.Static<typeof Office>;

export const Settings = closed({
  /** The form of the messages: `lgsp` (names such as OrderNumber), `ngsp` (orderNumber), `hcc` (the old API, soDonHang). */
  form: optional(oneOf(['lgsp', 'ngsp', 'hcc'])),
  /** Where orders without a waybill go. */
  orderUrl: Address,
  /** Where orders with a waybill (ItemCode) go. Without it a waybill of the order is not sent. */
  itemCodeUrl: optional(Address),
  cancelUrl: optional(Address),
  trackingUrl: optional(Address),
  trackingMethod: optional(oneOf(['GET', 'POST'])),
  /** The old API's look-up of an order. */
  acceptanceUrl: optional(Address),
  accessToken: optional(Secret),
  tokenUrl: optional(Address),
  customerKey: optional(Word),
  secretKey: optional(Secret),
  customerCode: Word,
  office: Office,
  offices: optional(Type.Record(Type.String(), Office, { description: 'an object of offices by agency code' })),
  /** The province of citizens. Records have none of VNPost's numbers. */
  citizenProvince: optional(Place),
  description: optional(Word),
  flagConfig: optional(Type.Integer({ minimum: 0, maximum: 100, description: 'a whole number' })),
  /** Entries before those of operators' table and before the one that is known: 4 is delivered. */
  statuses: optional(
    Type.Record(Type.String(), oneOf(POSTAL_STATES), { description: 'an object of states by statusCode' }),
  ),
  ...timeouts(),
});
export type Settings = Type.Static<typeof Settings>;
type State = PostalOrder['state'];

export const formOf = ({ form = 'lgsp' }: Settings): NonNullable<Settings['form']> => form;

/** What the schema cannot say: which addresses and secrets belong together. */
export function settingsProblems(settings: Settings): readonly Problem[] {
  const { tokenUrl, customerKey, secretKey, accessToken, acceptanceUrl } = settings;
  const missing = (name: keyof Settings): Problem => problem(`/${name}`, 'absent');
  if (formOf(settings) === 'hcc')
    return [
      ...(accessToken === undefined ? [missing('accessToken')] : []),
      ...(acceptanceUrl === undefined ? [missing('acceptanceUrl')] : []),
    ];
  if (tokenUrl === undefined) return [];
  return [
    ...(customerKey === undefined ? [missing('customerKey')] : []),
    ...(secretKey === undefined ? [missing('secretKey')] : []),
  ];
}

/** The code table in which operators add tracking statuses. */
export const STATUSES_ENTERED = 'vnpost-status';
/** The only tracking status that is publicly known. */
const KNOWN: Readonly<Record<string, State>> = { '4': 'delivered' };

export const TABLES: readonly CodeTable[] = [
  {
    name: STATUSES_ENTERED,
    title: 'VNPost: statusCode of the tracking',
    entries: [
      { code: '4', is: 'delivered', label: 'Đã phát thành công' },
      ...POSTAL_STATES.map((state) => ({ code: '', is: state, label: state })),
    ],
    bothWays: false,
  },
];

/** Our state for a tracking status. Undefined if no table has it. */
export function stateOf(settings: Settings, codes: CodesOf, statusCode: string): State | undefined {
  const entered = codes(STATUSES_ENTERED).get(statusCode);
  if (entered !== undefined) return entered as State;
  const own = settings.statuses;
  if (own && Object.hasOwn(own, statusCode)) return own[statusCode];
  return Object.hasOwn(KNOWN, statusCode) ? KNOWN[statusCode] : undefined;
}

export function officeOf({ office, offices }: Settings, agencyCode: string | undefined): Office {
  const isNamed = agencyCode !== undefined && offices !== undefined && Object.hasOwn(offices, agencyCode);
  return (isNamed ? offices[agencyCode] : undefined) ?? office;
}

/** Values that no message about a delivery may show. A short key, such as `h60`, is a name: hidden, it would hide every order's code. */
export function secretsOf({ accessToken, secretKey, customerKey = '' }: Settings): readonly (string | undefined)[] {
  return [accessToken, secretKey, customerKey.length < SHORTEST_HIDDEN_KEY ? undefined : customerKey];
}

const SHORTEST_HIDDEN_KEY = 8;
