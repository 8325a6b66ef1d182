/** The kinds of subjects of audit entries. */
export const SUBJECT_KINDS = [
  'message',
  'messages',
  'delivery',
  'dossier',
  'dossiers',
  'record',
  'records',
  'cause',
  'code',
  'mapping',
  'run',
  'party',
  'key',
  'order',
  'database',
  'incident',
  'hold',
  'ask',
  'texts',
  'file',
] as const;
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

export interface AuditSubject {
  readonly kind: SubjectKind;
  readonly name: string;
}

/** The subject of an audit entry in its stored form: kind, blank, name, and optionally `: ` with more details. */
export function auditSubject(kind: SubjectKind, name: string | number, more?: string): string {
  return more === undefined ? `${kind} ${name}` : `${kind} ${name}: ${more}`;
}

/** The hub's only database, whatever its name on the server. */
export const DATABASE_OF_HUB = auditSubject('database', 'hub');

/** Parses a subject without its details. Undefined if the text is no subject. */
export function readSubject(text: string): AuditSubject | undefined {
  const [, given, name = ''] = /^\s*(\S+)\s+(\S.*?)\s*$/s.exec(text) ?? [];
  const kind = SUBJECT_KINDS.find((one) => one === given);
  return kind && { kind, name };
}
