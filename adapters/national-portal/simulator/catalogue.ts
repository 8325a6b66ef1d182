import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agency } from '#schemas/agency.upsert.v1';
import type { Field } from '#schemas/field.upsert.v1';
import type { Service } from '#schemas/service.upsert.v1';

export interface Catalogue {
  readonly services: readonly Service[];
  readonly agencies: readonly Agency[];
  readonly fields: readonly Field[];
}

const SEED = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'catalogue');

/** The repository's seed catalogue, or a few invented entries if it is missing. */
export function loadCatalogue(dir: string = SEED): Catalogue {
  const read = <T>(name: string, otherwise: readonly T[]): readonly T[] => {
    const file = join(dir, `${name}.json`);
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as readonly T[]) : otherwise;
  };
  return {
    services: read('services', SAMPLES.services),
    agencies: read('agencies', SAMPLES.agencies),
    fields: read('fields', SAMPLES.fields),
  };
}

const service = (code: string, name: string): Service => ({
  code,
  name,
  inForce: true,
  fieldCode: 'G03-GD10',
  fieldName: 'Lĩnh vực thử nghiệm',
  fields: [{ code: 'G03-GD10', name: 'Lĩnh vực thử nghiệm' }],
  levels: ['province'],
  agencies: [{ code: 'H60.01', name: 'Sở thử nghiệm' }],
  audience: ['Công dân Việt Nam'],
  channels: [
    {
      channel: 'counter',
      terms: [{ amount: 5, unit: 'working-day', text: '5 Ngày làm việc', fees: [{ code: '2', amountVnd: 8_000 }] }],
    },
  ],
  cases: [
    {
      steps: ['Bước 1: Nộp hồ sơ', 'Bước 2: Nhận kết quả'],
      components: [{ code: '000.00.00.G09-KQ002269', name: 'Tờ khai', originals: 1, copies: 0 }],
    },
  ],
  results: [{ code: 'KQ.G03.000122', name: 'Giấy xác nhận' }],
});

export const SAMPLES: Catalogue = {
  services: [
    service('1.013225', 'Thủ tục thử nghiệm thứ nhất'),
    service('1.001612.000.00.00.H60', 'Thủ tục thử nghiệm thứ hai'),
    service('2.002492', 'Thủ tục thử nghiệm thứ ba'),
  ],
  agencies: [
    { code: 'H60', name: 'Ủy ban nhân dân tỉnh', level: 'province', inForce: true },
    { code: 'H60.01', name: 'Sở thử nghiệm', level: 'province', inForce: true },
    { code: 'H60.129', name: 'Ủy ban nhân dân xã thử nghiệm', level: 'commune', inForce: true },
  ],
  fields: [{ code: 'G03-GD10', name: 'Lĩnh vực thử nghiệm', branch: 'G03', inForce: true }],
};
