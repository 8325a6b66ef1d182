import { expect } from 'vitest';
import type { Report } from '../../src/reports/report.ts';
import type { TestHub } from './hub.ts';
import type { Json } from './json.ts';
import { operatorOf } from './operator.ts';

const OPS = '/api/v1/ops/';
/** Shares, minutes and hours lead to records too, but are no counts of them. */
const NO_COUNT = /%|phút|Trung vị|Số giờ|Hoạt động|Gián đoạn|so sánh|Khớp/;

/** The records behind a number, page by page. */
export async function behind(hub: TestHub, path: string): Promise<readonly string[]> {
  const found: string[] = [];
  const separator = path.includes('?') ? '&' : '?';
  for (let next: string | null = `${path}${separator}limit=200`; next !== null; ) {
    // Officers and their questions are for operators alone.
    const reply: { status: number; body: Json } = next.startsWith(OPS)
      ? await operatorOf(hub).get(next.slice(OPS.length))
      : await hub.read(next);
    const { status, body } = reply;
    expect([next, status]).toEqual([next, 200]);
    found.push(...body.items.map(({ key = '', code, id }: Record<string, string>) => `${key} ${code ?? id}`));
    next = body.next === null ? null : `${path}${separator}limit=200&cursor=${encodeURIComponent(body.next)}`;
  }
  return found;
}

/** Each number of a report leads to its records, and each count to as many. @returns the counts that are not 0, by column */
export async function expectRecordsBehind(hub: TestHub, { head, rows }: Report): Promise<ReadonlySet<string>> {
  const heads = (head.at(-2) ?? []).map(({ text }) => text);
  const leaves = head.length === 3 ? ['', '', ...heads] : heads;
  const counted = new Set<string>();
  for (const { cells, links = {} } of rows)
    for (const [column, cell] of cells.entries()) {
      if (typeof cell !== 'number' || column === 0) continue;
      const [path, leaf = ''] = [links[column], leaves[column]];
      expect([cells[1], leaf, path]).toEqual([cells[1], leaf, expect.stringMatching(/^\/api\/v1\//)]);
      if (NO_COUNT.test(leaf)) continue;
      const records = await behind(hub, path as string);
      expect([path, records.length, new Set(records).size]).toEqual([path, cell, cell]);
      if (cell > 0) counted.add(leaf);
    }
  return counted;
}
