import Type from 'typebox';
import { timeouts } from '#kit';
import { closed } from '#schemas/parts';

/**
 * Decide: settings are what differs between installations of the partner or changes without a release of ours (addresses, keys,
 * the province's code). The fixed parts of its interface are code. Calls go only to the hosts of these addresses. A secret is
 * `writeOnly`, so nothing shows it.
 */
export const Settings = closed({
  baseUrl: Type.String({ pattern: '^https?://', maxLength: 500, description: 'an address such as https://…' }),
  token: Type.String({ minLength: 1, maxLength: 4_000, writeOnly: true, description: 'a secret as a text' }),
  ...timeouts(),
});
export type Settings = Type.Static<typeof Settings>;
