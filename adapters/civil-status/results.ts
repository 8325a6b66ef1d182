import { fingerprint, type HubQueries, type Item, type Outcome, type Page, type Puller, type RecordItem } from '#kit';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { CivilStatus, Failure } from './client.ts';
import { namesOf, poll } from './poll.ts';
import { type Asked, hasWords, readResults } from './progress.ts';
import { moduleOf, type Settings } from './settings.ts';

/** How many dossiers the ministry is asked about at a time. */
const AT_A_TIME = 3;

/** How far the round is, and what was told that is in no dossier's history: in the last round, and in this. */
interface Checkpoint {
  readonly after?: string;
  /** How far it has been looked which dossiers a push has ended. */
  readonly ended?: number;
  readonly before: readonly string[];
  readonly told: readonly string[];
}

const BEGINNING: Checkpoint = { before: [], told: [] };

/** What became of the dossiers that the ministry has: asked a few at a time, round and round. */
export const results: Puller<Settings> = {
  schedule: '0 */2 * * * *',
  read: readResults,

  async next(connection, checkpoint, asks): Promise<Page | Outcome> {
    const { after, ended: endedAfter, before, told } = (checkpoint ?? BEGINNING) as Checkpoint;
    const outstanding = await asks.outstanding(AT_A_TIME, after);
    const room = AT_A_TIME - outstanding.length;
    const ended = room > 0 ? await endedInFewWords(connection, asks, room, endedAfter) : undefined;
    const dossiers = [...outstanding, ...(ended?.dossiers ?? [])];
    const bodies: Page['bodies'][number][] = [];
    const tells: string[] = [...told];
    for (const [module, group] of byModule(connection, dossiers)) {
      const answers = await askAbout(connection, module, group);
      if ('kind' in answers) return answers;
      for (const body of answers) {
        const says = await beyond(asks, readResults(body, connection.settings, connection.codes));
        if (says.some((one) => !before.includes(one))) bodies.push({ body, mediaType: JSON_TYPE });
        tells.push(...says);
      }
    }
    const more = room === 0 || ended?.more === true;
    const place = { ended: ended?.after ?? endedAfter };
    const reached = outstanding.at(-1)?.code ?? after;
    return {
      ...{ bodies, more },
      checkpoint: more ? { ...place, after: reached, before, told: tells } : { ...place, before: tells, told: [] },
    };
  },
};

/**
 * Dossiers that a push has ended without the ministry's words: they are asked about once more, for the reason and who
 * gave it.
 */
async function endedInFewWords(
  connection: CivilStatus,
  asks: HubQueries,
  most: number,
  after = 0,
): Promise<{ readonly dossiers: readonly Dossier[]; readonly after?: number; readonly more: boolean }> {
  // What is not pushed was asked for.
  if (connection.settings.callbackSecret === undefined) return { dossiers: [], more: false };
  const ended = await asks.finished(after, most);
  const inFewWords = ended.dossiers.filter(({ said }) => !hasWords(connection.settings, said));
  return { ...ended, dossiers: inFewWords.map(({ dossier }) => dossier) };
}

export const JSON_TYPE = 'application/json';

/** One question carries one module. What is not received yet, or has no module, was never registered. */
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

/**
 * The ministry's answer as the bodies to keep: what was asked and the reply, as it came. When it declines, or does not
 * say which row is whose, each dossier is asked about alone, so that one that troubles it does not hide the others.
 */
export async function askAbout(
  connection: CivilStatus,
  module: string,
  dossiers: readonly Dossier[],
): Promise<readonly Uint8Array[] | Failure> {
  const asked = dossiers.map((dossier) => askedOf(connection.party, dossier));
  const polled = await poll(
    connection,
    module,
    asked.map(({ maHoSo }) => maHoSo),
  );
  if (polled.kind === 'unavailable') return polled;
  const isClear = polled.kind === 'rows' && polled.rows.every((row) => namesOf(row).length > 0);
  if (isClear || dossiers.length === 1) {
    const head = JSON.stringify({ asked, request: polled.request }).slice(0, -1);
    return [Buffer.from(`${head},"reply":${polled.text}}`)];
  }
  const bodies: Uint8Array[] = [];
  for (const dossier of dossiers) {
    const alone = await askAbout(connection, module, [dossier]);
    if ('kind' in alone) return alone;
    bodies.push(...alone);
  }
  return bodies;
}

/** The code under which the ministry has the dossier, and ours. */
function askedOf(party: string, { code, aliases }: Dossier): Asked {
  return { code, maHoSo: aliases?.find((alias) => alias.party === party)?.code ?? code };
}

/**
 * What an answer says that the dossiers' histories do not say already. The ministry repeats itself in every round, and only
 * what it did not say in the last one is worth keeping.
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
  if (item.kind === 'invalid') return `${item.code} ${item.problems.map(({ message }) => message).join('; ')}`;
  // Its words too, which may be added to later, and without showing them here.
  return `${item.record.code} ${fingerprint([JSON.stringify(item.record)])}`;
}
