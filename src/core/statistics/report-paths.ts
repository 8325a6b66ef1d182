/** The same address for a key with `ops:read` alone. */
export function operatorPath(path: string): string {
  return path.replace(/^\/api\/v1\/(?=(?:reports|statistics)\/)/, '/api/v1/ops/');
}

/** The page of the console that shows what is at an address of the interface. */
export function consolePath(path: string): string {
  return path
    .replace(/^\/api\/v1\/(?:ops\/)?/, '/console/')
    .replace(/^\/console\/dossiers\//, '/console/dossiers?code=');
}
