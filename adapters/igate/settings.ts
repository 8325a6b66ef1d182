import Type from 'typebox';
import { type CodesOf, type CodeTable, type Problem, parseInstant, problem, say, timeouts } from '#kit';
import { CHANNELS, STATUSES, type Status } from '#schemas/dossier.upsert.v1';
import { closed, oneOf } from '#schemas/parts';

const optional = Type.Optional;
const Address = Type.String({ pattern: '^https?://', maxLength: 500, description: 'an address such as https://…' });
const Word = Type.String({ minLength: 1, maxLength: 500, description: 'a text' });
const Secret = Type.String({ minLength: 1, maxLength: 4_000, writeOnly: true, description: 'a secret as a text' });
const Id = Type.String({ pattern: '^[0-9A-Za-z-]{1,64}$', description: "one of iGate's ids" });
const Day = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\d$', description: 'a day such as 2025-07-01' });
const YesNo = Type.Boolean({ description: 'true or false' });
const table = <T extends Type.TSchema>(values: T, description: string) =>
  optional(Type.Record(Type.String({ minLength: 1, maxLength: 60 }), values, { description }));

export const Settings = closed({
  /** The gateway of the host, before `/pa/…`. */
  baseUrl: Address,
  tokenUrl: Address,
  clientId: Word,
  clientSecret: optional(Secret),
  username: optional(Word),
  password: optional(Secret),
  scope: optional(Word),
  /** The agency whose dossiers are read, with those below it (`ancestor-agency-id`). */
  agencyId: optional(Id),
  /** Where the first pull begins: dossiers that changed since. */
  startAt: Type.String({ maxLength: 40, description: 'an instant such as 2025-07-01T00:00:00+07:00' }),
  overlapS: optional(Type.Integer({ minimum: 0, maximum: 86_400, description: 'a number of seconds, at most 86400' })),
  pageSize: optional(Type.Integer({ minimum: 1, maximum: 200, description: 'a number from 1 to 200' })),
  spec: optional(oneOf(['page', 'slice'])),
  removeStatuses: optional(Type.Array(Id, { maxItems: 50, description: "a list of iGate's ids of statuses" })),
  taskStatusId: optional(Id),
  appliedFrom: optional(Day),
  acceptedFrom: optional(Day),
  /** Asks for each changed dossier by itself, because the list of this host lacks tasks or files. */
  details: optional(YesNo),
  /** Asks for the fees of the changed dossiers of a page. */
  fees: optional(YesNo),
  /** What `amount` of a fee is: the whole, or the price of one of `quantity`. */
  feeAmount: optional(oneOf(['total', 'each'])),
  /** Which of iGate's two statuses decides. */
  statusBy: optional(oneOf(['dossier', 'task'])),
  statuses: table(oneOf(STATUSES), 'an object of our statuses by dossierStatus.id'),
  taskStatuses: table(oneOf(STATUSES), 'an object of our statuses by dossierTaskStatus.id'),
  channels: table(oneOf(CHANNELS), 'an object of counter, online or post by applyMethod.id'),
  /** How the applicant receives the result. No id has a publicly known meaning. */
  deliveries: table(oneOf(['counter', 'post']), 'an object of counter or post by dossierReceivingKind.id'),
  /** Agencies whose code at iGate is no national code. */
  agencies: table(Word, "an object of agency codes such as H60.01 by iGate's id or code"),
  /** Ends the dossier at iGate when another party resolves it. */
  endsProcesses: optional(YesNo),
  ...timeouts(),
});
export type Settings = Type.Static<typeof Settings>;

/** What the schema cannot say: which grant the account uses, and where the first pull begins. */
export function settingsProblems({ clientSecret, username, password, startAt }: Settings): readonly Problem[] {
  const problems: Problem[] = [];
  if (parseInstant(startAt) === undefined)
    problems.push(
      problem('/startAt', 'unexpected', {
        got: startAt,
        expected: say('instant-such', { such: '2025-07-01T00:00:00+07:00' }),
      }),
    );
  if (username === undefined && clientSecret === undefined) problems.push(problem('/clientSecret', 'absent'));
  if (username !== undefined && password === undefined) problems.push(problem('/password', 'absent'));
  return problems;
}

/** The code tables in which operators add what the settings lack. */
export const STATUSES_ENTERED = 'igate-status';
const TASK_STATUSES_ENTERED = 'igate-task-status';

/** The only ids with a publicly known meaning. Each province gives further ones its own. */
const KNOWN: Readonly<Record<string, Status>> = { '0': 'submitted', '2': 'processing' };

const MEANINGS = STATUSES.map((status) => ({ code: '', is: status, label: status }));

export const TABLES: readonly CodeTable[] = [
  {
    name: STATUSES_ENTERED,
    title: 'iGate: dossierStatus.id',
    entries: [
      { code: '0', is: 'submitted', label: 'Mới đăng ký' },
      { code: '2', is: 'processing', label: 'Đang xử lý' },
      ...MEANINGS,
    ],
    bothWays: false,
  },
  { name: TASK_STATUSES_ENTERED, title: 'iGate: dossierTaskStatus.id', entries: MEANINGS, bothWays: false },
];

/** iGate's two statuses of a dossier, by their ids. */
export interface StatusIds {
  readonly dossier: string | undefined;
  readonly task: string | undefined;
}

export type StatusFound = { readonly status: Status } | { readonly table: string; readonly id: string };

/** Our status, or the table that lacks the id. Undefined if the row names no status. */
export function statusOf(settings: Settings, codes: CodesOf, { dossier, task }: StatusIds): StatusFound | undefined {
  if (settings.statusBy === 'task' && task !== undefined)
    return foundIn(TASK_STATUSES_ENTERED, task, codes, settings.taskStatuses, {});
  return dossier === undefined ? undefined : foundIn(STATUSES_ENTERED, dossier, codes, settings.statuses, KNOWN);
}

function foundIn(
  table: string,
  id: string,
  codes: CodesOf,
  own: Readonly<Record<string, Status>> = {},
  known: Readonly<Record<string, Status>>,
): StatusFound {
  const entered = codes(table).get(id) as Status | undefined;
  const status =
    entered ?? (Object.hasOwn(own, id) ? own[id] : undefined) ?? (Object.hasOwn(known, id) ? known[id] : undefined);
  return status === undefined ? { table, id } : { status };
}

/** Values that no message about a delivery may show. */
export function secretsOf({ clientSecret, password }: Settings): readonly (string | undefined)[] {
  return [clientSecret, password];
}
