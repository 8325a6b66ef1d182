import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readItem } from '#core/dossier/item';
import { type TestHub, testHub } from '../support/hub.ts';
import { bestOfTen, watchEventLoop } from '../support/measures.ts';

const CODE = '1.000001';
const PAPERS = 2_000;
const VERSIONS = 7;

describe('a service with a maximum of papers, all changed by each version', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub();
    for (let version = 1; version <= VERSIONS; version++) {
      const components = Array.from({ length: PAPERS }, (_, n) => ({
        name: `Giấy tờ số ${n} ${'dài '.repeat(30)}`,
        originals: version,
        copies: 0,
        forms: [{ name: `Mẫu số ${n}`, url: `https://forms.example.test/${n}` }],
      }));
      const service = {
        code: CODE,
        name: 'Thủ tục lớn',
        inForce: true,
        cases: [{ name: 'Mọi trường hợp', components }],
      };
      const { results } = await hub.hub.pipeline.accept({
        party: 'other',
        door: 'test',
        operation: 'service.upsert.v1',
        keyName: undefined,
        bodyBytes: 2,
        items: [readItem('service.upsert.v1', service)],
        mediaType: 'application/json',
        body: Buffer.from('[]'),
        receivedAt: '2025-08-12T08:30:00+07:00',
      });
      expect(results).toMatchObject([{ outcome: 'accepted' }]);
    }
  });
  afterAll(() => hub.close());

  test.each([
    ['its page', `/services/${CODE}`, 'và 1992 thay đổi khác'],
    ['its history', `/api/v1/services/${CODE}/history`, 'số bản chính: 6 → 7'],
    ['what changed in the catalogue', '/api/v1/catalogue-changes', 'số bản chính: 6 → 7'],
  ])('%s yields to others', async (_, path, part) => {
    const { response, longestMs } = await bestOfTen({ longestMs: 50 }, async () => {
      const watch = watchEventLoop();
      const response = await hub.request('GET', path, 'portal');
      return { response, longestMs: watch.longestMs() };
    });
    expect(await response.text()).toContain(part);
    expect(longestMs, 'ms of CPU without a turn for others').toBeLessThan(50);
  });
});
