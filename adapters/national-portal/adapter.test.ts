import { contractTest, testConnection } from '#kit/testing';
import adapter from './adapter.ts';

await contractTest({
  folder: import.meta.dirname,
  adapter,
  connect: (url, options) =>
    testConnection(
      {
        adapterUrl: url,
        username: 'sim',
        password: 'sim-password',
        dstcode: 'VN:GOV:000.00.00.G22:vpcpdvcprovider',
        madonvi: 'H60',
      },
      options,
    ),
  refusal: (text) => ({ status: 200, body: { error_code: '-3', message: text } }),
});
