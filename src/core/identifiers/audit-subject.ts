/** What an entry of the audit can be about. */
export const SUBJECT_KINDS = [
  'message',
  'delivery',
  'dossier',
  'dossiers',
  'cause',
  'code',
  'run',
  'party',
  'key',
  'order',
  'database',
] as const;
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

export interface AuditSubject {
  readonly kind: SubjectKind;
  readonly name: string;
}

/**
 * What an action was about, in the one form that the audit keeps: its kind, a blank, what it is called, and after `: `
 * what more is to be known.
 */
export function auditSubject(kind: SubjectKind, name: string | number, more?: string): string {
  return more === undefined ? `${kind} ${name}` : `${kind} ${name}: ${more}`;
}

/** The hub has one database, whatever it is called where it is. */
export const DATABASE_OF_HUB = auditSubject('database', 'hub');

/** A subject without what more is to be known; undefined for a text that is none. */
export function readSubject(text: string): AuditSubject | undefined {
  const [, given, name = ''] = /^\s*(\S+)\s+(\S.*?)\s*$/s.exec(text) ?? [];
  const kind = SUBJECT_KINDS.find((one) => one === given);
  return kind && { kind, name };
}
