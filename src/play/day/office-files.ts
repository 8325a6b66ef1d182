import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatLocal, msToInstant } from '#core/dates/dates';
import type { Status } from '#schemas/dossier.upsert.v1';
import { type SampleRow, sampleFile } from '../../../adapters/file-drop/simulator/samples.ts';
import type { Standing } from '../checks/evidence.ts';
import { type AskHub, getJson } from '../clients/hub-client.ts';
import { untilAcknowledged } from '../clients/until-acknowledged.ts';
import { untilRight } from '../clients/until-right.ts';
import { FILE_OFFICE } from '../participants/parties.ts';
import type { Secrets } from '../stage/hub-file.ts';
import { dayInCode } from './calendar.ts';

/** The work of an office that sends its dossiers as files. */
export interface OfficeWork {
  /** The dossiers of its good rows, as the office knows them. */
  readonly standings: readonly Standing[];
}

/** What the hub must say of each file, the oldest first. */
const EXPECTED = [
  { outcome: 'taken', new: 3, invalid: 0 },
  { outcome: 'taken', new: 1, invalid: 3 },
  { outcome: 'repeat', new: 3, invalid: 0 },
] as const;

/** The cells of the three bad rows: a day that does not exist, a code without a real date, and a time in words. */
const BAD_CELLS = ['F6', 'B7', 'I8'];

const HOUR_MS = 3_600_000;

/** The office puts three files into its folder: a good one, one with three bad rows, and the good one again. */
export async function dropOfficeFiles(folder: string, nowMs: number): Promise<OfficeWork> {
  const at = msToInstant(Math.floor(nowMs / 60_000) * 60_000 - HOUR_MS);
  const row = (number: number, status = 'Đã tiếp nhận'): SampleRow => rowOf(number, at, nowMs, status);
  const good = [row(1), row(2, 'Đang xử lý'), row(3, 'Đã có kết quả')];
  const mixed = [
    row(4),
    { ...row(5), received: '31/02/2026' },
    { ...row(6), code: 'H60.09-269999-960006' },
    { ...row(7), statusAt: 'hôm qua' },
  ];
  const first = (await sampleFile('tcvn3-xlsx', good)).bytes;
  await put(folder, '1-ho-so.xlsx', first);
  await put(folder, '2-ho-so-co-loi.csv', (await sampleFile('csv', mixed)).bytes);
  await put(folder, '3-ho-so-gui-lai.xlsx', first);
  const states: readonly Status[] = ['received', 'processing', 'resolved', 'received'];
  const standings = [...good, ...mixed.slice(0, 1)].map(({ code }, index): Standing => {
    const step = { status: states[index] as Status, at };
    return { ministry: FILE_OFFICE, code, ...step, steps: [step] };
  });
  return { standings };
}

function rowOf(number: number, at: string, nowMs: number, status: string): SampleRow {
  const time = formatLocal('dd/MM/yyyy HH:mm', at);
  return {
    code: `H60.09-${dayInCode(at)}-96000${number}`,
    service: '1.004232',
    name: 'Nguyễn Thị Hoàng Yến',
    identity: `00109900960${number}`,
    received: time,
    due: formatLocal('dd/MM/yyyy', msToInstant(nowMs + 10 * 24 * HOUR_MS)),
    status,
    statusAt: time,
    fee: '150.000',
  };
}

/** In one step, so that the hub never reads half a file. */
async function put(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  await writeFile(join(folder, `${name}.tmp`), bytes);
  await rename(join(folder, `${name}.tmp`), join(folder, name));
}

export interface CheckingOffice {
  readonly hub: AskHub;
  readonly secrets: Pick<Secrets, 'ops'>;
  readonly folder: string;
  readonly signal: AbortSignal;
}

interface Drop {
  readonly id: number;
  readonly outcome: string;
  readonly counts: { readonly new: number; readonly invalid: number };
}

/**
 * Waits until the hub has read the files, and compares what it lists, the cells of the bad rows, and its reports in the folder.
 *
 * @returns what is wrong at the end
 */
export function checkOfficeFiles(checking: CheckingOffice, limitMs: number): Promise<readonly string[]> {
  return untilRight(() => findWrong(checking), performance.now() + limitMs, checking.signal);
}

async function findWrong({ hub, secrets, folder, signal }: CheckingOffice): Promise<readonly string[]> {
  const read = <T>(path: string): Promise<T> =>
    untilAcknowledged(() => getJson<T>(hub, `/api/v1/ops/parties/${FILE_OFFICE}/drops${path}`, secrets.ops), signal);
  const { items } = await read<{ readonly items: readonly Drop[] }>('');
  const listed = items.toReversed();
  const found = listed.map(({ outcome, counts }) => ({ outcome, new: counts.new, invalid: counts.invalid }));
  if (JSON.stringify(found) !== JSON.stringify(EXPECTED))
    return [`${FILE_OFFICE}: the hub lists the files ${JSON.stringify(found)}, expected ${JSON.stringify(EXPECTED)}`];
  const { lines } = await read<{ readonly lines: readonly { readonly problems: readonly { path: string }[] }[] }>(
    `/${listed[1]?.id}`,
  );
  const cells = lines.map(({ problems }) => problems[0]?.path.split('/').at(-1));
  const reports = (await readdir(join(folder, 'done')).catch(() => [])).filter((name) => name.endsWith('.report.csv'));
  const texts = await Promise.all(reports.map((name) => readFile(join(folder, 'done', name), 'utf8')));
  const bad = texts.filter((text) => text.includes('Không hợp lệ;3\r\n')).length;
  return [
    ...(cells.join() === BAD_CELLS.join() ? [] : [`${FILE_OFFICE}: the bad cells are ${cells}, expected ${BAD_CELLS}`]),
    ...(reports.length === 3 && bad === 1
      ? []
      : [`${FILE_OFFICE}: ${reports.length} reports, ${bad} with three invalid rows, expected 3 and 1`]),
  ];
}
