import { contractTest, testConnection } from '#kit/testing';
import adapter from './adapter.ts';
import { SIMULATOR_PATH, SIMULATOR_SECRET } from './simulator.ts';

const ANY_2XX = 'by the specification any answer of 2xx is a delivery, whatever its body';

await contractTest({
  folder: import.meta.dirname,
  adapter,
  connect: (url, options) => testConnection({ url: `${url}${SIMULATOR_PATH}`, secrets: [SIMULATOR_SECRET] }, options),
  repeatsHarmless: true,
  refusal: (text) => ({ status: 410, body: { type: 'about:blank', title: 'Không nhận nữa', detail: text } }),
  skip: {
    'session-expiry': 'there is no session: each request is signed',
    'maintenance-page': ANY_2XX,
    'empty-body': ANY_2XX,
    'empty-object': ANY_2XX,
    'no-content': ANY_2XX,
    'broken-json': ANY_2XX,
    'list-instead': ANY_2XX,
    'null-instead': ANY_2XX,
    'wrong-charset': ANY_2XX,
  },
});
