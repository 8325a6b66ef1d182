import Type from 'typebox';
import { closed } from '#schemas/parts';

const optional = Type.Optional;

export const Settings = closed({
  /** Where it takes what it is told. Absent: it only pushes, and telling it anything is refused. */
  baseUrl: optional(Type.String({ pattern: '^https?://', maxLength: 500 })),
  token: optional(Type.String({ minLength: 1, maxLength: 4_000 })),
  connectTimeoutS: optional(Type.Number({ exclusiveMinimum: 0, maximum: 60 })),
  timeoutS: optional(Type.Number({ exclusiveMinimum: 0, maximum: 300 })),
});
export type Settings = Type.Static<typeof Settings>;
