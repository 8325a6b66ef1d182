import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProgress, type Progress } from '../../../src/cli/progress.ts';
import type { Hub } from '../../../src/hub.ts';
import { usefulLanes } from '../../../src/rebuild/lanes.ts';
import { recountAfterServices } from '../../../src/statistics/count-state.ts';
import { prepareHub } from '../catalogue.ts';
import { type BenchDatabase, createDatabase, openServer, type Server } from '../databases.ts';
import { startHub } from '../hub-process.ts';
import { describeMachine } from '../machine.ts';
import { stopAll } from '../workers.ts';
import { type ChangesRead, getFrom, pathsOf, readChanges, timesOf } from './ask.ts';
import { measureBytes, type RowBytes } from './bytes.ts';
import { fill, fillServices } from './fill.ts';
import { HELP, readScaleOptions, type ScaleOptions } from './options.ts';
import { type PlanRows, planRowsOf } from './plan-rows.ts';
import { plotOf } from './plot.ts';
import { createProvince, type Province } from './province.ts';
import { type Question, questionsAbout } from './questions.ts';
import { type Answered, type Sized, scaleMarkdown } from './report.ts';
import { createStage, getInside, openHub, type Stage, untilCounted } from './stage.ts';
import { createStories } from './stories.ts';

/** `npm run bench:scale`; see options.ts. */
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    interrupted = true;
    stopAll();
  });

function endIfInterrupted(): void {
  if (interrupted) throw new Error('interrupted');
}

const CHANGES_READ = 50_000;

async function main(options: ScaleOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-scale-'));
  // An embedded server runs as another user when this one is root.
  chmodSync(folder, 0o755);
  const server = await openServer(process.env.DATABASE_URL, folder);
  try {
    const province = createProvince();
    const sizes: Sized[] = [];
    const bytes = await bytesOfRows(server, province, join(folder, 'bytes'));
    let machine = '';
    for (const dossiers of options.sizes) {
      const database = await createDatabase(server);
      try {
        machine = `${await describeMachine(database, server.embedded)} · load average ${loadavg()[0]?.toFixed(1)} before`;
        sizes.push(
          await measureSize({ options, province, database, folder: join(folder, String(dossiers)), dossiers }),
        );
      } finally {
        await database.drop();
      }
      write(options, { date: new Date().toISOString().slice(0, 10), machine, sizes, bytes });
    }
  } finally {
    await end(server, folder);
  }
}

/** In a database of its own, with messages of one dossier each. */
async function bytesOfRows(server: Server, province: Province, folder: string): Promise<RowBytes> {
  const database = await createDatabase(server);
  const progress = createProgress('bytes', BYTES_DOSSIERS);
  try {
    const stage = createStage(folder, database.url);
    await prepareHub({ ...stage.settings, HUB_ROLES: 'api' });
    await withHub(stage, (hub) => fillServices(hub, province));
    const stories = createStories(BYTES_DOSSIERS, province, Date.now());
    return await measureBytes(stage, database, stories, (done) => {
      endIfInterrupted();
      progress.update(done, 'measuring bytes');
    });
  } finally {
    progress.stop();
    await database.drop();
  }
}

const BYTES_DOSSIERS = 5_000;

async function end(server: Server, folder: string): Promise<void> {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

function write({ out }: ScaleOptions, report: Parameters<typeof scaleMarkdown>[0]): void {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'scale.md'), scaleMarkdown(report));
  writeFileSync(join(out, 'scale.svg'), plotOf(report.sizes));
}

interface Work {
  readonly options: ScaleOptions;
  readonly province: Province;
  readonly database: BenchDatabase;
  readonly folder: string;
  readonly dossiers: number;
}

async function measureSize(work: Work): Promise<Sized> {
  const { options, province, database, dossiers } = work;
  const nowMs = Date.now();
  const stories = createStories(dossiers, province, nowMs);
  const stage = createStage(work.folder, database.url);
  const progress = createProgress(`${dossiers} dossiers`, dossiers);
  try {
    await prepareHub({ ...stage.settings, HUB_ROLES: 'api' });
    const filled = await withHub(stage, async (hub) => {
      await fillServices(hub, province);
      // Otherwise the hub would count dossiers again while it is measured.
      await recountAfterServices(hub.database);
      await untilCounted(getInside(hub, stage), () => undefined);
      const loaded = await fill(hub, stories, (done) => {
        endIfInterrupted();
        progress.update(done, `loading ${dossiers} dossiers`);
      });
      const tell = (behind: number | 'all'): void => {
        endIfInterrupted();
        progress.update(dossiers, `counting, ${behind} events left`);
      };
      await untilCounted(getInside(hub, stage), tell, hub.statistics.count);
      return loaded;
    });
    await database.rows('VACUUM ANALYZE');
    const questions = questionsAbout(stories, province, nowMs).filter(
      ({ name }) => options.only.length === 0 || options.only.some((text) => name.includes(text)),
    );
    const measured = await measureReads({ stage, questions, progress, dossiers });
    const [{ bytes = 0 } = {}] = await database.rows<{ bytes: number }>(
      'SELECT pg_database_size(current_database())::float8 AS bytes',
    );
    const more = options.rebuild ? await rebuildTimed(stage) : {};
    return { dossiers, filled, bytesPerDossier: bytes / dossiers, ...measured, ...more };
  } finally {
    progress.stop();
  }
}

