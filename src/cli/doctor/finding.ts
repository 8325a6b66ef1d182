export type Level = 'ok' | 'info' | 'warn' | 'fail';

/** One result of a check. */
export interface Finding {
  readonly area:
    | 'settings'
    | 'secrets'
    | 'database'
    | 'disk'
    | 'queue'
    | 'partners'
    | 'work'
    | 'retention'
    | 'files'
    | 'audit';
  readonly level: Level;
  /** The finding, without secrets. */
  readonly found: string;
  /** What to do, if anything. */
  readonly advice?: string | undefined;
}

type Of = (level: Level, found: string, advice?: string) => Finding;

export function findingsOf(area: Finding['area']): Of {
  return (level, found, advice) => ({ area, level, found, advice });
}
