import type pg from 'pg';

/** The place of a dossier in the totals. An empty text means that the dossier has none. */
export interface Cell {
  readonly agencyCode: string;
  readonly fieldCode: string;
  readonly serviceKey: string;
  readonly channel: string;
}

/** Identifies a cell in memory. */
export function cellName({ agencyCode, fieldCode, serviceKey, channel }: Cell): string {
  return JSON.stringify([agencyCode, fieldCode, serviceKey, channel]);
}

const GIVEN = `unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS g(agency_code, field_code, service_key, channel)`;

/** The ids of these cells by their names. Creates missing cells. */
export async function cellIds(tx: pg.PoolClient, cells: readonly Cell[]): Promise<ReadonlyMap<string, number>> {
  const unique = new Map(cells.map((cell) => [cellName(cell), cell]));
  const known = await findCells(tx, [...unique.values()]);
  const missing = [...unique].filter(([name]) => !known.has(name)).map(([, cell]) => cell);
  if (missing.length === 0) return known;
  await tx.query({
    name: 'make cells',
    text: `INSERT INTO total_cells (agency_code, field_code, service_key, channel) SELECT * FROM ${GIVEN}`,
    values: columnsOf(missing),
  });
  return new Map([...known, ...(await findCells(tx, missing))]);
}

async function findCells(tx: pg.PoolClient, cells: readonly Cell[]): Promise<ReadonlyMap<string, number>> {
  const { rows } = await tx.query<Cell & { id: number }>({
    name: 'find cells',
    text: `SELECT k.id, k.agency_code AS "agencyCode", k.field_code AS "fieldCode", k.service_key AS "serviceKey", k.channel
           FROM ${GIVEN} JOIN total_cells k ON k.agency_code = g.agency_code AND k.field_code = g.field_code
             AND k.service_key = g.service_key AND k.channel = g.channel`,
    values: columnsOf(cells),
  });
  return new Map(rows.map((row) => [cellName(row), row.id]));
}

function columnsOf(cells: readonly Cell[]): string[][] {
  return (['agencyCode', 'fieldCode', 'serviceKey', 'channel'] as const).map((member) =>
    cells.map((cell) => cell[member]),
  );
}
