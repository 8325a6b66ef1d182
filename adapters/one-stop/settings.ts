import Type from 'typebox';
import { timeouts } from '#kit';
import { closed } from '#schemas/parts';

const optional = Type.Optional;

export const Settings = closed({
  /** Where it takes what it is told. Absent: it only pushes, and telling it anything is refused. */
  baseUrl: optional(
    Type.String({ pattern: '^https?://', maxLength: 500, description: 'an address such as https://…' }),
  ),
  token: optional(Type.String({ minLength: 1, maxLength: 4_000, writeOnly: true, description: 'a secret as a text' })),
  ...timeouts(),
});
export type Settings = Type.Static<typeof Settings>;
