import { expect, test } from 'vitest';
import { isUnder } from './file-address.ts';

const ALLOWED = ['https://tep.example/ho-so/', 'http://127.0.0.1:8090/'];

test.each([
  ['https://tep.example/ho-so/1.pdf', true],
  ['https://TEP.example:443/ho-so/1.pdf?sig=1', true],
  ['http://127.0.0.1:8090/bat/ky', true],
  ['https://tep.example/khac/1.pdf', false],
  ['https://tep.example/ho-so/../khac/1.pdf', false],
  ['https://tep.example/ho-so/%2e%2e/khac/1.pdf', false],
  ['https://tep.example/ho-so/..%2Fkhac/1.pdf', false],
  ['https://tep.example/ho-so/..%5ckhac/1.pdf', false],
  ['https://tep.example/ho-so/%252e%252e%252fkhac/1.pdf', false],
  ['https://tep.example/ho-so/..;x=1/khac/1.pdf', false],
  ['https://tep.example/ho-so/03706%2F2026/1..pdf', true],
  ['http://tep.example/ho-so/1.pdf', false],
  ['https://tep.example.kẻ-xấu.example/ho-so/1.pdf', false],
  ['https://tep.example@127.0.0.1/ho-so/1.pdf', false],
  ['https://user:pass@tep.example/ho-so/1.pdf', false],
  ['http://127.0.0.1:8091/1.pdf', false],
  ['file:///etc/passwd', false],
  ['không phải địa chỉ', false],
])('%s is under the allowed addresses: %s', (address, expected) => {
  expect(isUnder(address, ALLOWED)).toBe(expected);
});
