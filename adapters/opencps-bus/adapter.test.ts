import { contractTest, testConnection } from '#kit/testing';
import adapter from './adapter.ts';
import { SIMULATOR_CLIENT } from './simulator.ts';

await contractTest({
  folder: import.meta.dirname,
  adapter,
  connect: (url, means) =>
    testConnection(
      {
        baseUrl: url,
        tokenUrl: `${url}/token`,
        ...SIMULATOR_CLIENT,
        pushKey: 'opencps-tinh',
        pushSecret: 'mat-ma-cua-opencps-1',
        reports: true,
        organisation: { code: 'H60', name: 'UBND tỉnh' },
      },
      means,
    ),
  // A document replaces the one of its code. No call lists traces, so a lost one is sent again.
  repeatsHarmless: true,
  refusal: (text) => ({ status: 200, body: { Status: 400, Message: text } }),
});
