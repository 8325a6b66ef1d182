import type pg from 'pg';
import { auditSubject } from '#core/identifiers/audit-subject';
import { type CodeTable, mappingProblem } from '#core/identifiers/codes';
import { catalogueKey } from '#core/identifiers/identifiers';
import { type Problem, problem, unmappedKey } from '#core/problem';
import { say } from '#messages/message';
import { type CatalogueKind, loadEntries as loadCatalogue } from '../catalogue/catalogue.ts';
import { inTransaction } from '../database/transaction.ts';
import { writeAudit } from '../ledger/audit.ts';
import { addCodeEntries, type CodeEntry, type MappingLine } from '../ledger/code-entries.ts';
import { addResolution } from '../ledger/resolutions.ts';
import type { Party } from '../parties/party.ts';
import type { HubContext } from '../process/hub-context.ts';
import { auditEntry, type OrderedBy } from './ordered-by.ts';

/** One line of a code table: a code and its value. */
export type CodeLine = Pick<CodeEntry, 'party' | 'table' | 'from'> & { readonly to: string };

/** The hub's own tables: from a party's code for a service, an agency or a field to the code in the catalogue. */
const CATALOGUE_TABLES = ['service', 'agency', 'field'] as const satisfies readonly CatalogueKind[];

type Hub = Pick<HubContext, 'database' | 'nowMs'>;

/** A code table of a party. */
export interface PartyTable extends CodeTable {
  /** Whether only a door reads it, so that it matters to senders alone. */
  readonly isOfDoor?: true;
}

/** The code tables of parties, and what operators may enter in them. */
export interface CodeOrders {
  /** The code tables of a party. */
  tablesOf(party: string): readonly PartyTable[];
  /** Why a line is wrong. Undefined if it may be entered. */
  problemOf(line: CodeLine): Promise<Problem | undefined>;
  /** Why lines of a change are wrong, by their places in it. Empty if they may be entered. */
  problemsOf(party: string, lines: readonly MappingLine[]): Promise<readonly Problem[]>;
  /** Enters a line, and releases the items that wait for it. */
  enter(line: CodeLine, by: OrderedBy): Promise<CodeEntry | { readonly problems: readonly Problem[] }>;
}

/** @param doorTables the code tables of the doors, for every sender */
export function createCodeOrders(
  hub: Hub,
  parties: ReadonlyMap<string, Party>,
  doorTables: readonly CodeTable[],
): CodeOrders {
  function tablesOf(party: string): readonly PartyTable[] {
    const { adapter, settings } = parties.get(party) ?? {};
    const own = adapter?.tables?.(settings) ?? [];
    const tables = [...own, ...doorTables.map((table) => ({ ...table, isOfDoor: true }))];
    return tables.filter(({ name }, at) => tables.findIndex((table) => table.name === name) === at);
  }

  async function problemOf({ party, table, from, to }: CodeLine): Promise<Problem | undefined> {
    const kind = CATALOGUE_TABLES.find((name) => name === table);
    if (kind) {
      const key = catalogueKey(kind, to);
      const isKnown = (await loadCatalogue(hub.database.pool, kind, [key])).has(key);
      return isKnown
        ? undefined
        : problem('/to', 'unexpected', { got: to, expected: say('catalogue-entry', { kind }) });
    }
    const tables = tablesOf(party);
    const found = tables.find(({ name }) => name === table);
    const names = [...CATALOGUE_TABLES, ...tables.map(({ name }) => name)];
    if (!found) return problem('/table', 'table-not-read', { got: table, party, list: names });
    const expected = mappingProblem(found, from, to);
    return expected && problem('/to', 'unexpected', { got: to, expected });
  }

  return {
    tablesOf,
    problemOf,
    async problemsOf(party, lines) {
      const problems: Problem[] = [];
      for (const [at, { to, ...line }] of lines.entries()) {
        const wrong = to === null ? undefined : await problemOf({ party, ...line, to });
        if (wrong) problems.push({ ...wrong, path: `/lines/${at}${wrong.path}` });
      }
      return problems;
    },
    async enter(given, by) {
      const line = withCommonCode(given);
      const wrong = await problemOf(line);
      if (wrong) return { problems: [wrong] };
      return inTransaction(hub.database, (tx) => enterLine(tx, line, by, hub.nowMs()));
    },
  };
}

/** Items wait under the common part of all forms of a service code. */
export function withCommonCode<Line extends Pick<CodeLine, 'table' | 'from'>>(line: Line): Line {
  return { ...line, from: line.table === 'service' ? catalogueKey('service', line.from) : line.from };
}

async function enterLine(tx: pg.PoolClient, line: CodeLine, by: OrderedBy, nowMs: number): Promise<CodeEntry> {
  const { party, table, from } = line;
  const causeKey = unmappedKey(table, from);
  await addResolution(tx, { causeKey, parties: [party], action: 'map', ...by }, nowMs);
  const [entry] = await enterLines(tx, [line], by, nowMs);
  const subject = auditSubject('code', `${party} ${table} ${from}`);
  await writeAudit(tx, auditEntry('code-table.enter', subject, by), nowMs);
  return entry as CodeEntry;
}

export function enterLines(
  tx: pg.PoolClient,
  lines: readonly CodeLine[],
  by: OrderedBy,
  nowMs: number,
): Promise<readonly CodeEntry[]> {
  return addCodeEntries(
    tx,
    lines.map((line) => ({ ...line, ...by })),
    nowMs,
  );
}
