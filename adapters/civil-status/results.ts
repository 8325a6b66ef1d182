import { fingerprint, type HubQueries, type Item, type Outcome, type Page, type Puller, type RecordItem } from '#kit';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { CivilStatus, Failure } from './client.ts';
import { NO_RESULTS, namesOf, poll } from './poll.ts';
import { type Asked, hasWords, readResults } from './progress.ts';
import { moduleOf, type Settings } from './settings.ts';

/** How many dossiers one question carries. */
const AT_A_TIME = 3;

/** How far the round is, and what the previous and this round reported beyond the dossiers' histories. */
interface Checkpoint {
  readonly after?: string | undefined;
  /** How far dossiers that a push ended have been checked. */
  readonly ended?: number | undefined;
  readonly before: readonly string[];
  readonly told: readonly string[];
}

const BEGINNING: Checkpoint = { before: [], told: [] };

/**
 * Polls the ministry about outstanding dossiers, a few at a time, in endless rounds. A dossier that the ministry cannot answer
 * for delays no other one: the next round asks about it again.
 */
export const results: Puller<Settings> = {
  schedule: '0 */2 * * * *',
  read: readResults,

  async next(connection, checkpoint, asks): Promise<Page | Outcome> {
    const { after, ended: endedAfter, before, told } = (checkpoint ?? BEGINNING) as Checkpoint;
    const outstanding = await asks.outstanding(AT_A_TIME, after);
    const room = AT_A_TIME - outstanding.length;
    const ended = room > 0 ? await endedInFewWords(connection, asks, room, endedAfter) : undefined;
    const dossiers = [...outstanding, ...(ended?.dossiers ?? [])];
    const answers = await askGroups(connection, asks, dossiers, before);
    if ('kind' in answers) return answers;
    const { bodies, failures, isAnswered } = answers;
    const tells = [...told, ...answers.tells];
    // The round will not meet ended dossiers again. If the ministry answered nothing, the next one asks about the same.
    const isEndedAsked = isAnswered || failures.length === 0;
    const more = room === 0 || (ended?.more === true && isEndedAsked);
    return {
      bodies,
      more,
      checkpoint: {
        ended: isEndedAsked ? (ended?.after ?? endedAfter) : endedAfter,
        after: more ? (outstanding.at(-1)?.code ?? after) : undefined,
        before: more ? before : tells,
        told: more ? tells : [],
      },
      asked: { isAnswered, failures },
    };
  },
};

/** The answers about a page's dossiers, and what they report. A failure if the ministry gives no reply at all. */
async function askGroups(
  connection: CivilStatus,
  asks: HubQueries,
  dossiers: readonly Dossier[],
  before: readonly string[],
): Promise<
  | {
      readonly bodies: Page['bodies'];
      readonly tells: readonly string[];
      readonly failures: readonly Failure[];
      readonly isAnswered: boolean;
    }
  | Failure
> {
  const bodies: Page['bodies'][number][] = [];
  const tells: string[] = [];
  const failures: Failure[] = [];
  let isAnswered = false;
  for (const [module, group] of byModule(connection, dossiers)) {
    const answers = await askAbout(connection, module, group);
    if ('kind' in answers) return answers;
    failures.push(...answers.failures);
    isAnswered ||= answers.bodies.length > 0;
    for (const body of answers.bodies) {
      const says = await beyond(asks, readResults(body, connection.settings, connection.codes));
      if (says.some((one) => !before.includes(one))) bodies.push({ body, mediaType: JSON_TYPE });
      tells.push(...says);
    }
  }
  return { bodies, tells, failures, isAnswered };
}

/** Dossiers that a push ended without words. One more question gets the reason and the person. */
async function endedInFewWords(
  connection: CivilStatus,
  asks: HubQueries,
  most: number,
  after = 0,
): Promise<{ readonly dossiers: readonly Dossier[]; readonly after?: number; readonly more: boolean }> {
  // Without the push, the poll has fetched every end.
  if (connection.settings.callbackSecret === undefined) return { dossiers: [], more: false };
  const ended = await asks.finished(after, most);
  const inFewWords = ended.dossiers.filter(({ said }) => !hasWords(connection.settings, said));
  return { ...ended, dossiers: inFewWords.map(({ dossier }) => dossier) };
}

