import Type from 'typebox';
import { AgencyCode, closed, Name, oneOf } from './parts.ts';
import { LEVELS } from './service.upsert.v1.ts';

/** One state body that receives or works on dossiers. */
export const Agency = closed(
  {
    code: AgencyCode,
    name: Name,
    level: Type.Optional(oneOf(LEVELS)),
    parentCode: Type.Optional(AgencyCode),
    inForce: Type.Boolean(),
  },
  { title: 'Agency', $id: 'agency.upsert.v1' },
);
export type Agency = Type.Static<typeof Agency>;
