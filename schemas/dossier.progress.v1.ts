import Type from 'typebox';
import { STATUSES } from './dossier.upsert.v1.ts';
import { closed, DossierCode, Instant, Name, oneOf, Prose } from './parts.ts';

/** One step in the work on a dossier, at the time at which it really happened. */
export const Progress = closed(
  {
    code: DossierCode,
    at: Instant,
    status: oneOf(STATUSES),
    actor: Name,
    title: Type.Optional(Name),
    unit: Type.Optional(Name),
    content: Prose,
    startedAt: Type.Optional(Instant),
    dueAt: Type.Optional(Instant),
  },
  { title: 'Progress', $id: 'dossier.progress.v1' },
);
export type Progress = Type.Static<typeof Progress>;
