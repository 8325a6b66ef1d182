/** Concurrent requests changed the same rows (serialization failure, deadlock). */
export function isOvertaken(error: unknown): boolean {
  return ['40001', '40P01'].includes(codeOf(error));
}

/** A concurrent transaction wrote the same rows (serialization failure, deadlock, unique key). The caller can retry. */
export function isConflict(error: unknown): boolean {
  return ['40001', '40P01', '23505'].includes(codeOf(error));
}

/** The database refuses some row of the batch (class 22 data, 23 integrity, 54 limits). The other rows can be stored. */
export function isRefusal(error: unknown): boolean {
  return ['22', '23', '54'].includes(classOf(error));
}

/** A type of the statement is missing, or is not the one that its parameters name. Nothing was written. */
export function isOtherType(error: unknown): boolean {
  return ['42704', '42804'].includes(codeOf(error));
}

/** The statement took longer than its own limit. */
export function isCanceled(error: unknown): boolean {
  return codeOf(error) === '57014';
}

/** A lock did not come free in the time of `lock_timeout`. */
export function isLockNotAvailable(error: unknown): boolean {
  return codeOf(error) === '55P03';
}

/**
 * Whether the database is unavailable.
 *
 * Covers connection errors, and the SQLSTATE classes 08 (connection), 28 (login), 40 (rollback), 53 (resources), 57
 * (operator intervention) and 58 (input and output). Also 25006: no writes, as on a replica after a failover. Also
 * 3D000: the database is missing, as while a backup is restored.
 */
export function isUnavailable(error: unknown): boolean {
  const code = codeOf(error);
  if (AWAY_CLASSES.has(classOf(error)) || AWAY_CODES.has(code) || NETWORK_CODES.has(code)) return true;
  return isClosedToSessions(error) || clientFailureOf(error) !== undefined;
}

/** Why the database is unavailable, as far as the error says: a full disk, or a server that takes no writes. */
export function unavailability(error: unknown): 'disk-full' | 'database-read-only' | 'database-away' {
  const code = codeOf(error);
  if (code === '53100') return 'disk-full';
  return code === '25006' ? 'database-read-only' : 'database-away';
}

/** Whether the database may have committed, because its answer never arrived. */
export function isOutcomeUnknown(error: unknown): boolean {
  return BROKEN_CODES.has(codeOf(error)) || clientFailureOf(error) === 'no-answer';
}

const AWAY_CLASSES: ReadonlySet<string> = new Set(['08', '28', '40', '53', '57', '58']);
const AWAY_CODES: ReadonlySet<string> = new Set(['25006', '3D000']);
/** A connection that broke while a statement was under way. */
const BROKEN_CODES: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);
/** Also a lack of file descriptors or ports. */
const NETWORK_CODES: ReadonlySet<string> = new Set([
  ...BROKEN_CODES,
  'ECONNREFUSED',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'EAI_NONAME',
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
]);

/**
 * The errors that pg's client makes itself. They have no code, so the hub knows them by their whole text, here and nowhere
 * else. `no-answer`: the statement may have been executed.
 */
const CLIENT_FAILURES: ReadonlyMap<string, 'no-connection' | 'no-answer'> = new Map([
  ['timeout expired', 'no-connection'],
  ['timeout exceeded when trying to connect', 'no-connection'],
  ['Connection terminated due to connection timeout', 'no-connection'],
  ['Connection terminated', 'no-connection'],
  ['Client has encountered a connection error and is not queryable', 'no-connection'],
  ['Client was closed and is not queryable', 'no-connection'],
  ['Connection terminated unexpectedly', 'no-answer'],
  ['Query read timeout', 'no-answer'],
]);

function clientFailureOf(error: unknown): 'no-connection' | 'no-answer' | undefined {
  return error instanceof Error ? CLIENT_FAILURES.get(error.message) : undefined;
}

/**
 * Whether 55000 means that the database accepts no new sessions.
 *
 * From a statement, 55000 would be an internal error. Only the server's routine name identifies the start of a session,
 * because the severity is translated.
 */
function isClosedToSessions(error: unknown): boolean {
  const { routine = '' } = error as { routine?: string };
  return codeOf(error) === '55000' && ['CheckMyDatabase', 'InitPostgres'].includes(routine);
}

/** The class of a SQLSTATE. Codes of the operating system begin with E, which no class does. */
function classOf(error: unknown): string {
  return codeOf(error).slice(0, 2);
}

function codeOf(error: unknown): string {
  return (error as { code?: string } | undefined)?.code ?? '';
}
