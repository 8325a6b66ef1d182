import { parseArgs } from 'node:util';

export interface ScaleOptions {
  /** How many dossiers, smallest first. */
  readonly sizes: readonly number[];
  /** Parts of names of questions; empty for all. */
  readonly only: readonly string[];
  /** The folder of the table and the plot. */
  readonly out: string;
  /** Also takes a snapshot and rebuilds the index. */
  readonly rebuild: boolean;
}

export const HELP = `npm run bench:scale -- [options]

Loads dossiers of two years into a database of its own, and measures the questions of readers, alone and eight at once.

  --dossiers 10000,100000  how many, one database after the other (default 10000,100000)
  --only q,overdue         only questions whose name has one of these texts
  --out docs/measurements  where scale.md and scale.svg are written
  --rebuild                also take a snapshot and rebuild the index
  --help`;

const MOST = 20_000_000;

/** @throws an Error with what is wrong; undefined when help was asked for */
export function readScaleOptions(args: readonly string[]): ScaleOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      dossiers: { type: 'string', default: '10000,100000' },
      only: { type: 'string', default: '' },
      out: { type: 'string', default: 'docs/measurements' },
      rebuild: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const sizes = values.dossiers.split(',').map(Number);
  if (!sizes.every((size) => Number.isInteger(size) && size >= 1_000 && size <= MOST))
    throw new Error(`--dossiers: got ${values.dossiers}, expected whole numbers from 1000 to ${MOST}`);
  return {
    sizes: [...sizes].sort((one, other) => one - other),
    only: values.only.split(',').filter((text) => text !== ''),
    out: values.out,
    rebuild: values.rebuild,
  };
}
