import { expect, test } from 'vitest';
import { recipients, subjectOfEntry } from '#core/dossier/route';

test('a service follows the routes of its code, an agency only routes without filters', () => {
  const record = { code: '1.013225', name: 'Thủ tục thử nghiệm', inForce: true };
  const to = (operation: 'service.upsert.v1' | 'agency.upsert.v1') => {
    const route = { from: 'source', operation, to: ['portal'], services: ['1.013225'] };
    return recipients([route], 'source', operation, subjectOfEntry({ operation, record: record as never }));
  };
  expect(to('service.upsert.v1')).toEqual(['portal']);
  expect(to('agency.upsert.v1')).toEqual([]);
});
