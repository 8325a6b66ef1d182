import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstEffectOf } from '#core/dossier/effect';
import type { Item } from '#core/dossier/item';
import type { Problem } from '#core/problem';
import { render } from '#messages/render';
import type { StoredResult } from '../../puller.ts';
import { asSentences } from './sentences.ts';
import type { ContractOptions, Vitest } from './subject.ts';

/** The state of the hub at the start of the case. */
interface Message {
  /** The list by whose settings the file is read. */
  readonly drop: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

const OURS: ReadonlySet<string> = new Set(['message.json', 'report.csv', 'outcome.json']);

/**
 * Plays a case of a file: `message.json`, the file itself, `outcome.json` with the items that it becomes, and the `report.csv`
 * that the hub returns if it had none of them.
 */
export async function playDrop(options: ContractOptions, expect: Vitest['expect'], folder: string): Promise<void> {
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const { drop: list, settings } = JSON.parse(read('message.json')) as Message;
  const [name = ''] = readdirSync(folder).filter((file) => !OURS.has(file));
  const connection = options.connect('http://127.0.0.1:9', { settings });
  try {
    const file = { name, bytes: readFileSync(join(folder, name)) };
    const drop = await options.adapter.drops?.read(connection, file, list);
    expect(asSentences(drop?.items)).toEqual(JSON.parse(read('outcome.json')));
    const report = drop?.report((drop?.items ?? []).map(resultOf), '2025-08-13T10:00:00+07:00', false) ?? '';
    expect(report.replaceAll('\r\n', '\n').replace(/^\ufeff/, '')).toBe(read('report.csv').replace(/^\ufeff/, ''));
  } finally {
    connection.close();
  }
}

/** What a hub without any dossier makes of an item. */
function resultOf(item: Item): StoredResult {
  const { code, warnings } = item.kind === 'record' ? { ...item, code: item.record.code } : { ...item, warnings: [] };
  const problems = item.kind === 'record' ? [] : item.problems;
  return { effect: firstEffectOf(item), code, problems: problems.map(said), warnings: warnings.map(said) };
}

const said = (one: Problem) => ({ path: one.path, code: one.code, text: render(one, 'vi') });
