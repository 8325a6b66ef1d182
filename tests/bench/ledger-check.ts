import type { BenchDatabase } from './databases.ts';

/**
 * Whether the index holds each acknowledged dossier once and nothing else: its newest state from one message, one event, one
 * entry in the change feed and one delivery.
 */
export async function indexProblems(
  database: BenchDatabase,
  acknowledged: readonly string[],
): Promise<readonly string[]> {
  const problems: string[] = [];
  const tables = {
    index: `SELECT code, version AS times FROM dossiers`,
    history: `SELECT code, count(*)::int AS times FROM events GROUP BY code`,
    feed: `SELECT code, count(*)::int AS times FROM changes GROUP BY code`,
    outbox: `SELECT subject AS code, count(*)::int AS times FROM deliveries GROUP BY subject`,
  };
  for (const [name, text] of Object.entries(tables)) {
    const rows = await database.rows<Held>(text);
    problems.push(...compare(`the ${name}`, rows, acknowledged));
  }
  return problems;
}

export interface Held {
  readonly code: string;
  readonly times: number;
}

/** Missing, invented and repeated codes, with an example each. */
export function compare(where: string, held: readonly Held[], acknowledged: readonly string[]): readonly string[] {
  const expected = new Set(acknowledged);
  const found = new Set(held.map(({ code }) => code));
  const kinds = {
    'lacks acknowledged dossiers': acknowledged.filter((code) => !found.has(code)),
    'has dossiers that nobody was acknowledged': [...found].filter((code) => !expected.has(code)),
    'has dossiers more than once': held.filter(({ times }) => times !== 1).map(({ code }) => code),
    'was acknowledged twice': expected.size === acknowledged.length ? [] : ['(codes repeat)'],
  };
  return Object.entries(kinds).flatMap(([what, codes]) =>
    codes.length > 0 ? [`${where} ${what}: ${codes.length}, such as ${codes[0]}`] : [],
  );
}