async function withHub<T>(stage: Stage, work: (hub: Hub) => Promise<T>): Promise<T> {
  const hub = await openHub(stage);
  try {
    return await work(hub);
  } finally {
    await hub.stop();
  }
}

interface Reading {
  readonly stage: Stage;
  readonly questions: readonly Question[];
  readonly progress: Progress;
  readonly dossiers: number;
}

/** Times over HTTP from a hub process, and then the plans of the same requests. */
async function measureReads({ stage, questions, progress, dossiers }: Reading) {
  const hub = await startHub(stage.settings);
  const paths = new Map<string, readonly string[]>();
  const answered: Omit<Answered, 'rows' | 'pages'>[] = [];
  let changes: ChangesRead;
  try {
    const readers = { url: hub.url, secrets: stage.secrets };
    const get = getFrom(readers);
    for (const question of questions) {
      endIfInterrupted();
      const all = await pathsOf(get, question);
      paths.set(question.name, all);
      const times = await timesOf(readers, question, all);
      answered.push({ name: question.name, ...times });
      const line = [times.alone, times.eight].map(({ p50Ms, p95Ms }) => `${p50Ms.toFixed(1)} / ${p95Ms.toFixed(1)} ms`);
      progress.say(`${dossiers}, ${question.name}: ${line.join(', eight at once ')}`);
    }
    changes = await readChanges(get, CHANGES_READ, hub.cpuSeconds);
  } finally {
    await hub.stop();
  }
  const plans = await plansOf(stage, paths);
  return {
    maxRssMb: hub.maxRssMb(),
    changes,
    questions: answered.map((one) => ({ ...one, ...(plans.get(one.name) ?? NOTHING) })),
  };
}

type Read = Omit<PlanRows, 'worst'>;
const NOTHING: Read = { rows: 0, pages: 0 };

/** The most rows and pages that one request of a question reads. */
async function plansOf(
  stage: Stage,
  paths: ReadonlyMap<string, readonly string[]>,
): Promise<ReadonlyMap<string, Read>> {
  return withHub(stage, async (hub) => {
    const most = new Map<string, Read>();
    for (const [name, all] of paths)
      for (const path of all.slice(0, 8)) {
        const read = await planRowsOf(() => getInside(hub, stage)(path));
        const { rows, pages } = most.get(name) ?? NOTHING;
        most.set(name, { rows: Math.max(rows, read.rows), pages: Math.max(pages, read.pages) });
      }
    return most;
  });
}

async function rebuildTimed(
  stage: Stage,
): Promise<{ readonly snapshotSeconds: number; readonly rebuildSeconds: number }> {
  const hub = await startHub(stage.settings);
  let snapshotSeconds: number;
  try {
    const begunMs = performance.now();
    const reply = await fetch(`${hub.url}/api/v1/snapshot`, {
      headers: { Authorization: `Bearer ${stage.secrets.reader}` },
    });
    for await (const _ of reply.body as ReadableStream<Uint8Array>);
    snapshotSeconds = (performance.now() - begunMs) / 1_000;
  } finally {
    await hub.stop();
  }
  const begunMs = performance.now();
  const { identical, differences } = await withHub(stage, ({ rebuild }) => rebuild({ lanes: usefulLanes() }));
  if (!identical) throw new Error(`the rebuilt index differs: ${JSON.stringify(differences.slice(0, 3))}`);
  return { snapshotSeconds, rebuildSeconds: (performance.now() - begunMs) / 1_000 };
}

function optionsOrExit(): ScaleOptions {
  try {
    const options = readScaleOptions(process.argv.slice(2));
    if (options) return options;
    console.log(HELP);
    process.exit(0);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
}

await main(optionsOrExit()).catch((error: Error) => {
  console.error(interrupted ? 'interrupted' : (error.stack ?? error.message));
  process.exitCode = interrupted ? 130 : 1;
});
