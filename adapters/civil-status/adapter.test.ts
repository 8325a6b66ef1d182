import { contractTest, testConnection } from '#kit/testing';
import adapter from './adapter.ts';

await contractTest({
  folder: import.meta.dirname,
  adapter,
  connect: (url, options) =>
    testConnection(
      {
        tokenUrl: `${url}/token`,
        baseUrl: url,
        consumerKey: 'khoa-thu-nghiem',
        consumerSecret: 'mat-ma-thu-nghiem',
        lgspAccessToken: 'ma-lgsp-thu-nghiem',
        maTinh: '08',
        maDonVi: '02269',
        callbackSecret: 'chung-thuc-cua-thu-nghiem',
      },
      options,
    ),
  refusal: (text) => ({ status: 500, body: { status: 500, errors: `${text} vượt quá độ dài cho phép` } }),
});
