/** The reports, by the names that commands and addresses use. */
export const REPORTS = [
  'ii06a',
  'online-services',
  'questions',
  'connections',
  'incidents',
  'availability',
  'fields',
  'asks',
] as const;
export type ReportName = (typeof REPORTS)[number];

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
