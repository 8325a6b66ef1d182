import { parseArgs } from 'node:util';

export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly only: readonly string[];
  readonly indexed: number;
  readonly due: number;
  readonly backlog: number;
  readonly json: string | undefined;
}

/**
 * @param names of the measurements
 * @throws an Error with what is wrong; undefined when help was asked for
 */
export function readOptions(args: readonly string[], names: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '6' },
      only: { type: 'string', multiple: true, default: [] },
      index: { type: 'string', default: '100000' },
      due: { type: 'string', default: '20000' },
      backlog: { type: 'string', default: '100000' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const only = values.only.flatMap((list) => list.split(',')).map((name) => name.trim());
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`--only: got ${unknown.join(', ')}, expected some of ${names.join(', ')}`);
  return {
    rounds: whole('--rounds', values.rounds, 1_000),
    seconds: whole('--seconds', values.seconds, 3_600),
    only,
    indexed: whole('--index', values.index, 1_000_000),
    due: whole('--due', values.due, 1_000_000),
    backlog: whole('--backlog', values.backlog, 10_000_000),
    json: values.json,
  };
}

function whole(name: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new Error(`${name}: got ${text}, expected a whole number from 1 to ${most}`);
}

export function help(measurements: readonly { readonly name: string; readonly what: string }[]): string {
  const width = Math.max(...measurements.map(({ name }) => name.length));
  return `npm run bench -- [options]

Measures the hub against floors, the same work done by hand, in the same run and in turn. After each run the ledger is
checked: a run that lost, invented or repeated a dossier has failed, and the exit code is 1. The table is on stdout,
progress on stderr. DATABASE_URL is the server to use (three databases are made there and dropped); without it, an
embedded one.

  --rounds <n>      rounds, every other one in reverse order (5)
  --seconds <n>     length of each measurement, after a warm-up (6)
  --only <names>    only these, with their floors; joined by commas
  --index <n>       dossiers in the index that is read (100000)
  --due <n>         due deliveries that are drained (20000; docs/measurements.md: 100000)
  --backlog <n>     due deliveries behind a partner that is slow to come (100000; docs/measurements.md: 1000000)
  --json <file>     write all samples there
  --help

Measurements:
${measurements.map(({ name, what }) => `  ${name.padEnd(width)}  ${what}`).join('\n')}
`;
}
