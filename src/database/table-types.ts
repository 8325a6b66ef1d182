import type pg from 'pg';

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly isNullable: boolean;
  readonly hasDefault: boolean;
}

/** What the parsers of pool.ts make of a value of each PostgreSQL type. */
const TYPES: Readonly<Record<string, string>> = {
  bool: 'boolean',
  bytea: 'Buffer',
  date: 'Date',
  float8: 'number',
  int2: 'number',
  int4: 'number',
  int8: 'number',
  json: 'Json',
  jsonb: 'Json',
  text: 'string',
  timestamptz: 'Instant',
  tsvector: 'string',
  uuid: 'string',
  varchar: 'string',
};

/** Columns that a trigger fills. */
const FILLED_BY_TRIGGER = new Set(['audit.position', 'audit.link']);

/** Tables of the migrator belong to Kysely. */
const COLUMNS = `
  SELECT relname AS table, attname AS name, typname AS type, NOT attnotnull AS "isNullable",
         atthasdef OR attidentity <> '' AS "hasDefault"
  FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN pg_type ON pg_type.oid = atttypid
  WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    AND relname NOT LIKE 'hub\\_migrations%' AND attnum > 0 AND NOT attisdropped
  ORDER BY relname COLLATE "C", attnum`;

/**
 * The text of tables.ts: one interface per table of a migrated database.
 *
 * @throws when a column has a type that TYPES does not list
 */
export async function tableTypes(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<Column>(COLUMNS);
  const tables = [...new Set(rows.map(({ table }) => table))];
  const members = tables.map((table) => `  ${table}: ${interfaceName(table)};\n`);
  const interfaces = tables.map((table) => {
    const columns = rows.filter((column) => column.table === table);
    return `\ninterface ${interfaceName(table)} {\n${columns.map(memberOf).join('')}}\n`;
  });
  return `${HEAD}export interface Tables {\n${members.join('')}}\n${ALIASES}${interfaces.join('')}`;
}

const HEAD = `// Generated from the migrated database by \`npm run tables\`. Do not edit.
import type { ColumnType, Generated } from 'kysely';

/** The tables as Kysely sees them. Times come back as instants (pool.ts); int8 as numbers. */
`;

const ALIASES = `
type Instant = string;
type Json = ColumnType<unknown, string, string>;
`;

function interfaceName(table: string): string {
  return `${table.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Table`;
}

function memberOf({ table, name, type, isNullable, hasDefault }: Column): string {
  const element = TYPES[type.replace(/^_/, '')];
  if (!element) throw new Error(`${table}.${name} has the type ${type}: add it to TYPES in table-types.ts`);
  const value = `${element}${type.startsWith('_') ? '[]' : ''}${isNullable ? ' | null' : ''}`;
  return `  ${name}: ${hasDefault || FILLED_BY_TRIGGER.has(`${table}.${name}`) ? `Generated<${value}>` : value};\n`;
}
