import type { Operation, Records } from '#schemas/operations';
import type { Outgoing } from '../../sender.ts';

/** The applicant of every sample. These values must never appear in a message about a delivery. */
export const PERSONAL = {
  name: 'Nguyễn Thị Hoàng Yến Canary',
  identityNumber: '001099123456',
  phone: '0987654321',
  email: 'hoang.yen@example.test',
  address: 'Số 12, tổ dân phố Thử Nghiệm 3',
} as const;

/**
 * One record to send, as the hub would.
 *
 * @param mark a text within the record
 * @param later makes it a newer version
 */
export function sampleOutgoing(operation: Operation, number = 1, mark = 'mẫu', later = false): Outgoing {
  const code = `H60.01-250812-00${String(number).padStart(2, '0')}`;
  const at = later ? '2025-08-12T09:30:00+07:00' : '2025-08-12T08:15:00+07:00';
  const records: Records = {
    'dossier.upsert.v1': dossier(code, at, mark),
    'dossier.progress.v1': {
      code,
      at,
      status: 'processing',
      actor: 'Trần Văn B',
      unit: 'Bộ phận một cửa',
      content: mark,
    },
    'service.upsert.v1': { code: `1.0011${90 + number}`, name: `Thủ tục ${mark}`, inForce: true },
    'agency.upsert.v1': { code: `H60.${number}`, name: `Cơ quan ${mark}`, inForce: true },
    ...kindRecords(number, code, at, mark),
    'field.upsert.v1': { code: `G15-HT${String(number).padStart(2, '0')}`, name: `Lĩnh vực ${mark}`, inForce: true },
  };
  const record = records[operation];
  const isDossier = operation.startsWith('dossier.');
  const item = {
    id: `lienthong-${operation}-${number}${later ? '-later' : ''}`,
    operation,
    code: record.code,
    record,
    doubt: false,
    known: false,
  };
  return isDossier ? { ...item, dossier: dossier(code, at, mark), ...FACTS } : item;
}

type KindOperation = Exclude<Operation, `${'dossier' | 'service' | 'agency' | 'field'}.${string}`>;

function kindRecords(number: number, dossierCode: string, at: string, mark: string): Pick<Records, KindOperation> {
  const { name, phone, email, address } = PERSONAL;
  const person = { name, address, phone, email };
  const code = `H60-250812-00${String(number).padStart(2, '0')}`;
  const life = { code, state: 'received', stateAt: at } as const;
  return {
    'question.upsert.v1': { ...life, askedAt: at, content: mark, asker: person },
    'petition.upsert.v1': { ...life, sentAt: at, content: mark, sender: person },
    'rating.upsert.v1': { ...life, code: dossierCode, dossierCode, ratedAt: at, level: 'satisfied', comment: mark },
    'postal-order.upsert.v1': {
      code,
      state: 'registered',
      stateAt: at,
      dossierCode,
      direction: 'return',
      receiver: person,
      steps: [{ at, status: mark }],
    },
    'payment.upsert.v1': {
      code,
      state: 'requested',
      stateAt: at,
      dossierCode,
      amountVnd: 50_000,
      payer: { name },
      items: [{ name: mark, amountVnd: 50_000 }],
    },
  };
}

const FACTS: Pick<Outgoing, 'service' | 'agency'> = {
  service: { code: '1.001193', name: 'Đăng ký khai sinh', fieldCode: 'G15-HT01', fieldName: 'Hộ tịch' },
  agency: { code: 'H60.01', name: 'Ủy ban nhân dân phường Thử Nghiệm' },
};

function dossier(code: string, at: string, mark: string): Records['dossier.upsert.v1'] {
  return {
    code,
    serviceCode: '1.001193',
    serviceName: 'Đăng ký khai sinh',
    agencyCode: 'H60.01',
    agencyName: 'Ủy ban nhân dân phường Thử Nghiệm',
    channel: 'counter',
    status: 'received',
    statusAt: at,
    submittedAt: '2025-08-12T08:00:00+07:00',
    receivedAt: '2025-08-12T08:15:00+07:00',
    dueAt: '2025-08-19T17:00:00+07:00',
    applicant: { kind: 'citizen', identityKind: 'cccd', ...PERSONAL },
    abstract: mark,
    processingUnit: 'Bộ phận một cửa',
    resultDelivery: 'counter',
    filedAt: 'province',
  };
}
