/**
 * The minimum that a hub must store, written by hand: the message, the newest state in 40 columns with a primary key and two
 * more indexes, the event with its record for the history, and the due delivery. One statement, one commit.
 */
const COLUMNS: readonly (readonly [name: string, type: string, value: string])[] = [
  ['code', 'text', 'H60.01-250812-0000001'],
  ['owner', 'text', 'one-stop'],
  ['version', 'int4', '1'],
  ['status', 'text', 'received'],
  ['status_at', 'timestamptz', '2025-08-12T08:15:00+07:00'],
  ['service_code', 'text', '1.001193.000.00.00.H60'],
  ['service_name', 'text', 'Thủ tục đăng ký khai sinh'],
  ['field_code', 'text', 'G15-HT01'],
  ['field_name', 'text', 'Hộ tịch'],
  ['agency_code', 'text', 'H60.127'],
  ['agency_name', 'text', 'Ủy ban nhân dân xã Bạch Xa'],
  ['channel', 'text', 'online'],
  ['submitted_at', 'timestamptz', '2025-08-12T08:00:00+07:00'],
  ['received_at', 'timestamptz', '2025-08-12T08:15:00+07:00'],
  ['due_at', 'timestamptz', '2025-08-26T17:00:00+07:00'],
  ['finished_at', 'timestamptz', '2025-08-25T17:00:00+07:00'],
  ['returned_at', 'timestamptz', '2025-08-26T08:00:00+07:00'],
  ['applicant_kind', 'text', 'citizen'],
  ['applicant_name', 'text', 'Nguyễn Thị Ngọc Ánh'],
  ['identity_kind', 'text', 'cccd'],
  ['identity_number', 'text', '000048723464'],
  ['phone', 'text', '0900622220'],
  ['email', 'text', 'nguoi.dan.8657@example.test'],
  ['address', 'text', 'Số 23, đường Thử Nghiệm, phường Minh Xuân, tỉnh Tuyên Quang'],
  ['abstract', 'text', 'Đề nghị giải quyết thủ tục cho hộ gia đình'],
  ['processing_unit', 'text', 'Bộ phận tiếp nhận và trả kết quả'],
  ['note', 'text', 'Hồ sơ đủ thành phần'],
  ['result_delivery', 'text', 'counter'],
  ['filed_at', 'text', 'province'],
  ['parent_code', 'text', 'H60.01-250811-0000007'],
  ['online_payment', 'text', 'none'],
  ['documents', 'text', '[{"id":"98937748","name":"Đơn đề nghị.pdf","url":"https://tep.example.test/don.pdf"}]'],
  ['fees', 'text', '[{"name":"Lệ phí","kind":"ordinary","amountVnd":20000}]'],
  ['fee_total', 'int8', '20000'],
  ['document_count', 'int4', '1'],
  ['search', 'text', 'nguyen thi ngoc anh 250812-0000001'],
  ['content_hash', 'text', '3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='],
  ['late', 'bool', 'false'],
  ['created_at', 'timestamptz', '2025-08-12T08:15:00+07:00'],
  ['changed_at', 'timestamptz', '2025-08-12T08:15:00+07:00'],
];

export const FLOOR_TABLES = `
  DROP TABLE IF EXISTS floor_messages, floor_dossiers, floor_events, floor_deliveries;
  CREATE TABLE floor_messages (id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, received_at timestamptz NOT NULL,
    party text NOT NULL, body text NOT NULL);
  ALTER TABLE floor_messages ALTER COLUMN body SET STORAGE EXTERNAL;
  CREATE TABLE floor_dossiers (${COLUMNS.map(([name, type]) => `${name} ${type}`).join(', ')}, PRIMARY KEY (code));
  CREATE INDEX ON floor_dossiers (status_at DESC, code);
  CREATE INDEX ON floor_dossiers (agency_code, status_at DESC);
  CREATE TABLE floor_events (code text, seq int4, at timestamptz, status text, message_id int8,
    record text, PRIMARY KEY (code, seq));
  ALTER TABLE floor_events ALTER COLUMN record SET STORAGE EXTERNAL;
  CREATE TABLE floor_deliveries (id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, party text NOT NULL,
    subject text NOT NULL, state text NOT NULL, next_at timestamptz NOT NULL);
  CREATE INDEX ON floor_deliveries (party, next_at, id) WHERE state = 'due'`;

export const FLOOR_COUNTS = `
  SELECT (SELECT count(*) FROM floor_dossiers)::int AS dossiers, (SELECT count(*) FROM floor_events)::int AS events,
         (SELECT count(*) FROM floor_deliveries)::int AS deliveries`;

/** About 1.2 kB. */
export const FLOOR_BODY = JSON.stringify(Object.fromEntries(COLUMNS.map(([name, , value]) => [name, value]))).slice(
  0,
  1_200,
);

/** The values of a row, in the order of the columns. */
export function floorRow(code: string): readonly string[] {
  return [code, ...COLUMNS.slice(1).map(([, , value]) => value)];
}

/** The values of a row but its code, by the columns' names. */
export function floorValues(): Readonly<Record<string, string>> {
  return Object.fromEntries(COLUMNS.slice(1).map(([name, , value]) => [name, value]));
}

/** One row. `place` says how a value is written in the statement: `$1`, or `:name` for pgbench. */
export function oneRowStatement(place: (name: string, position: number) => string): string {
  const given = COLUMNS.map(([name, type], at) => `${place(name, at + 1)}::${type} AS ${name}`).join(', ');
  return statement(place('body', COLUMNS.length + 1), `SELECT ${given}`, 'message.body');
}

/** Many rows: a parameter for each column, one for the records, then the body. */
export function manyRowsStatement(): string {
  const arrays = [...COLUMNS.map(([, type]) => type), 'text'].map((type, at) => `$${at + 1}::${type}[]`).join(', ');
  const names = [...COLUMNS.map(([name]) => name), 'record'].join(', ');
  return statement(`$${COLUMNS.length + 2}`, `SELECT * FROM unnest(${arrays}) AS rows (${names})`, 'given.record');
}

function statement(body: string, rows: string, record: string): string {
  const names = COLUMNS.map(([name]) => name);
  const changes = names.slice(1).map((name) => `${name} = excluded.${name}`);
  return `WITH given AS (${rows}),
    message AS (INSERT INTO floor_messages (received_at, party, body) VALUES (now(), 'one-stop', ${body}::text)
      RETURNING id, body),
    dossier AS (INSERT INTO floor_dossiers SELECT ${names.join(', ')} FROM given
      ON CONFLICT (code) DO UPDATE SET ${changes.join(', ')} RETURNING 1),
    event AS (INSERT INTO floor_events SELECT code, version, status_at, status, message.id, ${record} FROM given, message
      RETURNING 1)
    INSERT INTO floor_deliveries (party, subject, state, next_at)
    SELECT 'national-portal', code, 'due', now() FROM given`;
}
