import Type from 'typebox';
import { timeouts } from '#kit';
import { closed } from '#schemas/parts';

const optional = Type.Optional;

export const Settings = closed({
  /** Where the system receives records. Without it the party only pushes, and the hub refuses deliveries to it. */
  baseUrl: optional(
    Type.String({ pattern: '^https?://', maxLength: 500, description: 'an address such as https://…' }),
  ),
  token: optional(Type.String({ minLength: 1, maxLength: 4_000, writeOnly: true, description: 'a secret as a text' })),
  /** The system fetches the questions of its routes itself, in the dialect of the national portal. */
  collectsQuestions: optional(Type.Boolean({ description: 'true or false' })),
  ...timeouts(),
});
export type Settings = Type.Static<typeof Settings>;
