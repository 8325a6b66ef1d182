import type { Ownership } from '#core/dossier/ownership';
import type { Route } from '#core/dossier/route';
import { createKnownCodes, type KnownCodes } from '../catalogue/known-codes.ts';
import { createUuids, type UuidSource } from '../database/uuid.ts';
import type { RecentCommits } from '../index/recent-commits.ts';
import type { Accepted, Submission } from '../ledger/submission.ts';
import type { LastWrite } from '../observe/last-write.ts';
import type { Party } from '../parties/party.ts';
import type { HubContext } from '../process/hub-context.ts';
import { createOptimism, type Optimism } from './optimism.ts';

export interface AcceptDeps extends Pick<HubContext, 'database' | 'vault'> {
  readonly routes: readonly Route[];
  readonly knownCodes: KnownCodes;
  readonly ownership: Ownership;
  /** The first moment at which ownership was decided: what was received before counts in full, as it did then. */
  readonly ownedSince: string;
  /** Whether a party tells of a step in several ways; see asFirstTold (core/apply). */
  readonly stepsAreByMoment: (party: string) => boolean;
  readonly uuids: UuidSource;
  /** Undefined where every dossier is looked up first. */
  readonly optimism: Optimism | undefined;
  /** Undefined in a process that does not deliver. */
  readonly recentCommits: RecentCommits | undefined;
}

export interface Acceptance {
  /** What became of each submission, in their order. */
  readonly accepted: readonly Accepted[];
  /** How many recorded events were read to judge by. */
  readonly judged: number;
  /** The parties that something is due for now. */
  readonly notify: readonly string[];
  /** The dossiers that were not known before. */
  readonly created: readonly string[];
  /** The causes that what is in the catalogue now has settled. */
  readonly settledCauses: readonly string[];
}

/** What the commit is given by the pipeline. */
export interface CommitDeps extends Pick<AcceptDeps, 'routes' | 'ownership' | 'ownedSince' | 'recentCommits'> {
  readonly parties: ReadonlyMap<string, Party>;
  readonly lastWrite: LastWrite;
  /** Called after each commit. */
  readonly onCommit: (submissions: readonly Submission[], acceptance: Acceptance) => void;
}

export function acceptDepsOf(
  { database, vault, nowMs }: Pick<HubContext, 'database' | 'vault' | 'nowMs'>,
  { routes, ownership, ownedSince, recentCommits, parties }: CommitDeps,
): AcceptDeps {
  return {
    database,
    vault,
    routes,
    ownership,
    ownedSince,
    recentCommits,
    knownCodes: createKnownCodes(database, nowMs),
    stepsAreByMoment: (party) => parties.get(party)?.adapter.stepsAreByMoment ?? false,
    uuids: createUuids(nowMs),
    optimism: createOptimism(),
  };
}
