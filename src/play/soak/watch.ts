import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { StageDatabase } from '../stage/database.ts';
import type { SoakLoad } from './load.ts';
import { type Look, type Trend, trendOf, unjudged } from './trend.ts';

export interface Watched {
  readonly processes: Readonly<Record<string, number>>;
  readonly database: Pick<StageDatabase, 'rows'>;
  readonly load: Pick<SoakLoad, 'look'>;
  /** Whether the server cleans up dead rows: otherwise they grow whatever the hub does. */
  readonly autovacuum: boolean;
}

/** Samples everything again and again, and returns the trends. */
export interface Watch {
  look(): Promise<string>;
  trends(): readonly Trend[];
}

const TABLES = ['dossiers', 'deliveries', 'events', 'messages', 'attempts', 'changes'] as const;
/** Autovacuum runs when a fifth of a table is dead, at most once a minute. */
const DEAD_SHARE = 0.2;

export function createWatch({ processes, database, load, autovacuum }: Watched, perSecond: number): Watch {
  const series = new Map<string, Look[]>();
  const note = (name: string, value: number): void => {
    series.set(name, [...(series.get(name) ?? []), { atMs: performance.now(), value }]);
  };
  const of = (name: string): readonly Look[] => series.get(name) ?? [];
  return {
    async look() {
      for (const [name, pid] of Object.entries(processes)) {
        const { rssMb, handles, sockets } = lookAt(pid);
        note(`${name} memory`, rssMb);
        note(`${name} handles`, handles);
        note(`${name} sockets`, sockets);
      }
      for (const { name, live, dead, mb } of await tablesOf(database)) {
        note(`${name} dead`, dead);
        note(`${name} live`, live);
        note(`${name} size`, mb);
      }
      const [backlog] = await database.rows<{ n: number }>(
        `SELECT count(*)::int AS n FROM deliveries WHERE state = 'due'`,
      );
      const { acknowledged, failed, p99Ms, readP99Ms, slowestProbeMs } = load.look();
      note('due', backlog?.n ?? 0);
      note('failed', failed);
      note('p99', p99Ms);
      note('read p99', readP99Ms);
      note('probe', slowestProbeMs);
      const memory = Object.keys(processes).map(
        (name) => `${name} ${Math.round(of(`${name} memory`).at(-1)?.value ?? 0)} MB`,
      );
      return `${memory.join(', ')}; ${acknowledged} acknowledged, p99 ${Math.round(p99Ms)} ms, reads ${Math.round(readP99Ms)} ms, ${backlog?.n} due`;
    },
    trends: () => [
      ...Object.keys(processes).flatMap((name) => processTrends(name, of)),
      ...loadTrends(perSecond, of),
      ...TABLES.flatMap((name) => tableTrends(name, perSecond, autovacuum, of)),
    ],
  };
}

type SeriesOf = (name: string) => readonly Look[];

function processTrends(name: string, of: SeriesOf): readonly Trend[] {
  return [
    // A heap right after a collection and one right before it differ by this much.
    trendOf(`${name}: memory`, 'MB', of(`${name} memory`), (first) => first * 1.15 + 25),
    trendOf(`${name}: handles`, '', of(`${name} handles`), (first) => first + 10),
    trendOf(`${name}: sockets`, '', of(`${name} sockets`), (first) => first + 10),
  ];
}

function loadTrends(perSecond: number, of: SeriesOf): readonly Trend[] {
  return [
    trendOf('deliveries that are due', '', of('due'), (first) => 2 * first + 2 * perSecond),
    trendOf('requests that failed', '', of('failed'), () => 0),
    trendOf('acknowledged after, p99', 'ms', of('p99'), (first) => 2 * first + 100),
    trendOf('read after, p99', 'ms', of('read p99'), (first) => 2 * first + 100),
    trendOf('slowest health probe', 'ms', of('probe')),
  ];
}

function tableTrends(name: string, perSecond: number, autovacuum: boolean, of: SeriesOf): readonly Trend[] {
  const live = of(`${name} live`).at(-1)?.value ?? 0;
  const most = (first: number): number => first + DEAD_SHARE * live + 90 * perSecond;
  const dead = trendOf(`${name}: dead rows`, '', of(`${name} dead`), most);
  return [
    autovacuum ? dead : unjudged(dead, 'autovacuum is off'),
    // They grow with the stored data: shown only.
    trendOf(`${name}: size`, 'MB', of(`${name} size`)),
  ];
}

function lookAt(pid: number): { rssMb: number; handles: number; sockets: number } {
  const rssKb = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  const handles = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
  return {
    rssMb: rssKb / 1024,
    handles: handles.length,
    sockets: handles.filter((target) => target.startsWith('socket:')).length,
  };
}

interface TableLook {
  readonly name: string;
  readonly live: number;
  readonly dead: number;
  readonly mb: number;
}

/** Months of a partitioned table count as one. */
function tablesOf(database: Pick<StageDatabase, 'rows'>): Promise<readonly TableLook[]> {
  return database.rows<TableLook>(
    `SELECT t.name, sum(s.n_live_tup)::int AS live, sum(s.n_dead_tup)::int AS dead,
            sum(pg_total_relation_size(s.relid))::float8 / 1048576 AS mb
     FROM unnest($1::text[]) AS t(name)
     JOIN pg_stat_user_tables s
       ON s.relid = t.name::regclass OR s.relid IN (SELECT relid FROM pg_partition_tree(t.name::regclass))
     GROUP BY 1`,
    [TABLES],
  );
}
