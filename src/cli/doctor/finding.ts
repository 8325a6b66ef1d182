export type Level = 'ok' | 'info' | 'warn' | 'fail';

/** One thing that was looked at. */
export interface Finding {
  readonly area: 'settings' | 'secrets' | 'database' | 'disk' | 'queue' | 'partners' | 'work' | 'audit';
  readonly level: Level;
  /** What was found, without secrets. */
  readonly found: string;
  /** What to do; where something is to be done. */
  readonly advice?: string;
}

type Of = (level: Level, found: string, advice?: string) => Finding;

export function findingsOf(area: Finding['area']): Of {
  return (level, found, advice) => ({ area, level, found, ...(advice !== undefined && { advice }) });
}
