/** The JSON of a reply, whose members a test checks one by one. */
// biome-ignore lint/suspicious/noExplicitAny: a type for each reply would repeat the schemas that the tests check
export type Json = any;
