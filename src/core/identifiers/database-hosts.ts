/**
 * The address of each host in the address of a database, which may name several: `postgres://hub@db-1,db-2:5433/hub`. The
 * option of libpq that chooses among them is left out: the hub always works with the one that takes writes.
 */
export function databaseHosts(url: string): readonly string[] {
  const [, scheme = '', authority = '', rest = ''] = /^([a-z]+:\/\/)([^/?]*)(.*)$/is.exec(url) ?? [];
  const user = authority.slice(0, authority.lastIndexOf('@') + 1);
  const kept = rest.replace(/([?&])target_session_attrs=[^&]*(?:&|$)/, '$1').replace(/[?&]$/, '');
  return authority
    .slice(user.length)
    .split(',')
    .map((host) => `${scheme}${user}${host.trim()}${kept}`);
}

/** The host, port and database of an address, without user, password and options. */
export function databaseName(url: string): string {
  const { host, pathname } = new URL(url);
  return `${decodeURIComponent(host)}${pathname}`;
}
