import { Dossier } from '#schemas/dossier.upsert.v1';
import type { Operation } from '#schemas/operations';
import { agencyOfDossierCode, isAtOrBelow, serviceKey } from '../identifiers/identifiers.ts';
import { type Route, recipients, type Subject } from './route.ts';

/**
 * Members that a party may be allowed to change in a dossier of another owner. Applicant and codes are never among
 * them: the look-up's proofs and the joining of dossiers depend on these.
 */
export const SHAREABLE = (Object.keys(Dossier.properties) as (keyof Dossier)[]).filter(
  (member) => !['code', 'statusAt', 'applicant', 'aliases'].includes(member),
);

/** Why a dossier of an older version is doubtful. See migration 018. */
export const DOUBTS = ['moved-by-another', 'alias-by-another', 'far-ahead'] as const;
export type Doubt = (typeof DOUBTS)[number];

/** One party's rights from the configuration. See docs/concepts/who-may-say-what.md. */
export interface PartyRights {
  /** The party owns dossiers with these code prefixes, agencies (with subordinate ones) and services. */
  readonly owns?:
    | {
        readonly codes?: readonly string[] | undefined;
        readonly agencies?: readonly string[] | undefined;
        readonly services?: readonly string[] | undefined;
      }
    | undefined;
  /**
   * Members that it may change in other parties' dossiers, and operations such as `rating.upsert.v1`: records that it may begin
   * about other parties' dossiers. If absent, only the routes decide.
   */
  readonly may?: readonly string[] | undefined;
  /** True: it decides the status of its own dossiers. A list: it decides these members of every dossier. */
  readonly authoritative: boolean | readonly string[];
  /** Whether its adapter reports on dossiers that it received, by pulls or callbacks. */
  readonly reportsBack: boolean;
}

/** The members of a dossier that decide its owner. */
export interface OwnedSubject {
  readonly code: string;
  readonly agencyCode?: string | undefined;
  readonly serviceCode?: string | undefined;
}

export interface EntitledParty {
  readonly party: string;
  /** Named by `owns`, so no other party can begin such a dossier. */
  readonly isConfigured: boolean;
}

/** Who owns which dossiers, and what other parties may change. */
export interface Ownership {
  /** The party that is entitled to a dossier. Undefined if no rule names one; then the first sender owns it for now. */
  entitled(subject: OwnedSubject): EntitledParty | undefined;
  /** The members that a party may change in a dossier of another owner. Empty for most. */
  shared(party: string, owner: string, dossier: Subject): readonly string[];
  /** Whether a party may begin a record of this operation about a dossier of another owner. */
  mayBegin(party: string, operation: Operation, owner: string, dossier: Subject): boolean;
  /** Whether the owner's records of an operation are routed to a party: it is asked to work on them. */
  isRecipient(party: string, owner: string, operation: Operation, subject: Subject): boolean;
  /** Whether the hub applies a party's status even if the transition table does not allow it. */
  isAuthoritative(party: string): boolean;
  /** The rules in force at an instant. A message is judged by those of its arrival, also in a rebuild. */
  at(instant: string): Ownership;
}

/** The members that a recipient of a dossier may report: its status and its results. */
const BY_ROUTE = ['status', 'results'];

