import type { AskHub } from '../clients/hub-client.ts';
import { atOnce, readAll } from '../clients/reading.ts';
import type { Repair } from '../day/edge-cases.ts';
import type { Expected } from './expectation.ts';
import { type Finding, finding } from './finding.ts';

export interface IndexMeans {
  readonly ask: AskHub;
  readonly portalKey: string;
  readonly inspectorKey: string;
}

interface Listed {
  readonly code: string;
  readonly status: string;
  readonly statusAt: string;
}

export interface HistoryEntry {
  readonly at: string;
  readonly status: string;
  readonly actor?: string;
  readonly party: string;
}

export interface IndexCheck {
  readonly findings: readonly Finding[];
  readonly size: number;
  readonly histories: ReadonlyMap<string, readonly HistoryEntry[]>;
}

/** Every acknowledged dossier is in the index, with the status of its latest event, and nothing else is. */
export async function checkIndex(means: IndexMeans, expected: ReadonlyMap<string, Expected>): Promise<IndexCheck> {
  const { ask, portalKey } = means;
  const listed = await readAll<Listed>(ask, portalKey, '/api/v1/dossiers?limit=200');
  const held = new Map(listed.map((dossier) => [dossier.code, dossier]));
  const findings = [...expected.values()].flatMap(({ code, status, at }) => {
    const one = held.get(code);
    if (!one) return finding('lost', `${code}: acknowledged, and not in the index`);
    if (one.status === status && one.statusAt === at) return [];
    const found = `${one.status} since ${one.statusAt}`;
    return finding('wrong', `${code}: the index says ${found}, expected ${status} since ${at}`);
  });
  const strangers = [...held.keys()].filter((code) => !expected.has(code));
  findings.push(
    ...strangers.map((code) => finding('invented', `${code}: in the index, and nobody had it acknowledged`)),
  );
  const twice = listed.length - held.size;
  if (twice > 0) findings.push(finding('duplicated', `the list of dossiers names ${twice} twice`));
  const histories = await readHistories(
    means,
    [...expected.keys()].filter((code) => held.has(code)),
  );
  for (const [code, history] of histories) {
    const one = expected.get(code) as Expected;
    if (!one.isPulled) findings.push(...historyProblems(one, history));
  }
  return { findings, size: held.size, histories };
}

async function readHistories({ ask, portalKey }: IndexMeans, codes: readonly string[]) {
  const found = await atOnce(codes, async (code) => {
    const { body } = await ask({
      method: 'GET',
      path: `/api/v1/dossiers/${encodeURIComponent(code)}/history`,
      key: portalKey,
    });
    return [code, (body as { items?: readonly HistoryEntry[] }).items ?? []] as const;
  });
  return new Map(found);
}

/** Each acknowledged event is there once; of the partners that tell, nothing else is. */
function historyProblems({ code, events }: Expected, history: readonly HistoryEntry[]): readonly Finding[] {
  const counts = new Map<string, number>();
  const add = (name: string, by: number): unknown => counts.set(name, (counts.get(name) ?? 0) + by);
  for (const { told } of events) add(nameOf(told), 1);
  for (const entry of history) if (entry.party !== 'civil-status') add(nameOf(entry), -1);
  const times = history.map((entry) => entry.at);
  return [
    ...[...counts].flatMap(([name, left]) => {
      if (left === 0) return [];
      return left > 0
        ? finding('lost', `${code}: its history lacks ${name}`)
        : finding('invented', `${code}: its history has ${name} ${-left} times too often`);
    }),
    ...(times.some((at, index) => index > 0 && at < (times[index - 1] as string))
      ? [finding('wrong', `${code}: its history is not in order`)]
      : []),
  ];
}

function nameOf({ party, at, status, actor }: HistoryEntry): string {
  return `${status} at ${at} by ${actor === undefined ? 'record' : `step of ${actor}`} (${party})`;
}

/** Names that came in old encodings are read as they were meant. */
export async function checkRepairs(
  { ask, inspectorKey }: IndexMeans,
  repairs: readonly Repair[],
): Promise<readonly Finding[]> {
  const found = await atOnce(repairs, async ({ code, name }) => {
    const { body } = await ask({
      method: 'GET',
      path: `/api/v1/dossiers/${encodeURIComponent(code)}`,
      key: inspectorKey,
    });
    const held = (body as { applicant?: { name?: string } }).applicant?.name;
    return held === name
      ? []
      : [
          finding(
            'wrong',
            `${code}: the applicant's name is ${JSON.stringify(held)}, expected ${JSON.stringify(name)}`,
          ),
        ];
  });
  return found.flat();
}
