import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Participant,
  type ParticipantName,
  type Participants,
  startParticipants,
} from '../participants/participants.ts';
import { openDatabase, openDatabaseWithStandby, type StageDatabase } from './database.ts';
import { createSecrets, hubEnvironment, type OwnSettings, type Secrets, writeHubFile } from './hub-file.ts';
import { type HubOptions, type SupervisedHub, superviseHub } from './hub-processes.ts';
import { interrupted } from './interruption.ts';
import { type Nodes, openNodes } from './nodes.ts';
import { freePort } from './ports.ts';
import type { Janitor } from './start-janitor.ts';

/** The hub and everything around it, each in a process of its own. */
export interface Stage<Name extends ParticipantName = ParticipantName> {
  /** Where the hub listens. */
  readonly url: string;
  readonly secrets: Secrets;
  /** The settings of the hub's processes, without their roles. */
  readonly env: NodeJS.ProcessEnv;
  readonly database: StageDatabase;
  readonly participants: Participants<Name>;
  readonly hubs: readonly SupervisedHub[];
  /** The processes as machines behind a proxy; undefined if they are on one machine. */
  readonly nodes: Nodes | undefined;
  /** Rejects when a process of the hub no longer starts. */
  readonly lost: Promise<never>;
  /** Processes that ended without being killed. */
  readonly deaths: readonly string[];
  /** Errors in the logs of the hub's processes, with their counts. */
  readonly failures: Readonly<Record<string, number>>;
}

export interface StagePlan<Name extends ParticipantName> extends OwnSettings {
  /** Settings that the hub inherits; DATABASE_URL names the server on which the stage makes its own database. */
  readonly env: NodeJS.ProcessEnv;
  /** The run's folder. Others can pass through it, because PostgreSQL may run as another user. */
  readonly folder: string;
  /** The folder of the logs, if they are to stay. By default the run's folder, which may be removed. */
  readonly logs?: string | undefined;
  readonly participants: readonly Name[];
  /** The secrets of the keys, by default new ones. */
  readonly secrets?: Secrets;
  /** The hub's processes with their roles; undefined for all roles in one. */
  readonly processes: Readonly<Record<string, string | undefined>>;
  /** Whether each process is a machine of its own behind a proxy. */
  readonly isProxied?: boolean;
  /** Whether the database is an own one with a synchronous standby, whatever DATABASE_URL says. */
  readonly hasStandby?: boolean;
  /** Limit of ends in a row before a process listens. */
  readonly mostStarts: number;
  readonly host?: string;
  /** A free port if it is taken. */
  readonly port: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  readonly onLine?: HubOptions['onLine'];
  readonly onEnd?: HubOptions['onEnd'];
}

const ENDS_WITHIN_MS = 40_000;

/** Opens a stage, plays on it and closes it, however the play ends. */
export async function playOnStage<Name extends ParticipantName, Result>(
  janitor: Janitor,
  plan: StagePlan<Name>,
  play: (stage: Stage<Name>) => Promise<Result>,
): Promise<Result> {
  const closers: (() => Promise<unknown>)[] = [];
  const played = openStage(janitor, plan, closers).then(play);
  try {
    return await Promise.race([played, interrupted(plan.signal)]);
  } finally {
    const closed = played.catch(() => undefined).then(() => closeAll(closers));
    // The janitor ends the remaining processes. It learns of each a moment after its start.
    await Promise.race([closed, sleep(ENDS_WITHIN_MS, undefined, { ref: false })]);
  }
}

/** The hub ends first, so that it can finish what it has begun. */
async function closeAll(closers: (() => Promise<unknown>)[]): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

async function openStage<Name extends ParticipantName>(
  janitor: Janitor,
  plan: StagePlan<Name>,
  closers: (() => Promise<unknown>)[],
): Promise<Stage<Name>> {
  const { env, folder, logs = folder, signal, say } = plan;
  const database = plan.hasStandby
    ? await openDatabaseWithStandby(folder, janitor)
    : await openDatabase(env.DATABASE_URL?.trim() || undefined, folder, janitor);
  closers.push(() => database.close());
  say(`runs on ${database.says}`);
  signal.throwIfAborted();
  const participants = await startParticipants(plan.participants, logs);
  const all = Object.values<Participant>(participants);
  for (const { child } of all) janitor.addProcess(child);
  closers.push(() => Promise.all(all.map(({ child }) => child.stop())));
  const { secrets = createSecrets() } = plan;
  const host = plan.host ?? '127.0.0.1';
  const port = await freePort(host, plan.port);
  if (port !== plan.port && plan.port !== 0) say(`port ${plan.port} is taken; the hub gets port ${port}`);
  const config = writeHubFile(folder, all, secrets, plan);
  const hubEnv = hubEnvironment(env, { folder, config, host, port, databaseUrl: database.url });
  signal.throwIfAborted();
  const names = Object.keys(plan.processes);
  const nodes = plan.isProxied ? await openNodes(names, database.url, { host, port }) : undefined;
  if (nodes) closers.push(async () => nodes.close());
  const hubs = startHubs(janitor, plan, (name) => ({ ...hubEnv, ...nodes?.envOf(name) }));
  closers.push(() => Promise.all(hubs.hubs.map((hub) => hub.stop())));
  const [first] = await Promise.race([Promise.all(hubs.hubs.map(({ up }) => up)), interrupted(signal)]);
  const url = nodes?.url ?? (first as string);
  say(`the processes of the hub are up: ${names.join(', ')}; ${url}`);
  return { ...hubs, nodes, url, secrets, env: hubEnv, database, participants };
}

function startHubs(
  janitor: Janitor,
  { folder, logs, processes, mostStarts, signal, onLine, onEnd }: StagePlan<ParticipantName>,
  envOf: (name: string) => NodeJS.ProcessEnv,
): Pick<Stage, 'hubs' | 'lost' | 'deaths' | 'failures'> {
  const deaths: string[] = [];
  const failures: Record<string, number> = {};
  const options: Omit<HubOptions, 'env'> = {
    folder: logs ?? folder,
    isLogKept: logs !== undefined,
    mostStarts,
    onStart: (child) => void janitor.addProcess(child),
    onLine(name, line, pid) {
      onLine?.(name, line, pid);
      if (line.level !== 'error' && line.level !== 'fatal') return;
      const what = `${name.replace(/-\d+$/, '')}: ${line.where ?? line.msg}: ${line.error}`.slice(0, 200);
      failures[what] = (failures[what] ?? 0) + 1;
    },
    onEnd(name, how, isOwn, pid) {
      onEnd?.(name, how, isOwn, pid);
      if (isOwn && !signal.aborted) deaths.push(`${name} ended by itself (${how})`);
    },
  };
  const hubs = Object.entries(processes).map(([name, roles]) =>
    superviseHub(name, { ...options, env: { ...envOf(name), HUB_ROLES: roles } }),
  );
  for (const { lost } of hubs) lost.catch((error: Error) => deaths.push(error.message));
  signal.addEventListener('abort', () => hubs.forEach((hub) => void hub.stop()), { once: true });
  const lost = Promise.race(hubs.map((hub) => hub.lost));
  lost.catch(() => undefined);
  return { hubs, lost, deaths, failures };
}
