import { withFirstContentId } from '#core/dossier/apply';
import { isSameContent } from '#core/dossier/content-id';
import { type Effect, effectOf } from '#core/dossier/effect';
import type { RecordItem } from '#core/dossier/item';
import { isFinished } from '#core/dossier/status';
import type { Problem } from '#core/problem';
import { subjectOf } from '#core/records/kind';
import { momentsOf } from '#core/records/moments';
import { render } from '#messages/render';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import { loadCreations } from '../index/creations.ts';
import { loadEvents } from '../index/events.ts';
import { incomingOf } from '../index/incoming.ts';
import { loadIndexed } from '../index/load-indexed.ts';
import { readChanges } from '../index/read.ts';
import { loadRecordEvents } from '../index/record-events.ts';
import { loadRecords } from '../index/records.ts';
import type { FinishedDossiers, HubQueries, StoredResult } from '../kit/puller.ts';
import { listOutstanding, listReceivedRecords, loadCalledBack } from '../ledger/deliveries.ts';
import type { ItemResult } from '../ledger/messages.ts';
import { loadResults } from '../ledger/results.ts';
import type { Party } from '../parties/party.ts';
import type { HubContext } from '../process/hub-context.ts';
import type { Sealed } from '../secrets/vault.ts';

/** Changes that are read at a time. */
const CHANGES = 5_000;

type Hub = Pick<HubContext, 'database' | 'vault' | 'kinds'>;

/** The queries that a party's puller may use. */
export function hubQueriesOf(hub: Hub, party: Party, { figures }: Pick<HubQueries, 'figures'>): HubQueries {
  const { database, vault, kinds } = hub;
  return {
    async outstanding(limit, after): Promise<readonly Dossier[]> {
      const codes = await listOutstanding(database, party.id, limit, after);
      const found = await loadIndexed(database.pool, vault, codes);
      const byCode = new Map(found.map(({ held }) => [held.code, held.view.record]));
      return codes.flatMap((code) => byCode.get(code) ?? []);
    },

    finished: (after, limit) => finishedAfter(hub, party, after, limit),

    async receivedRecords(operation, asked, limit, after) {
      const kind = kinds.of(operation);
      if (!kind) return [];
      const subjects = await listReceivedRecords(database, party.id, kind, asked, limit, after);
      const found = await loadRecords(database.pool, vault, { subjects, uniqueKeys: [] });
      const events = await loadRecordEvents(database.pool, vault, subjects);
      const bySubject = new Map(
        found.map(({ subject, held }) => [subject, { ...held.view, moments: momentsOf(events.get(subject) ?? []) }]),
      );
      return subjects.flatMap((subject) => bySubject.get(subject) ?? []) as never;
    },

    async knownRecords(operation, codes) {
      const kind = kinds.of(operation);
      if (!kind) return new Set();
      const subjects = codes.map((code) => subjectOf(kind, code));
      const found = await loadRecords(database.pool, vault, { subjects, uniqueKeys: [] });
      return new Set(found.map(({ held }) => held.code));
    },

    figures,

    results: async (receipt) => (await resultsOf(hub, party.id, receipt)).map(storedResultOf),

    unknownSteps: (steps) => unknownSteps(hub, party, steps),
  };
}

/** Dossiers that the party called back about and that ended after this cursor. */
async function finishedAfter(
  { database, vault }: Hub,
  party: Party,
  after: number,
  limit: number,
): Promise<FinishedDossiers> {
  const changes = await readChanges(database, after, CHANGES);
  const ends = changes.filter(({ status }) => isFinished(status as Dossier['status']));
  const codes = [...new Set(ends.map(({ code }) => code))];
  const said = await loadCalledBack(database, party.id, codes);
  // The last end of each dossier counts. Earlier ones were undone.
  const last = new Map(ends.map(({ code, cursor }) => [code, cursor]));
  const found = [...last].filter(([code]) => said.has(code)).sort(([, a], [, b]) => a - b);
  const taken = found.slice(0, limit);
  const held = await loadIndexed(
    database.pool,
    vault,
    taken.map(([code]) => code),
  );
  const records = new Map(held.map((one) => [one.held.code, one.held.view.record]));
  return {
    dossiers: taken.flatMap(([code]) => {
      const dossier = records.get(code);
      return dossier ? { dossier, said: JSON.parse(vault.open(said.get(code) as Sealed).toString()) } : [];
    }),
    after: (taken.length === limit ? taken.at(-1)?.[1] : changes.at(-1)?.cursor) ?? after,
    more: taken.length === limit || changes.length === CHANGES,
  };
}

type Steps = Parameters<HubQueries['unknownSteps']>[0];

/** The steps that the hub does not hold yet. */
async function unknownSteps({ database, vault }: Hub, party: Party, steps: Steps): Promise<ReadonlySet<RecordItem>> {
  const codes = [...new Set(steps.map(({ record }) => record.code))];
  const beginnings = (await loadIndexed(database.pool, vault, codes)).map(({ createdAt }) => createdAt);
  const since = beginnings.reduce((a, b) => (a < b ? a : b), beginnings[0] ?? '');
  const histories = since === '' ? undefined : await loadEvents(database.pool, vault, codes, since);
  const isKnown = (item: (typeof steps)[number]): boolean => {
    const events = histories?.get(item.record.code) ?? [];
    // The party's statements are compared, no matter who owns the dossier.
    const incoming = incomingOf(item, { party: party.id, recordedAt: '', ownership: undefined }, undefined, false);
    // In the form in which it will be accepted.
    const { kind, contentId } = party.adapter.stepsAreByMoment
      ? withFirstContentId(events, incoming, item.standIns)
      : incoming;
    return events.some((known) => known.kind === kind && isSameContent(known.contentId, contentId));
  };
  return new Set(steps.filter((item) => !isKnown(item)));
}

/** The result of an item, and what it did to the records of the hub. */
export interface ResultWithEffect extends ItemResult {
  readonly effect: Effect;
}

/** The result of each item of a party's messages with a receipt. */
export async function resultsOf(
  { database }: Pick<Hub, 'database'>,
  party: string,
  receipt: string,
): Promise<readonly ResultWithEffect[]> {
  const messages = await loadResults(database, party, receipt);
  const accepted = messages.flatMap(({ results }) => results.filter(({ outcome }) => outcome === 'accepted'));
  const codes = [...new Set(accepted.flatMap(({ code }) => code ?? []))];
  const created = await loadCreations(
    database,
    codes,
    messages.map(({ id }) => id),
  );
  const creations = new Set(created.map(({ messageId, item }) => `${messageId} ${item}`));
  return messages.flatMap(({ id, results }) =>
    results.map((result) => ({ ...result, effect: effectOf(result.outcome, creations.has(`${id} ${result.index}`)) })),
  );
}

/** Readers of reports get sentences in Vietnamese. */
export function storedResultOf({ code, effect, problems = [], warnings = [] }: ResultWithEffect): StoredResult {
  return { code, effect, problems: problems.map(saidOf), warnings: warnings.map(saidOf) };
}

const saidOf = (one: Problem) => ({ path: one.path, code: one.code, text: render(one, 'vi') });
