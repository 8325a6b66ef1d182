import Type from 'typebox';
import { type Problem, problem, timeouts } from '#kit';
import { closed, oneOf } from '#schemas/parts';

const optional = Type.Optional;
const Address = Type.String({ pattern: '^https?://', maxLength: 500, description: 'an address such as https://…' });
const Word = Type.String({ minLength: 1, maxLength: 500, description: 'a text' });
const Secret = Type.String({ minLength: 1, maxLength: 4_000, writeOnly: true, description: 'a secret as a text' });
const Members = Type.Array(Type.String({ pattern: '^[A-Za-z]{1,50}$', description: 'the name of a member' }), {
  minItems: 1,
  maxItems: 30,
  description: 'the names of members, in the order of the checksum',
});

/** The account that receives the money. */
const Account = closed({ number: Word, name: Word, bank: Word });
export type Account = Type.Static<typeof Account>;

export const Settings = closed({
  /** `dvcqg`: the national platform, version 1.0.6. `paygov`: a PayGov gateway with a checksum. */
  form: optional(oneOf(['dvcqg', 'paygov'])),
  initUrl: Address,
  queryUrl: optional(Address),
  billUrl: optional(Address),
  /** The province's code at the platform (MaDoiTac, partnerCode). */
  partnerCode: Type.String({ minLength: 1, maxLength: 50, description: 'a partner code of at most 50 characters' }),
  secretKey: Secret,
  accessToken: optional(Secret),
  lgspAccessToken: optional(Secret),
  /** The hub's own address on the internet, as the platform knows it. */
  ip: optional(Type.String({ minLength: 2, maxLength: 50, description: 'an IP address' })),
  account: optional(Account),
  accounts: optional(Type.Record(Type.String(), Account, { description: 'an object of accounts by agency code' })),
  feeKind: optional(Word),
  /** The platform gives the same address again for a reference that it has. */
  repeatsInit: optional(Type.Boolean({ description: 'true or false' })),
  accessKey: optional(Secret),
  serviceCode: optional(Word),
  returnUrl: optional(Address),
  initChecksum: optional(Members),
  ipnChecksum: optional(Members),
  ...timeouts(),
});
export type Settings = Type.Static<typeof Settings>;

export const isPaygov = ({ form = 'dvcqg' }: Settings): boolean => form === 'paygov';

/** What the schema cannot say: which settings a form needs. */
export function settingsProblems(settings: Settings): readonly Problem[] {
  const needed: readonly (keyof Settings)[] = isPaygov(settings)
    ? ['returnUrl', 'initChecksum', 'ipnChecksum']
    : ['queryUrl', 'account', 'ip'];
  return needed.filter((name) => settings[name] === undefined).map((name) => problem(`/${name}`, 'absent'));
}

export function accountOf({ account, accounts }: Settings, agencyCode: string | undefined): Account | undefined {
  const isNamed = agencyCode !== undefined && accounts !== undefined && Object.hasOwn(accounts, agencyCode);
  return (isNamed ? accounts[agencyCode] : undefined) ?? account;
}

/** Values that no message about a payment may show. */
export function secretsOf({ secretKey, accessToken, lgspAccessToken, accessKey }: Settings): readonly string[] {
  return [secretKey, accessToken, lgspAccessToken, accessKey].flatMap((secret) => secret ?? []);
}
