/**
 * Whether an address lies under one of the allowed ones, such as https://host/files/. Compared as a client resolves it: by
 * scheme, host and port, and by the path without `..` and `%2e%2e`.
 */
export function isUnder(address: string, allowed: readonly string[]): boolean {
  if (!URL.canParse(address)) return false;
  const { origin, pathname, username, password } = new URL(address);
  if (username !== '' || password !== '') return false;
  return allowed.some((one) => {
    const at = new URL(one);
    return origin === at.origin && pathname.startsWith(at.pathname);
  });
}
