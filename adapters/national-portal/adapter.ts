import { defineAdapter } from '#kit';
import { NATIONAL_TABLES } from '#mappings/national-portal/codes';
import { nextPage, readPage } from './catalogue.ts';
import { sendDossiers } from './dossier-batches.ts';
import { nextQuestions, readQuestions } from './question-pull.ts';
import { sendQuestions } from './questions.ts';
import { sendRatings } from './ratings.ts';
import { reconcile } from './reconcile.ts';
import { Settings } from './settings.ts';
import { sendSteps } from './steps.ts';

/** The national portal (Cổng DVCQG). It receives dossiers and steps, owns the catalogue, and exchanges questions and answers. */
export default defineAdapter({
  settings: Settings,
  dialect: 'national-portal',
  tables: () => NATIONAL_TABLES,
  send: {
    'dossier.upsert.v1': { batch: ({ dossierChunk = 10 }) => dossierChunk, onePerDossier: true, send: sendDossiers },
    'dossier.progress.v1': { batch: ({ chunk = 10 }) => chunk, send: sendSteps },
    'question.upsert.v1': { send: sendQuestions },
    'rating.upsert.v1': { send: sendRatings },
  },
  reconcile,
  pull: {
    /** At night, after the portal's own nightly work, when one-stop systems are quiet. */
    catalogue: { schedule: '0 0 2 * * *', next: nextPage, read: readPage },
    questions: { schedule: '0 */15 * * * *', next: nextQuestions, read: readQuestions },
  },
});
