import { contractTest } from '#kit/testing';
import adapter from './adapter.ts';
import { connectTo } from './simulator/connect.ts';

await contractTest({
  folder: import.meta.dirname,
  adapter,
  sendsAsAdapter: true,
  connect: connectTo('population'),
  asks: { person: { identityNumber: '001099123456', name: 'Nguyễn Thị Hoàng Yến', birthDate: '1999-05' } },
});
