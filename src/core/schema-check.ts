import type Type from 'typebox';
import { Compile } from 'typebox/compile';

const compiled = new WeakMap<object, ReturnType<typeof Compile>>();

/** The check of a schema, compiled at its first use. The routes have 80 schemas: compiling all took 16 ms of each start. */
export function checkOf(schema: Type.TSchema): ReturnType<typeof Compile> {
  const known = compiled.get(schema);
  if (known) return known;
  const check = Compile(schema);
  compiled.set(schema, check);
  return check;
}
