import { contractTest } from '#kit/testing';
import adapter from './adapter.ts';
import { connectTo, landDossier } from './simulator/connect.ts';

await contractTest({
  folder: import.meta.dirname,
  adapter,
  sendsAsAdapter: true,
  connect: connectTo('land'),
  sample: landDossier,
  refusal: (text) => ({ status: 200, body: { data: 0, status: { success: false, message: text } } }),
});
