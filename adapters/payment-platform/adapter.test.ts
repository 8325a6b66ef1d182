import { contractTest, testConnection } from '#kit/testing';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import adapter from './adapter.ts';

/** Two hours after the samples were requested, so that the re-query concerns them. */
const NOW_MS = Date.parse('2025-08-12T10:15:00+07:00');

await contractTest({
  folder: import.meta.dirname,
  adapter,
  connect: (url, options) =>
    testConnection(
      {
        initUrl: `${url}/init`,
        queryUrl: `${url}/query`,
        billUrl: `${url}/bill`,
        partnerCode: 'H60',
        secretKey: 'mat-ma-thu-nghiem',
        accessToken: 'ma-truy-cap-thu-nghiem',
        ip: '203.0.113.10',
        account: { number: '3511000000001', name: 'Trung tâm Phục vụ hành chính công', bank: 'VTB' },
      },
      { now: () => NOW_MS, ...options },
    ),
  sample: (outgoing) => ({
    ...outgoing,
    code: outgoing.code.replace(/\W/g, ''),
    record: { ...outgoing.record, code: outgoing.code.replace(/\W/g, '') },
    dossier: dossierOf(outgoing.record as { dossierCode?: string }),
  }),
  refusal: (text) => ({ status: 200, body: { error_code: '-1', message: text } }),
  skip: { 'session-expiry': 'there is no session: each request carries the token' },
});

function dossierOf({ dossierCode = '' }: { readonly dossierCode?: string }): Dossier {
  return {
    code: dossierCode,
    serviceCode: '1.001193',
    serviceName: 'Đăng ký khai sinh',
    agencyCode: 'H60.01',
    status: 'payment-required',
    statusAt: '2025-08-12T08:15:00+07:00',
  };
}
