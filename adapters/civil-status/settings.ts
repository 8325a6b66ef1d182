import Type from 'typebox';
import { type CodesOf, type CodeTable, serviceKey, timeouts } from '#kit';
import { STATUSES, type Status } from '#schemas/dossier.upsert.v1';
import { closed, oneOf } from '#schemas/parts';
import tables from './tables.json' with { type: 'json' };

const optional = Type.Optional;
const Word = Type.String({ minLength: 1, maxLength: 4_000, description: 'a text' });
const Secret = Type.String({ minLength: 1, maxLength: 4_000, writeOnly: true, description: 'a secret as a text' });
const Address = Type.String({ pattern: '^https?://', maxLength: 500, description: 'an address such as https://…' });
const Path = Type.String({ pattern: '^/', maxLength: 200, description: 'a path that begins with /' });
const Unit = Type.String({
  pattern: '^[0-9]{1,10}$',
  description: 'a unit code of 1 to 10 digits given by the ministry',
});

const Module = closed({
  // The four known values were seen on the bundle. The ministry may give a plain registration another one.
  module: Type.String({ pattern: '^[0-9A-Za-z_-]{1,50}$', description: 'a module such as LTKS' }),
  call: oneOf(['registration', 'bundle']),
  name: optional(Word),
});
const MinistryStatus = closed({ status: oneOf(STATUSES), description: optional(Word) });

export const Settings = closed({
  tokenUrl: Address,
  consumerKey: Word,
  consumerSecret: Secret,
  lgspAccessToken: Secret,
  baseUrl: Address,
  maTinh: Type.String({ pattern: '^[0-9]{2}$', description: 'a province code of two digits such as 08' }),
  maDonVi: Unit,
  /** Unit codes of other receiving agencies, by their agency code. */
  units: optional(Type.Record(Type.String(), Unit, { description: 'an object of unit codes by agency code' })),
  /** Entries that take precedence over those of tables.json. */
  modules: optional(Type.Record(Type.String(), Module, { description: 'an object of modules by short service code' })),
  statuses: optional(Type.Record(Type.String(), MinistryStatus, { description: 'an object of statuses by trangThai' })),
  paths: optional(closed({ registration: optional(Path), bundle: optional(Path), results: optional(Path) })),
  /** The secret that signs the status push. Without it the push is off. */
  callbackSecret: optional(
    Type.String({
      minLength: 16,
      maxLength: 4_000,
      writeOnly: true,
      description: 'a secret of at least 16 characters',
    }),
  ),
  callbackHeader: optional(
    Type.String({ pattern: '^[A-Za-z0-9-]{1,100}$', description: 'the name of a header such as X-Signature' }),
  ),
  callbackCheck: optional(oneOf(['hmac-sha256', 'secret'])),
  ...timeouts(),
});
export type Settings = Type.Static<typeof Settings>;
export type Module = Type.Static<typeof Module>;

/** The code tables in which operators add modules and statuses. */
export const MODULES_ENTERED = 'civil-status-module';
export const STATUSES_ENTERED = 'civil-status-status';

export const TABLES: readonly CodeTable[] = [
  {
    name: MODULES_ENTERED,
    title: 'Civil status: as which service a service is registered',
    entries: Object.entries(tables.modules).map(([code, { name }]) => ({ code, is: code, label: name })),
    bothWays: false,
  },
  {
    name: STATUSES_ENTERED,
    title: "Civil status: the ministry's trangThai",
    entries: Object.entries(tables.statuses).map(([code, { status, description }]) => ({
      code,
      is: status,
      label: description,
    })),
    bothWays: false,
  },
];

/** The settings and the operators' code tables. Operators' entries come first, then the settings, then tables.json. */
export interface Tables {
  readonly settings: Settings;
  readonly codes: CodesOf;
}

/** How the ministry takes dossiers of a service, by its short code. Undefined if no table has it. */
export function moduleOf({ settings, codes }: Tables, serviceCode: string): Module | undefined {
  const key = serviceKey(serviceCode);
  const as = codes(MODULES_ENTERED).get(key) ?? key;
  return entryOf(as, settings.modules, tables.modules as Record<string, Module>);
}

/** Our status for a `trangThai` of the ministry. Undefined if no table has it. */
export function statusOf(
  { settings, codes }: Tables,
  trangThai: string,
): { readonly status: Status; readonly description?: string } | undefined {
  const entered = codes(STATUSES_ENTERED).get(trangThai);
  if (entered !== undefined) return { status: entered as Status };
  return entryOf(trangThai, settings.statuses, tables.statuses as Record<string, Type.Static<typeof MinistryStatus>>);
}

/** Descriptions of statuses from all tables. Such words say nothing about one dossier. */
export function descriptionsOf(settings: Settings): ReadonlySet<string | undefined> {
  const entries: readonly Type.Static<typeof MinistryStatus>[] = [
    ...(Object.values(tables.statuses) as Type.Static<typeof MinistryStatus>[]),
    ...Object.values(settings.statuses ?? {}),
  ];
  return new Set(entries.map(({ description }) => description));
}

export function urlOf(settings: Settings, call: keyof typeof tables.paths): string {
  return settings.baseUrl.replace(/\/+$/, '') + (settings.paths?.[call] ?? tables.paths[call]);
}

export function unitOf(settings: Settings, agencyCode: string): string {
  return entryOf(agencyCode, settings.units) ?? settings.maDonVi;
}

/** Keys come from partners, so only own properties of the tables count. */
function entryOf<T>(key: string, ...layers: readonly (Readonly<Record<string, T>> | undefined)[]): T | undefined {
  return layers.find((layer) => layer !== undefined && Object.hasOwn(layer, key))?.[key];
}
