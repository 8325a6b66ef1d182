import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { type AuditSubject, auditSubject, DATABASE_OF_HUB, type SubjectKind } from '#core/identifiers/audit-subject';

/** Entries of before the one form had the name alone, and what more there was after a blank. */
const OF_BEFORE: Readonly<Partial<Record<SubjectKind, readonly string[]>>> = {
  delivery: ['delivery.replay'],
  dossier: ['dossier.read-personal', 'dossier.history-personal'],
  cause: ['quarantine.map', 'quarantine.release', 'quarantine.dismiss'],
  code: ['code-table.enter'],
  run: ['replay.stop'],
  party: ['party.pause', 'party.resume', 'party.pull', 'import'],
};

/** Of this there was not even a name. */
const NAMELESS: Readonly<Record<string, string>> = { [DATABASE_OF_HUB]: 'database' };

/** What was done to many dossiers at once names them. */
const NAMING_DOSSIERS = ['dossier.list-personal', 'index.rebuilt'];

/** Whether an entry of the audit is about something, in whichever form it was written. */
export function isAbout({ kind, name }: AuditSubject): RawBuilder<SqlBool> {
  const subject = auditSubject(kind, name);
  const before = OF_BEFORE[kind] ?? [];
  const naming = kind === 'dossier' ? NAMING_DOSSIERS : [];
  return sql<SqlBool>`(subject IN (${subject}, ${NAMELESS[subject] ?? subject}) OR starts_with(subject, ${`${subject}: `})
    OR (action = ANY(${before}::text[]) AND (subject = ${name} OR starts_with(subject, ${`${name} `})))
    OR (action = ANY(${naming}::text[]) AND ${name} = ANY(regexp_split_to_array(subject, '[ ,]+'))))`;
}
