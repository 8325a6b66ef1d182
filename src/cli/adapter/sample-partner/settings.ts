import Type from 'typebox';
import { timeouts } from '#kit';
import { closed } from '#schemas/parts';

/**
 * Decide: what differs between two installations of the partner, or changes without a release of ours (addresses, keys,
 * the code it gave the province), is a setting; what its interface fixes is code. Calls go to the hosts of these addresses
 * alone. A secret is `writeOnly`: it is not shown.
 */
export const Settings = closed({
  baseUrl: Type.String({ pattern: '^https?://', maxLength: 500, description: 'an address such as https://…' }),
  token: Type.String({ minLength: 1, maxLength: 4_000, writeOnly: true, description: 'a secret as a text' }),
  ...timeouts(),
});
export type Settings = Type.Static<typeof Settings>;
