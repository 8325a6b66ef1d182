import { contractTest, testConnection } from '#kit/testing';
import adapter from './adapter.ts';
import { SIMULATOR_TOKEN } from './simulator.ts';

// Decide: `refusal` is how the partner refuses, in its own form, quoting what it was sent. What it cannot give goes into
// `skip`, each with the reason; a look-up that is not needed is `repeatsHarmless`.
await contractTest({
  folder: import.meta.dirname,
  adapter,
  connect: (url, means) => testConnection({ baseUrl: url, token: SIMULATOR_TOKEN }, means),
  refusal: (text) => ({ status: 422, body: { error: 'invalid', message: text } }),
  skip: { 'session-expiry': 'there is no session: each request carries the key' },
});
