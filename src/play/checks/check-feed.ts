import type { AskHub } from '../clients/hub-client.ts';
import { readAll } from '../clients/reading.ts';
import type { Expected } from './expectation.ts';
import { type Finding, finding } from './finding.ts';

export interface Change {
  readonly cursor: string;
  readonly code: string;
  readonly status: string;
  readonly statusAt: string;
}

/** The change feed names every dossier, ends with the state of each that counts, and repeats no cursor. */
export async function checkFeed(
  ask: AskHub,
  portalKey: string,
  expected: ReadonlyMap<string, Expected>,
): Promise<{ readonly findings: readonly Finding[]; readonly changes: readonly Change[] }> {
  const changes = await readAll<Change>(ask, portalKey, '/api/v1/changes?limit=200');
  const last = new Map(changes.map((change) => [change.code, change]));
  const findings = [...expected.values()].flatMap(({ code, status, at }) => {
    const change = last.get(code);
    if (!change) return finding('lost', `${code}: the change feed does not name it`);
    if (change.status === status && change.statusAt === at) return [];
    const found = `${change.status} since ${change.statusAt}`;
    return finding('wrong', `${code}: the change feed ends with ${found}, expected ${status} since ${at}`);
  });
  const repeated = changes.length - new Set(changes.map(({ cursor }) => cursor)).size;
  if (repeated > 0) findings.push(finding('duplicated', `the change feed has ${repeated} cursors twice`));
  return { findings, changes };
}