export const JSON_TYPE = 'application/json';

/**
 * Groups dossiers by module, because a question carries one module. Leaves out dossiers that were never registered: not
 * received yet, or without a module.
 */
function byModule(
  tables: CivilStatus,
  dossiers: Awaited<ReturnType<HubQueries['outstanding']>>,
): ReadonlyMap<string, Dossier[]> {
  const groups = new Map<string, Dossier[]>();
  for (const dossier of dossiers) {
    const module = dossier.receivedAt && moduleOf(tables, dossier.serviceCode)?.module;
    if (module) groups.set(module, [...(groups.get(module) ?? []), dossier]);
  }
  return groups;
}

/** The bodies to store, and why single dossiers have none. */
export interface Answers {
  readonly bodies: readonly Uint8Array[];
  readonly failures: readonly Failure[];
}

/**
 * The bodies to store: the question and the unchanged reply. If the ministry declines, fails, or does not say which row
 * belongs to which dossier, each dossier is asked about alone. So one bad dossier does not hide the others.
 */
export async function askAbout(
  connection: CivilStatus,
  module: string,
  dossiers: readonly Dossier[],
): Promise<Answers | Failure> {
  const asked = dossiers.map((dossier) => askedOf(connection.party, dossier));
  const polled = await poll(
    connection,
    module,
    asked.map(({ maHoSo }) => maHoSo),
  );
  if (polled.kind === 'unavailable') {
    // Without a reply, or kept out, the hub would wait as long for each of the others.
    if (polled.reason !== NO_RESULTS || polled.retryAfterMs !== undefined) return polled;
    if (dossiers.length === 1) return { bodies: [], failures: [polled] };
    return askEach(connection, module, dossiers);
  }
  const isClear = polled.kind === 'rows' && polled.rows.every((row) => namesOf(row).length > 0);
  if (isClear || dossiers.length === 1) {
    const head = JSON.stringify({ asked, request: polled.request }).slice(0, -1);
    return { bodies: [Buffer.from(`${head},"reply":${polled.text}}`)], failures: [] };
  }
  return askEach(connection, module, dossiers);
}

async function askEach(
  connection: CivilStatus,
  module: string,
  dossiers: readonly Dossier[],
): Promise<Answers | Failure> {
  const bodies: Uint8Array[] = [];
  const failures: Failure[] = [];
  for (const dossier of dossiers) {
    const alone = await askAbout(connection, module, [dossier]);
    if ('kind' in alone) return alone;
    bodies.push(...alone.bodies);
    failures.push(...alone.failures);
  }
  return { bodies, failures };
}

/** The ministry's code of the dossier, and ours. */
function askedOf(party: string, { code, aliases }: Dossier): Asked {
  return { code, maHoSo: aliases?.find((alias) => alias.party === party)?.code ?? code };
}

/**
 * The statements of an answer that are missing from the dossiers' histories. The ministry repeats itself every round,
 * and only statements that the previous round lacked are stored.
 */
async function beyond(asks: HubQueries, items: readonly Item[]): Promise<readonly string[]> {
  const unheard = await asks.unknownSteps(items.filter(isStep));
  return items.filter((item) => !isStep(item) || unheard.has(item)).map(saying);
}

function isStep(item: Item): item is RecordItem<'dossier.progress.v1'> {
  return item.kind === 'record';
}

function saying(item: Item): string {
  if (item.kind === 'waiting') return `${item.code} ${item.cause.key}`;
  // The words are part of the fingerprint, because the ministry may add to them later. A hash does not reveal them.
  if (item.kind === 'invalid') return `${item.code} ${fingerprint(item.problems.map(({ message }) => message))}`;
  return `${item.record.code} ${fingerprint([JSON.stringify(item.record)])}`;
}
