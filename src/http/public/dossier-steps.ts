import Type from 'typebox';
import { Dossier } from '#schemas/dossier.upsert.v1';
import { closed, Instant } from '#schemas/parts';

/** The most steps that a citizen sees. No ordinary dossier has more. */
export const MOST_STEPS = 100;

export const PublicStep = closed(
  {
    status: Dossier.properties.status,
    at: Instant,
    unit: Type.Optional(Type.String({ description: 'where the step was taken' })),
  },
  { title: 'PublicStep', description: 'A step of a dossier as a citizen without a key sees it' },
);
