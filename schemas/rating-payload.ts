import Type from 'typebox';
import { closed, oneOf } from './parts.ts';

const FieldName = Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_]{0,99}$', description: 'the name of a field' });
const Value = Type.String({ minLength: 1, maxLength: 100, description: 'a value of the national portal' });
const optional = Type.Optional;

/**
 * The form of `DongBoDanhGia`. The national portal has not published it, so an operator who has its document describes it here: the
 * names of the fields, and the values of the levels.
 */
export const RatingPayload = closed({
  fields: closed({
    dossierCode: FieldName,
    ratedAt: FieldName,
    level: FieldName,
    reason: optional(FieldName),
    comment: optional(FieldName),
  }),
  levels: closed({ 'very-satisfied': Value, satisfied: Value, dissatisfied: Value }),
  dates: optional(oneOf(['yyyyMMddHHmmss', 'dd/MM/yyyy HH:mm:ss', 'dd/MM/yyyy'])),
});
export type RatingPayload = Type.Static<typeof RatingPayload>;
