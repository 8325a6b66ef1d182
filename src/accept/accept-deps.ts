import type { Ownership } from '#core/dossier/ownership';
import type { Route } from '#core/dossier/route';
import { createKnownCodes, type KnownCodes } from '../catalogue/known-codes.ts';
import { createUuids, type UuidSource } from '../database/uuid.ts';
import type { RecentCommits } from '../index/recent-commits.ts';
import type { Created } from '../ledger/quarantine.ts';
import type { Accepted, Submission } from '../ledger/submission.ts';
import type { LastWrite } from '../observe/last-write.ts';
import type { Party } from '../parties/party.ts';
import type { HubContext } from '../process/hub-context.ts';
import { createOptimism, type Optimism } from './optimism.ts';

export interface AcceptDeps extends Pick<HubContext, 'database' | 'vault' | 'kinds'> {
  readonly routes: readonly Route[];
  readonly knownCodes: KnownCodes;
  readonly ownership: Ownership;
  /** When the ownership rules came into force. Earlier messages count in full, as they did then. */
  readonly ownedSince: string;
  /** Whether records may be refused or wait. False for a rebuild: the recorded outcomes say which were applied. */
  readonly enforcesRules: boolean;
  /** Whether a party reports a step in several ways. See withFirstContentId (core/dossier/apply). */
  readonly stepsAreByMoment: (party: string) => boolean;
  /** Addresses under which the hub may fetch the files of a party. Undefined: none. */
  readonly filesFrom: (party: string) => readonly string[] | undefined;
  readonly uuids: UuidSource;
  /** Undefined if every dossier is looked up first. */
  readonly optimism: Optimism | undefined;
  /** Undefined in a process that does not deliver. */
  readonly recentCommits: RecentCommits | undefined;
}

export interface Acceptance {
  /** The result of each submission, in order. */
  readonly accepted: readonly Accepted[];
  /** How many recorded events were read to judge the new ones. */
  readonly eventsRead: number;
  /** The parties with a delivery that is due now. */
  readonly notify: readonly string[];
  readonly created: Created;
  /** The causes that new catalogue entries have settled. */
  readonly settledCauses: readonly string[];
}

/** What the commit needs from the pipeline. */
export interface CommitDeps extends Pick<AcceptDeps, 'routes' | 'ownership' | 'ownedSince' | 'recentCommits'> {
  readonly parties: ReadonlyMap<string, Party>;
  readonly lastWrite: LastWrite;
  /** Called after each commit. Must not throw: the messages are stored. */
  readonly onCommit: (submissions: readonly Submission[], acceptance: Acceptance) => void;
}

export function acceptDepsOf(
  { database, vault, kinds, nowMs }: Pick<HubContext, 'database' | 'vault' | 'kinds' | 'nowMs'>,
  { routes, ownership, ownedSince, recentCommits, parties }: CommitDeps,
): AcceptDeps {
  return {
    database,
    vault,
    kinds,
    routes,
    ownership,
    ownedSince,
    recentCommits,
    knownCodes: createKnownCodes(database, nowMs),
    enforcesRules: true,
    stepsAreByMoment: (party) => parties.get(party)?.adapter.stepsAreByMoment ?? false,
    filesFrom: (party) => parties.get(party)?.filesFrom,
    uuids: createUuids(nowMs),
    optimism: createOptimism(),
  };
}
