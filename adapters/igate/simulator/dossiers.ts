/** A dossier at the stand-in. */
export interface Dossier {
  readonly number: number;
  readonly code: string;
  readonly name: string;
  readonly identityNumber?: string;
  readonly phone?: string;
  readonly agency?: string;
  readonly service?: { readonly code: string; readonly name: string };
  readonly filedMs: number;
  /** A citizen filed it, so it is worked on. The others stay where they are. */
  readonly advances?: true;
  /** How long one step takes. */
  stepMs: number;
  /** 0 filed, 1 accepted, 2 at an officer, 3 with a result. */
  steps: number;
  /** When another system ended it. */
  endedMs?: number;
}

const STATUSES = [
  { id: 0, name: 'Mới đăng ký' },
  { id: 2, name: 'Đang xử lý' },
  { id: 2, name: 'Đang xử lý' },
  { id: 4, name: 'Có kết quả' },
] as const;

const OFFICERS = ['Bộ phận một cửa', 'Chuyên viên thụ lý'] as const;

/** A row of the list. Half of the rows have the shape of another host: lists of names, and UTC for local time. */
export function shown(dossier: Dossier): Readonly<Record<string, unknown>> {
  const { number, code, name, filedMs, stepMs, steps, endedMs } = dossier;
  const date = number % 2 === 0 ? utc : local;
  const done = endedMs === undefined ? steps : 3;
  const changedMs = endedMs ?? filedMs + steps * stepMs;
  const { code: serviceCode, name: serviceName } = dossier.service ?? { code: '1.001193', name: 'Đăng ký khai sinh' };
  const named = number % 2 === 0 ? [{ languageId: 228, name: serviceName }] : { languageId: 228, name: serviceName };
  return {
    id: idOf(number),
    code,
    nationCode: number % 2 === 0 ? '' : code.replace(/^H60/, 'G22'),
    dossierStatus: STATUSES[done],
    applicant: {
      data: { fullname: name, identityNumber: dossier.identityNumber, phoneNumber: dossier.phone },
    },
    procedure: { id: idOf(900), code: serviceCode, translate: named },
    agency: { id: idOf(800), code: dossier.agency ?? 'H60.01', name: 'Ủy ban nhân dân phường Thử Nghiệm' },
    applyMethod: { id: 0, name: 'Trực tuyến' },
    appliedDate: date(filedMs),
    acceptedDate: done >= 1 ? date(filedMs + Math.min(steps, 1) * stepMs) : undefined,
    completedDate: done >= 3 ? date(changedMs) : undefined,
    updatedDate: date(changedMs),
    task: OFFICERS.slice(0, Math.min(steps, OFFICERS.length)).map((fullname, at) => ({
      id: idOf(number * 10 + at),
      assignee: { fullname },
      createdDate: date(filedMs + (at + 1) * stepMs),
      isCurrent: at + 1 === steps ? 1 : 0,
      bpmProcessDefinitionTask: { name: { name: at === 0 ? 'Tiếp nhận hồ sơ' : 'Thụ lý hồ sơ' } },
    })),
  };
}

export function filesOf({ number }: Dossier): readonly object[] {
  const file = { id: idOf(number + 700), filename: 'to-khai.pdf', size: 1200 };
  return [{ id: idOf(number + 600), formName: 'Tờ khai', file: [file] }];
}

/** Ids have the form of MongoDB's. */
const idOf = (number: number): string => number.toString(16).padStart(24, '0');

const local = (ms: number): string => new Date(ms + 7 * 3_600_000).toISOString().replace('Z', '+0700');
const utc = (ms: number): string => new Date(ms).toISOString().replace('Z', '+0000');
