import { expect, test } from 'vitest';
import { settingsOfCase } from './settings-of-case.ts';

test.each([
  ['https://portal.example.gov.vn/api', '{{url}}/api', ['portal.example.gov.vn']],
  ['https://Portal.Example.gov.vn/api', '{{url}}/api', ['portal.example.gov.vn']],
  ['HTTPS://PORTAL.VN/x', '{{url}}/x', ['portal.vn']],
  ['https://portal.example.gov.vn:443/api', '{{url}}/api', ['portal.example.gov.vn']],
  ['https://portal.example.gov.vn:8443/api', '{{url}}/api', ['portal.example.gov.vn']],
  ['https://thoại.vn/api', '{{url}}/api', ['xn--thoi-7q5a.vn', 'thoại.vn']],
  ['http://127.0.0.1', '{{url}}', ['127.0.0.1']],
  ['https://portal.vn?to=https://portal.vn/', '{{url}}?to=https://portal.vn/', ['portal.vn']],
])('nothing of the host is left of an address in any spelling: %s', (written, shown, hosts) => {
  const found = settingsOfCase({ urls: [written] }, {});
  expect([found.shown, new Set(found.hosts)]).toEqual([{ urls: [shown] }, new Set(hosts)]);
});
