import { contractTest } from '#kit/testing';
import adapter from './adapter.ts';
import { connectTo } from './simulator/connect.ts';

await contractTest({
  folder: import.meta.dirname,
  adapter,
  sendsAsAdapter: true,
  connect: connectTo('business-register'),
  asks: { enterprise: { code: '5000000001' }, 'household-business': { taxCode: '8000000001' } },
});
