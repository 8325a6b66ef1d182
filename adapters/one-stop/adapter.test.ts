import { contractTest, testConnection } from '#kit/testing';
import adapter from './adapter.ts';
import { SIMULATOR_TOKEN } from './simulator.ts';

await contractTest({
  folder: import.meta.dirname,
  adapter,
  connect: (url, options) => testConnection({ baseUrl: url, token: SIMULATOR_TOKEN }, options),
  repeatsHarmless: true,
  sendsLike: {
    'service.upsert.v1': 'dossier.upsert.v1',
    'agency.upsert.v1': 'dossier.upsert.v1',
    'field.upsert.v1': 'dossier.upsert.v1',
    'postal-order.upsert.v1': 'dossier.upsert.v1',
    'payment.upsert.v1': 'dossier.upsert.v1',
    'question.upsert.v1': 'dossier.upsert.v1',
    'petition.upsert.v1': 'dossier.upsert.v1',
    'rating.upsert.v1': 'dossier.upsert.v1',
  },
  refusal: (text) => ({ status: 422, body: { type: 'about:blank', title: 'Không hợp lệ', detail: text } }),
  skip: { 'session-expiry': 'there is no session: each request carries the key' },
});
