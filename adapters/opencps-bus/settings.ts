import Type from 'typebox';
import { type CodesOf, type CodeTable, type Problem, problem, timeouts } from '#kit';
import { STATUSES, type Status } from '#schemas/dossier.upsert.v1';
import { closed, oneOf } from '#schemas/parts';

const optional = Type.Optional;
const Address = Type.String({ pattern: '^https?://', maxLength: 500, description: 'an address such as https://…' });
const Word = Type.String({ minLength: 1, maxLength: 500, description: 'a text' });
const Secret = Type.String({ minLength: 1, maxLength: 4_000, writeOnly: true, description: 'a secret as a text' });
const Path = Type.String({ pattern: '^/', maxLength: 200, description: 'a path that begins with /' });

export const Settings = closed({
  /** What the system behind this party shows at `…/token`. Without it the party pushes nothing. */
  pushKey: optional(Word),
  pushSecret: optional(
    Type.String({
      minLength: 16,
      maxLength: 4_000,
      writeOnly: true,
      description: 'a secret of at least 16 characters',
    }),
  ),
  /** The bus that receives. Without it the hub sends nothing to this party. */
  baseUrl: optional(Address),
  tokenUrl: optional(Address),
  consumerKey: optional(Word),
  consumerSecret: optional(Secret),
  /** Sends the hub's figures of each month. */
  reports: optional(Type.Boolean({ description: 'true or false' })),
  paths: optional(closed({ statistic: optional(Path), vote: optional(Path) })),
  /** How moments are written: local time with `+0700`, or with a literal `Z`. */
  timestamps: optional(oneOf(['offset', 'literal-z'])),
  /** The `Status` of an answer that took the call. */
  success: optional(Type.Integer({ minimum: 0, maximum: 999, description: 'a number from 0 to 999' })),
  /** The `FeeType` of each fee that the hub sends. The scheme requires the member and explains none of its values. */
  feeType: optional(Type.Integer({ minimum: 0, maximum: 999, description: 'a number from 0 to 999' })),
  /** Agencies whose code at OpenCPS is no national code. */
  agencies: optional(
    Type.Record(Type.String({ minLength: 1, maxLength: 200 }), Word, {
      description: 'an object of agency codes such as H60.01 by the code or name at OpenCPS',
    }),
  ),
  /** Who reports the figures. */
  organisation: optional(closed({ code: Word, name: Word })),
  ...timeouts(),
});
export type Settings = Type.Static<typeof Settings>;

/** What the schema cannot say: which settings belong together. */
export function settingsProblems(settings: Settings): readonly Problem[] {
  const together: readonly (readonly (keyof Settings)[])[] = [
    ['pushKey', 'pushSecret'],
    ['baseUrl', 'tokenUrl', 'consumerKey', 'consumerSecret'],
  ];
  const incomplete = together.filter((names) => names.some((name) => settings[name] !== undefined));
  const needed = [...incomplete.flat(), ...(settings.reports ? (['baseUrl', 'organisation'] as const) : [])];
  return [...new Set(needed)]
    .filter((name) => settings[name] === undefined)
    .map((name) => problem(`/${name}`, 'absent'));
}

export const canPush = ({ pushSecret }: Settings): boolean => pushSecret !== undefined;

/** The `Status` of an answer that took the call, as OpenCPS reads it beside the HTTP status. */
export const successOf = ({ success = 200 }: Settings): number => success;

/** The code table in which operators say what a standing of OpenCPS means. */
export const STATUSES_ENTERED = 'opencps-bus-status';

/**
 * What SyncDocument says of the state, in one word. `finished` is Status 1 with a date of the end and no result: refused
 * or withdrawn. OpenCPS writes both alike, so an operator decides.
 */
const MEANT: Readonly<Record<string, readonly [status: Status, label: string]>> = {
  '1': ['received', 'Status 1'],
  supplement: ['supplement-required', 'Status 1, HasSupplementary'],
  supplemented: ['processing', 'Status 1, HasSupplementary, mọi yêu cầu đã nhận'],
  '2': ['resolved', 'Status 2, IsSuccess'],
  failed: ['stopped', 'Status 2, không IsSuccess'],
  returned: ['returned', 'IsReturned'],
};

export const TABLES: readonly CodeTable[] = [
  {
    name: STATUSES_ENTERED,
    title: 'OpenCPS (LGSP): Status, IsSuccess, IsReturned',
    entries: [
      ...Object.entries(MEANT).map(([code, [status, label]]) => ({ code, is: status, label })),
      ...STATUSES.map((status) => ({ code: '', is: status, label: status })),
    ],
    bothWays: false,
  },
];

/** Our status for a standing. Undefined if no table has it. */
export function statusOf(codes: CodesOf, standing: string): Status | undefined {
  const entered = codes(STATUSES_ENTERED).get(standing) as Status | undefined;
  return entered ?? (Object.hasOwn(MEANT, standing) ? MEANT[standing]?.[0] : undefined);
}

/** Values that no message about a delivery may show. A short key, such as `h60`, is a name: hidden, it would hide every dossier's code. */
export function secretsOf({ pushKey = '', pushSecret, consumerKey = '', consumerSecret }: Settings) {
  const keys = [pushKey, consumerKey].filter((key) => key.length >= SHORTEST_HIDDEN_KEY);
  return [...keys, pushSecret, consumerSecret];
}

const SHORTEST_HIDDEN_KEY = 8;
