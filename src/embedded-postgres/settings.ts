/** The server's command-line flags. Throws for a setting that is fixed. */
export function settingFlags(asked: Readonly<Record<string, string>>): readonly string[] {
  const refused = Object.keys(asked).filter((name) => name.toLowerCase() in { ...FIXED_SETTINGS, port: '' });
  if (refused.length > 0) throw new Error(`These settings of the embedded PostgreSQL are fixed: ${refused.join(', ')}`);
  const all = { ...DEFAULT_SETTINGS, ...asked, ...FIXED_SETTINGS };
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
