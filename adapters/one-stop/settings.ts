import Type from 'typebox';
import { closed } from '#schemas/parts';

const optional = Type.Optional;

const Seconds = (maximum: number) =>
  optional(Type.Number({ exclusiveMinimum: 0, maximum, description: `a number of seconds, at most ${maximum}` }));

export const Settings = closed({
  /** Where it takes what it is told. Absent: it only pushes, and telling it anything is refused. */
  baseUrl: optional(
    Type.String({ pattern: '^https?://', maxLength: 500, description: 'an address such as https://…' }),
  ),
  token: optional(Type.String({ minLength: 1, maxLength: 4_000, writeOnly: true, description: 'a secret as a text' })),
  connectTimeoutS: Seconds(60),
  timeoutS: Seconds(300),
});
export type Settings = Type.Static<typeof Settings>;
