import { contractTest } from '#kit/testing';
import adapter from './adapter.ts';
import { connectTo } from './simulator/connect.ts';

await contractTest({
  folder: import.meta.dirname,
  adapter,
  sendsAsAdapter: true,
  connect: connectTo('digitised-store'),
  asks: {
    'stored-papers': {
      ...{ ownerNumber: '001099123456', requesterName: 'Nguyễn Thị Hoàng Yến', requesterNumber: '001099123456' },
      results: [{ code: 'KQ.G15.000001' }],
    },
  },
});
