import Type from 'typebox';
import { closed, Line, Name } from './parts.ts';

const optional = Type.Optional;

export const Phone = Type.String({
  minLength: 3,
  maxLength: 30,
  pattern: '^\\(?(?:\\+[0-9][0-9 .()/-]+|[0-9][0-9 .()/-]{2,})$',
  description: 'telephone number',
  clean: 'text',
});

export const Email = Type.String({
  minLength: 3,
  maxLength: 200,
  pattern: '^[^\\s@]+@[^\\s@]+$',
  description: 'e-mail address',
  clean: 'text',
});

/** A person as questions, petitions and postal orders name one. */
export const Person = closed({
  name: optional(Name),
  address: optional(Line),
  phone: optional(Phone),
  email: optional(Email),
});
export type Person = Type.Static<typeof Person>;