/** @param routes the configured routes, which say who works on whose dossiers */
export function createOwnership(parties: ReadonlyMap<string, PartyRights>, routes: readonly Route[]): Ownership {
  const owners = [...parties].flatMap(([party, { owns }]) => (owns ? [{ party, ...owns }] : []));
  const decisive = [...parties].filter(([, { authoritative }]) => authoritative === true).map(([party]) => party);
  const single = decisive.length === 1 ? decisive[0] : undefined;
  const bySingle = single === undefined ? undefined : { party: single, isConfigured: false };
  const isRecipient: Ownership['isRecipient'] = (party, owner, operation, subject) =>
    recipients(routes, owner, operation, subject).includes(party);
  const shared: Ownership['shared'] = (party, owner, dossier) => {
    const { may, authoritative, reportsBack } = parties.get(party) ?? NO_RIGHTS;
    const always = typeof authoritative === 'boolean' ? [] : authoritative;
    if (may) return [...may.filter(isMember), ...always];
    const isAsked = reportsBack && party !== owner && isRecipient(party, owner, 'dossier.upsert.v1', dossier);
    return isAsked ? [...BY_ROUTE, ...always] : always;
  };
  const ownership: Ownership = {
    entitled(subject) {
      if (owners.length === 0) return bySingle;
      const party =
        ownerByCode(owners, subject.code) ?? ownerByAgency(owners, subject) ?? ownerByService(owners, subject);
      if (party !== undefined) return { party, isConfigured: true };
      return bySingle;
    },
    shared,
    mayBegin: (party, operation, owner, dossier) =>
      parties.get(party)?.may?.includes(operation) === true ||
      shared(party, owner, dossier).length > 0 ||
      isRecipient(party, owner, 'dossier.upsert.v1', dossier),
    isRecipient,
    isAuthoritative(party) {
      const { authoritative } = parties.get(party) ?? NO_RIGHTS;
      return typeof authoritative === 'boolean' ? authoritative : authoritative.includes('status');
    },
    at: () => ownership,
  };
  return ownership;
}

/** The rules of the settings, as the database keeps them. */
export interface OwnershipRules {
  readonly parties: readonly (readonly [party: string, rights: PartyRights])[];
  readonly routes: readonly Route[];
}

/** Rules, and since when they are in force. */
export interface OwnershipVersion {
  readonly since: string;
  readonly rules: OwnershipRules;
}

/** @param versions the rules in the order of their beginnings, at least one; the first also judges everything before it */
export function ownershipInTime(versions: readonly OwnershipVersion[]): Ownership {
  const inTime = versions.map(({ since, rules }) => ({
    since,
    is: createOwnership(new Map(rules.parties), rules.routes),
  }));
  const [first, newest] = [inTime[0], inTime.at(-1)] as [(typeof inTime)[number], (typeof inTime)[number]];
  return {
    ...newest.is,
    at: (instant) =>
      instant >= newest.since ? newest.is : (inTime.findLast(({ since }) => since <= instant) ?? first).is,
  };
}

function isMember(name: string): boolean {
  return (SHAREABLE as readonly string[]).includes(name);
}

const NO_RIGHTS: PartyRights = { authoritative: false, reportsBack: false };

interface Owner {
  readonly party: string;
  readonly codes?: readonly string[] | undefined;
  readonly agencies?: readonly string[] | undefined;
  readonly services?: readonly string[] | undefined;
}

/** The longest prefix decides: `H60.05` may belong to another system than `H60`. */
function ownerByCode(owners: readonly Owner[], code: string): string | undefined {
  return longest(owners, ({ codes = [] }) => codes.filter((prefix) => code.startsWith(prefix)));
}

/** A dossier code begins with its agency. The sender's agency counts only if the code names none. */
function ownerByAgency(owners: readonly Owner[], { code, agencyCode }: OwnedSubject): string | undefined {
  if (owners.every(({ agencies }) => agencies === undefined)) return undefined;
  const agency = agencyOfDossierCode(code) ?? agencyCode;
  if (agency === undefined) return undefined;
  return longest(owners, ({ agencies = [] }) => agencies.filter((above) => isAtOrBelow(agency, above)));
}

function ownerByService(owners: readonly Owner[], { serviceCode }: OwnedSubject): string | undefined {
  if (serviceCode === undefined) return undefined;
  const key = serviceKey(serviceCode);
  return longest(owners, ({ services = [] }) => services.filter((service) => serviceKey(service) === key));
}

function longest(owners: readonly Owner[], matching: (owner: Owner) => readonly string[]): string | undefined {
  const matches = owners.flatMap((owner) => matching(owner).map((prefix) => ({ party: owner.party, prefix })));
  return matches.reduce<(typeof matches)[number] | undefined>(
    (best, match) => (best && best.prefix.length >= match.prefix.length ? best : match),
    undefined,
  )?.party;
}

/** The sender of an item, and the rules that apply to it. */
export interface Sender {
  readonly party: string;
  /** When the item is recorded. */
  readonly recordedAt: string;
  /**
   * Absent: nothing restricts the sender. That is so for messages from before the ownership rules, for a partner's answer that
   * an operator adopted, and for the steps that a record of a kind makes.
   */
  readonly ownership: Ownership | undefined;
}
