import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { type AuditSubject, auditSubject, DATABASE_OF_HUB, type SubjectKind } from '#core/identifiers/audit-subject';

/** Before subjects had one form, these actions stored the bare name, with more text after a blank. */
const OF_BEFORE: Readonly<Partial<Record<SubjectKind, readonly string[]>>> = {
  delivery: ['delivery.replay'],
  dossier: ['dossier.read-personal', 'dossier.history-personal'],
  cause: ['quarantine.map', 'quarantine.release', 'quarantine.dismiss'],
  code: ['code-table.enter'],
  run: ['replay.stop'],
  party: ['party.pause', 'party.resume', 'party.pull', 'party.file', 'import'],
};

/** Entries about these subjects stored no name. */
const NAMELESS: Readonly<Record<string, string>> = { [DATABASE_OF_HUB]: 'database' };

/** These actions list all dossiers that they concern. */
const NAMING_DOSSIERS = [
  'dossier.list-personal',
  'index.rebuilt',
  'retention.erased',
  'order.erased',
  'order.previewed',
];

/** Whether an audit entry concerns a subject, in any form of writing it. */
export function isAbout({ kind, name }: AuditSubject): RawBuilder<SqlBool> {
  const subject = auditSubject(kind, name);
  const before = OF_BEFORE[kind] ?? [];
  const naming = kind === 'dossier' ? NAMING_DOSSIERS : [];
  return sql<SqlBool>`(subject IN (${subject}, ${NAMELESS[subject] ?? subject}) OR starts_with(subject, ${`${subject}: `})
    OR (action = ANY(${before}::text[]) AND (subject = ${name} OR starts_with(subject, ${`${name} `})))
    OR (action = ANY(${naming}::text[]) AND ${name} = ANY(regexp_split_to_array(subject, '[ ,]+'))))`;
}
