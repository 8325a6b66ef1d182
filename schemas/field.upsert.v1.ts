import Type from 'typebox';
import { closed, FieldCode, Id, Name } from './parts.ts';

/** One field (lĩnh vực) under which services are grouped. */
export const Field = closed(
  { code: FieldCode, name: Name, branch: Type.Optional(Id), inForce: Type.Boolean() },
  { title: 'Field', $id: 'field.upsert.v1' },
);
export type Field = Type.Static<typeof Field>;
