import { contractTest } from '#kit/testing';
import adapter from './adapter.ts';
import { connectTo } from './simulator/connect.ts';

await contractTest({
  folder: import.meta.dirname,
  adapter,
  sendsAsAdapter: true,
  connect: connectTo('ministry-portal'),
  refusal: (text) => ({ status: 400, body: { code: 400, message: text, data: null } }),
});
