export interface ServerSettings {
  /** Server settings that override the defaults. Those in FIXED_SETTINGS are refused. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The server never waits for the disk. Only for data that is deleted at the end: a crash of the machine may destroy it. */
  readonly isDisposable?: boolean;
}

/** The server's command-line flags. Throws for a setting that is fixed. */
export function settingFlags({ settings: asked = {}, isDisposable = false }: ServerSettings): readonly string[] {
  const refused = Object.keys(asked).filter((name) => name.toLowerCase() in { ...FIXED_SETTINGS, port: '' });
  if (refused.length > 0) throw new Error(`These settings of the embedded PostgreSQL are fixed: ${refused.join(', ')}`);
  const fixed = isDisposable ? { ...FIXED_SETTINGS, ...DISPOSABLE_SETTINGS } : FIXED_SETTINGS;
  const all = { ...DEFAULT_SETTINGS, ...asked, ...fixed };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

const DEFAULT_SETTINGS = {
  shared_buffers: '128MB',
  max_connections: '60',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Details and statements may contain personal data. The client still receives them.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
};

const FIXED_SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  logging_collector: 'off', // the log is our file descriptor
};

/** Nothing of the data is needed after a crash. Rows that a transaction copies into its own tables need no WAL then. */
const DISPOSABLE_SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '4GB',
  checkpoint_timeout: '1h',
  maintenance_work_mem: '256MB',
};
