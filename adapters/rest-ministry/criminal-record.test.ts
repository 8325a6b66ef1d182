import { contractTest } from '#kit/testing';
import adapter from './adapter.ts';
import { connectTo } from './simulator/connect.ts';

await contractTest({
  folder: import.meta.dirname,
  adapter,
  sendsAsAdapter: true,
  connect: connectTo('criminal-record'),
  refusal: (text) => ({ status: 200, body: { statusCode: '01', errorDetail: text } }),
});
