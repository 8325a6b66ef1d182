import { Dossier } from '#schemas/dossier.upsert.v1';
import { agencyOfDossierCode, isAtOrBelow, serviceKey } from '../identifiers/identifiers.ts';
import { type Route, recipients, type Subject } from './route.ts';

/**
 * Members of a dossier that a party may be allowed to change although another party owns the dossier. Who the applicant is
 * and which codes a dossier has are never among them: the look-up's proofs and the joining of dossiers depend on these.
 */
export const SHAREABLE = (Object.keys(Dossier.properties) as (keyof Dossier)[]).filter(
  (member) => !['code', 'statusAt', 'applicant', 'aliases'].includes(member),
);

/** Why a dossier of an older version is doubtful: see migration 018. */
export const DOUBTS = ['moved-by-another', 'alias-by-another', 'far-ahead'] as const;
export type Doubt = (typeof DOUBTS)[number];

/** What the configuration says of one party's rights; see docs/concepts/who-may-say-what.md. */
export interface PartyRights {
  /** Prefixes of dossier codes, agencies (with those below them) and services whose dossiers the party owns. */
  readonly owns?: {
    readonly codes?: readonly string[] | undefined;
    readonly agencies?: readonly string[] | undefined;
    readonly services?: readonly string[] | undefined;
  };
  /** What it may change of other parties' dossiers; absent where only the routes decide. */
  readonly may?: readonly string[];
  /** True: its word stands for its own dossiers. Members: its word stands for these of every dossier. */
  readonly authoritative: boolean | readonly string[];
  /** Whether its adapter reports back on dossiers that were sent to it: by pulls or callbacks. */
  readonly reportsBack: boolean;
}

/** The members of a dossier that decide who owns it. */
export interface OwnedSubject {
  readonly code: string;
  readonly agencyCode?: string | undefined;
  readonly serviceCode?: string | undefined;
}

export interface EntitledParty {
  readonly party: string;
  /** Named by `owns`: then no other party can begin such a dossier. */
  readonly isConfigured: boolean;
}

/** Who owns which dossiers, and what other parties may say of them. */
export interface Ownership {
  /** The party that is entitled to a dossier; undefined where nothing says so and the first teller owns it for now. */
  entitled(subject: OwnedSubject): EntitledParty | undefined;
  /** The members that a party may change of a dossier that another party owns; none for most. */
  shared(party: string, owner: string, dossier: Subject): readonly string[];
  /** Whether a party's word on the status stands where the table of transitions does not allow it. */
  isAuthoritative(party: string): boolean;
}

/** What a party that a dossier was routed to may report on it: how far it is, and what came of it. */
const BY_ROUTE = ['status', 'results'];

/** @param routes those of the configuration: they say who is asked to work on whose dossiers */
export function createOwnership(parties: ReadonlyMap<string, PartyRights>, routes: readonly Route[]): Ownership {
  const owners = [...parties].flatMap(([party, { owns }]) => (owns ? [{ party, ...owns }] : []));
  const decisive = [...parties].filter(([, { authoritative }]) => authoritative === true).map(([party]) => party);
  const single = decisive.length === 1 ? decisive[0] : undefined;
  const bySingle = single === undefined ? undefined : { party: single, isConfigured: false };
  return {
    entitled(subject) {
      if (owners.length === 0) return bySingle;
      const party =
        ownerByCode(owners, subject.code) ?? ownerByAgency(owners, subject) ?? ownerByService(owners, subject);
      if (party !== undefined) return { party, isConfigured: true };
      return bySingle;
    },
    shared(party, owner, dossier) {
      const { may, authoritative, reportsBack } = parties.get(party) ?? NO_RIGHTS;
      const always = typeof authoritative === 'boolean' ? [] : authoritative;
      if (may) return [...may, ...always];
      const isAsked =
        reportsBack && party !== owner && recipients(routes, owner, 'dossier.upsert.v1', dossier).includes(party);
      return isAsked ? [...BY_ROUTE, ...always] : always;
    },
    isAuthoritative(party) {
      const { authoritative } = parties.get(party) ?? NO_RIGHTS;
      return typeof authoritative === 'boolean' ? authoritative : authoritative.includes('status');
    },
  };
}

const NO_RIGHTS: PartyRights = { authoritative: false, reportsBack: false };

interface Owner {
  readonly party: string;
  readonly codes?: readonly string[] | undefined;
  readonly agencies?: readonly string[] | undefined;
  readonly services?: readonly string[] | undefined;
}

/** The longest prefix decides: `H60.05` may be another system's than `H60`. */
function ownerByCode(owners: readonly Owner[], code: string): string | undefined {
  return longest(owners, ({ codes = [] }) => codes.filter((prefix) => code.startsWith(prefix)));
}

/** A dossier code begins with its agency; what the sender says of the agency counts only where the code does not tell. */
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

/** Who sent an item, and by which rules it is judged. */
export interface Sender {
  readonly party: string;
  /** When it is recorded. */
  readonly recordedAt: string;
  /** Absent for what was received before ownership was decided. */
  readonly ownership: Ownership | undefined;
}
