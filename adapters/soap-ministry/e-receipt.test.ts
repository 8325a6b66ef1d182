import { contractTest } from '#kit/testing';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Payment } from '#schemas/payment.v1';
import adapter from './adapter.ts';
import { connectTo } from './simulator/connect.ts';

const DOSSIER: Dossier = {
  code: 'H60.01-250812-0001',
  serviceCode: '1.001193',
  serviceName: 'Đăng ký khai sinh',
  agencyCode: 'H60.01',
  status: 'processing',
  statusAt: '2025-08-12T08:15:00+07:00',
};

await contractTest({
  folder: import.meta.dirname,
  adapter,
  sendsAsAdapter: true,
  connect: connectTo('e-receipt'),
  sample: (outgoing) => {
    const record = { ...(outgoing.record as Payment), state: 'paid', paidAt: '2025-08-12T08:14:00+07:00' } as Payment;
    return { ...outgoing, record, dossier: DOSSIER };
  },
  skip: { 'session-expiry': 'there is no session: each request carries user and password' },
});
