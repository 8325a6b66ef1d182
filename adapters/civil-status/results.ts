import { type Asks, type Outcome, type Page, type Puller } from '#kit';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { CivilStatus, Failure } from './client.ts';
import { namesOf, poll } from './poll.ts';
import { type Asked, readResults } from './progress.ts';
import { moduleOf, type Settings } from './settings.ts';

/** How many dossiers the ministry is asked about at a time. */
const AT_A_TIME = 3;

interface Checkpoint {
  /** The last dossier that was asked about. */
  readonly after: string;
}

/** What became of the dossiers that the ministry has: asked a few at a time, round and round. */
export const results: Puller<Settings> = {
  schedule: '0 */2 * * * *',
  read: readResults,

  async next(connection, checkpoint, asks): Promise<Page | Outcome> {
    const { after } = (checkpoint ?? {}) as Partial<Checkpoint>;
    const dossiers = await asks.outstanding(AT_A_TIME, after);
    const bodies: Page['bodies'][number][] = [];
    for (const [module, group] of byModule(connection.settings, dossiers)) {
      const answers = await askAbout(connection, module, group);
      if ('kind' in answers) return answers;
      for (const body of answers) if (isNews(body, group, connection.settings)) bodies.push({ body, mediaType: JSON_TYPE });
    }
    const last = dossiers.at(-1);
    const more = last !== undefined && dossiers.length === AT_A_TIME;
    return { bodies, checkpoint: more ? { after: last.code } : null, more };
  },
};

const JSON_TYPE = 'application/json';

/** One question carries one module. What is not received yet, or has no module, was never registered. */
function byModule(settings: Settings, dossiers: Awaited<ReturnType<Asks['outstanding']>>): ReadonlyMap<string, Dossier[]> {
  const groups = new Map<string, Dossier[]>();
  for (const dossier of dossiers) {
    const module = dossier.receivedAt && moduleOf(settings, dossier.serviceCode)?.module;
    if (module) groups.set(module, [...(groups.get(module) ?? []), dossier]);
  }
  return groups;
}

/**
 * The ministry's answer as the bodies to keep: what was asked and the reply, as it came. When it declines, or does not
 * say which row is whose, each dossier is asked about alone, so that one that troubles it does not hide the others.
 */
async function askAbout(
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

/** The ministry repeats itself every two minutes: what only says what the dossier says already is not kept again. */
function isNews(body: Uint8Array, dossiers: readonly Dossier[], settings: Settings): boolean {
  return readResults(body, settings).some((item) => {
    if (item.kind !== 'record' || item.operation !== 'dossier.progress.v1') return true;
    const told = item.record as { code: string; status: string; at: string };
    const held = dossiers.find(({ code }) => code === told.code);
    return held?.status !== told.status || held.statusAt !== told.at;
  });
}
