import { randomBytes } from 'node:crypto';
import type { HubFile, Scope } from '../../config/hub-file.ts';
import { offersOf } from '../../kit/adapter.ts';
import type { LoadedAdapter } from '../../parties/load-adapters.ts';
import { variableName } from './settings-texts.ts';

/** What a province says of itself at the first start. */
export interface Answers {
  readonly province: { readonly code: string; readonly name: string };
  /** The public address of the hub, such as https://lienthong.tinh.example. */
  readonly url: string;
  readonly databaseUrl?: string | undefined;
  readonly redisUrl?: string | undefined;
  readonly partners: readonly Partner[];
}

export interface Partner {
  readonly id: string;
  readonly adapter: string;
  readonly url?: string | undefined;
}

/** A variable of hub.env. Without a value somebody has to fill it in. */
export interface Variable {
  readonly name: string;
  readonly value: string;
  readonly about: string;
}

export interface FirstSettings {
  readonly file: HubFile;
  readonly variables: readonly Variable[];
  /** Required settings that are no texts: they have no variable and belong into the file. */
  readonly missing: readonly Omit<Variable, 'value'>[];
}

/**
 * The first configuration: keys for each client, a party for each partner, and routes between the one-stop system and every
 * partner. Each required setting that nobody gave is a variable without a value.
 */
export function firstSettings(answers: Answers, adapters: ReadonlyMap<string, LoadedAdapter>): FirstSettings {
  const parties = answers.partners.map((partner) => partyOf(partner, adapters.get(partner.adapter) as LoadedAdapter));
  const keys = keysOf(parties);
  const file: HubFile = {
    province: { ...answers.province, timezone: 'Asia/Ho_Chi_Minh' },
    proxies: ['loopback'],
    keys: keys.map(({ id, variable, scopes, party }) =>
      party === undefined
        ? { id, secret: `\${${variable}}`, scopes: [...scopes] }
        : { id, secret: `\${${variable}}`, scopes: [...scopes], party },
    ),
    parties: Object.fromEntries(parties.map(({ id, adapter, settings }) => [id, { adapter, settings }])),
    routes: routesOf(parties),
  };
  const variables = [
    ...processVariables(answers),
    ...keys.map(({ id, variable }) => ({ name: variable, value: newSecret(), about: `the secret of the key ${id}` })),
    ...parties.flatMap((party) => party.variables),
  ];
  return { file, variables, missing: parties.flatMap((party) => party.missing) };
}

function processVariables({ databaseUrl, redisUrl }: Answers): readonly Variable[] {
  return [
    {
      name: 'HUB_SECRET',
      value: newSecret(),
      about: 'encrypts the stored data: keep a copy where the backups are not',
    },
    { name: 'DATABASE_URL', value: databaseUrl ?? '', about: 'PostgreSQL; without it the hub runs its own' },
    { name: 'REDIS_URL', value: redisUrl ?? '', about: 'Redis; needed for several processes only' },
  ];
}

interface Party {
  readonly id: string;
  readonly adapter: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly variables: readonly Variable[];
  readonly missing: readonly Omit<Variable, 'value'>[];
  readonly isOwner: boolean;
  /** Operations that the hub sends to the party with these settings. */
  readonly receives: readonly string[];
  /** What the party reports back. */
  readonly reports: boolean;
}

function partyOf({ id, adapter: name, url }: Partner, loaded: LoadedAdapter): Party {
  const found: Found = { variables: [], missing: [] };
  const settings = requiredOf(loaded.adapter.settings as Shape, `/parties/${id}/settings`, id, url, found);
  if (url !== undefined && !Object.values(settings).includes(url)) settings[addressIn(loaded) ?? 'baseUrl'] = url;
  const { manifest } = loaded;
  return {
    id,
    adapter: name,
    settings,
    ...found,
    isOwner: manifest.authoritative,
    // A party that owns its dossiers pushes them. It receives only at an address.
    receives: manifest.authoritative && url === undefined ? [] : offersOf(loaded.adapter, settings).sends,
    reports: manifest.pulls.length > 0 || manifest.callbacks === true || (manifest.callbacks ?? []).length > 0,
  };
}

interface Shape {
  readonly type?: string;
  readonly pattern?: string;
  readonly description?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Shape>>;
}

const isAddress = ({ pattern }: Shape): boolean => pattern?.startsWith('^https?://') === true;

function addressIn({ adapter }: LoadedAdapter): string | undefined {
  const { properties = {} } = adapter.settings as Shape;
  return Object.keys(properties).find((member) => isAddress(properties[member] as Shape));
}

interface Found {
  readonly variables: Variable[];
  readonly missing: Omit<Variable, 'value'>[];
}

/** The required members of settings: the given address, or a variable for somebody to fill in. */
function requiredOf(
  shape: Shape,
  path: string,
  words: string,
  url: string | undefined,
  found: Found,
): Record<string, unknown> {
  let address = url;
  return Object.fromEntries(
    (shape.required ?? []).flatMap((member): readonly (readonly [string, unknown])[] => {
      const inner = shape.properties?.[member] ?? {};
      const about = `${path}/${member}: ${inner.description ?? 'a value'}`;
      if (inner.type === 'object' && inner.required)
        return [[member, requiredOf(inner, `${path}/${member}`, `${words}-${member}`, undefined, found)]];
      if (address !== undefined && isAddress(inner)) {
        const given = address;
        address = undefined;
        return [[member, given]];
      }
      const name = variableName(`${words}-${member}`);
      if (inner.type !== 'string') {
        found.missing.push({ name: `${path}/${member}`, about });
        return [];
      }
      found.variables.push({ name, value: '', about });
      return [[member, `\${${name}}`]];
    }),
  );
}

interface FirstKey {
  readonly id: string;
  readonly variable: string;
  readonly scopes: readonly Scope[];
  readonly party?: string | undefined;
}

/** One key for each client: what pushes, what reads, and the operators. */
function keysOf(parties: readonly Party[]): readonly FirstKey[] {
  const senders = parties.filter(({ isOwner }) => isOwner).map(({ id }) => id);
  return [
    ...senders.map((id) => ({
      id,
      variable: variableName(`${id}-key`),
      scopes: ['dossier:write'] as const,
      party: id,
    })),
    { id: 'portal', variable: 'PORTAL_KEY', scopes: ['index:read', 'catalogue:read'] },
    { id: 'ops', variable: 'OPS_KEY', scopes: ['ops:read', 'ops:body', 'ops:replay', 'ops:configure'] },
  ];
}

/** From the one-stop system to every partner, and back what a partner reports. */
function routesOf(parties: readonly Party[]): NonNullable<HubFile['routes']> {
  const owners = parties.filter(({ isOwner }) => isOwner);
  return owners.flatMap((owner) => {
    const others = parties.filter(({ isOwner }) => !isOwner);
    const operations = [...new Set(others.flatMap(({ receives }) => receives))];
    const outwards = operations.map((operation) => ({
      from: owner.id,
      operation,
      to: others.filter(({ receives }) => receives.includes(operation)).map(({ id }) => id),
    }));
    const back = others
      .filter(({ reports }) => reports)
      .flatMap(({ id, receives }) =>
        receives
          .filter((operation) => owner.receives.includes(operation))
          .map((operation) => ({ from: id, operation, to: [owner.id] })),
      );
    return [...outwards, ...back];
  });
}

const newSecret = (): string => randomBytes(36).toString('base64url');
