import { contractTest, testConnection } from '#kit/testing';
import adapter from './adapter.ts';

const OFFICE = {
  name: 'Trung tâm Phục vụ hành chính công',
  address: 'Số 3, đường Thử Nghiệm, phường Minh Xuân',
  phone: '0207000001',
  province: 30,
};

await contractTest({
  folder: import.meta.dirname,
  adapter,
  connect: (url, options) =>
    testConnection(
      {
        orderUrl: `${url}/vnpost/order`,
        itemCodeUrl: `${url}/vnpost/order-item-code`,
        cancelUrl: `${url}/vnpost/cancel`,
        trackingUrl: `${url}/vnpost/tracking`,
        tokenUrl: `${url}/token`,
        customerKey: 'khoa-thu-nghiem',
        secretKey: 'mat-ma-thu-nghiem',
        customerCode: 'KH-H60',
        office: OFFICE,
      },
      options,
    ),
  refusal: (text) => ({ status: 200, body: { Status: '102', Message: text } }),
});
