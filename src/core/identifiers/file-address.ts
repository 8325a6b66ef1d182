/**
 * Whether an address lies under one of the allowed ones, such as https://host/files/. Compared as a client resolves it: by
 * scheme, host and port, and by the path without `..` and `%2e%2e`. Steps upwards that only some servers see (`..%2f`, `..;`)
 * lie under none.
 */
export function isUnder(address: string, allowed: readonly string[]): boolean {
  if (!URL.canParse(address)) return false;
  const { origin, pathname, username, password } = new URL(address);
  if (username !== '' || password !== '' || hasHiddenStep(pathname)) return false;
  return allowed.some((one) => {
    const at = new URL(one);
    return origin === at.origin && pathname.startsWith(at.pathname);
  });
}

/** Whether a server that decodes the path again, as proxies do, may see `..` in it. Tomcat drops what follows a `;`. */
function hasHiddenStep(pathname: string): boolean {
  const decoded = pathname.replace(/%(?:25)*(2[ef]|5c|3b)/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return /(?:^|[\\/])\.\.(?:[\\/;]|$)/.test(decoded);
}
