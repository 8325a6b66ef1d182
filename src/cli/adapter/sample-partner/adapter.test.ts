import { contractTest, testConnection } from '#kit/testing';
import adapter from './adapter.ts';
import { SIMULATOR_TOKEN } from './simulator.ts';

// Decide: `refusal` is how the partner refuses, in its own form, quoting the request. Operations that the partner does not
// support go into `skip` with a reason. Say `repeatsHarmless` when it needs no look-up.
await contractTest({
  folder: import.meta.dirname,
  adapter,
  connect: (url, options) => testConnection({ baseUrl: url, token: SIMULATOR_TOKEN }, options),
  refusal: (text) => ({ status: 422, body: { error: 'invalid', message: text } }),
  skip: { 'session-expiry': 'there is no session: each request carries the key' },
});
