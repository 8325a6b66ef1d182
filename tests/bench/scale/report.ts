import type { ChangesRead, Times } from './ask.ts';
import type { RelationBytes, RowBytes } from './bytes.ts';
import type { Filled } from './fill.ts';

/** The measurements of one size. */
export interface Sized {
  readonly dossiers: number;
  readonly filled: Filled;
  readonly changes: ChangesRead;
  readonly bytesPerDossier: number;
  readonly maxRssMb: number | undefined;
  readonly questions: readonly Answered[];
  readonly snapshotSeconds?: number;
  readonly rebuildSeconds?: number;
}

export interface Answered {
  readonly name: string;
  readonly alone: Times;
  readonly eight: Times;
  readonly rows: number;
  readonly pages: number;
}

export interface ScaleReport {
  readonly date: string;
  readonly machine: string;
  readonly sizes: readonly Sized[];
  readonly bytes: RowBytes;
}

/** The page of the measurements, in GitHub markdown. */
export function scaleMarkdown({ date, machine, sizes, bytes }: ScaleReport): string {
  const heads = sizes.map(({ dossiers }) => `${count(dossiers)}: alone | 8 at once | rows / pages`);
  const names = sizes.at(-1)?.questions.map(({ name }) => name) ?? [];
  return [
    '# Measured at scale',
    '',
    'For people who plan a machine. `npm run bench:scale` writes this page.',
    '',
    `${date}. ${machine}.`,
    '',
    'Dossiers of two years: 124 agencies, 400 services, names by their frequencies. Times are p50 / p95 in ms. "8 at once" has eight',
    'connections. "Rows" and "pages" of 8 KB are those that the plans of one request read, at most over its variants.',
    '',
    '![p95 of each question by number of dossiers](scale.svg)',
    '',
    `| question | ${heads.join(' | ')} |`,
    `|---|${sizes.map(() => '--:|--:|--:|').join('')}`,
    ...names.map((name) => `| ${name} | ${sizes.map((size) => cellsOf(size, name)).join(' | ')} |`),
    '',
    `| load | ${sizes.map(({ dossiers }) => count(dossiers)).join(' | ')} |`,
    `|---|${sizes.map(() => '--:|').join('')}`,
    ...LOAD.flatMap(([name, of]) => {
      const values = sizes.map(of);
      return values.every((value) => value === undefined)
        ? []
        : [`| ${name} | ${values.map((value) => (value === undefined ? '' : count(value))).join(' | ')} |`];
    }),
    '',
    'Bytes in the database of a dossier with one event and its message, and of each further event with its message. Each record',
    `has ${count(bytes.json)} bytes of JSON and comes as a message of its own. Vacuum ran five times on the way.`,
    '',
    '| bytes | one event | further event |',
    '|---|--:|--:|',
    ...GROUPS.flatMap(([group, tables]) =>
      bytesOf(
        group,
        bytes.relations.filter(({ table }) => tables.includes(table)),
      ),
    ),
    '',
  ].join('\n');
}

const LOAD: readonly (readonly [string, (size: Sized) => number | undefined])[] = [
  ['events', ({ filled }) => filled.events],
  ['events a second', ({ filled }) => filled.events / filled.seconds],
  ['events a second, first tenth', ({ filled }) => filled.firstPerSecond],
  ['events a second, last tenth', ({ filled }) => filled.lastPerSecond],
  ['bytes a dossier in the database', ({ bytesPerDossier }) => bytesPerDossier],
  ['rows a second of the change feed', ({ changes }) => changes.perSecond],
  ['processor time of the hub for each of them, ns', ({ changes }) => changes.hubNs],
  ['most memory of the hub, MB', ({ maxRssMb }) => maxRssMb],
  ['snapshot, seconds', ({ snapshotSeconds }) => snapshotSeconds],
  ['rebuild, seconds', ({ rebuildSeconds }) => rebuildSeconds],
];

/** The tables that grow with dossiers. Running totals grow with days, agencies and services. */
const GROUPS: readonly (readonly [group: string, tables: readonly string[]])[] = [
  ['dossier, event and message', ['dossiers', 'aliases', 'events', 'changes', 'messages', 'counted']],
  ['running totals', ['agency_totals', 'cell_totals', 'service_totals', 'total_cells']],
];

/** The sum of a group, and its larger parts. */
function bytesOf(group: string, rows: readonly RelationBytes[]): readonly string[] {
  const line = (name: string, all: readonly RelationBytes[]): string => {
    const sum = (of: (row: RelationBytes) => number): string => count(all.reduce((total, row) => total + of(row), 0));
    return `| ${name} | ${sum(({ first }) => first)} | ${sum(({ further }) => further)} |`;
  };
  const parts = rows.filter(({ first, further }) => first + further >= 10);
  return [line(`**${group}**`, rows), ...parts.map((row) => line(`\`${row.table}\` ${row.name}`, [row]))];
}

function cellsOf({ questions }: Sized, name: string): string {
  const found = questions.find((one) => one.name === name);
  if (!found) return ' | | ';
  const { alone, eight, rows, pages } = found;
  return `${times(alone)} | ${times(eight)} | ${count(rows)} / ${count(pages)}`;
}

function times({ p50Ms, p95Ms }: Times): string {
  return `${ms(p50Ms)} / ${ms(p95Ms)}`;
}

function ms(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}
