import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalogue } from './day.ts';
import { createDice, type Dice } from './dice.ts';
import type { Ministries, Ministry, MinistryName } from './ministries.ts';
import { invented } from './people.ts';
import { untilAcknowledged } from './persistence.ts';
import { call, soapClient } from './soap-client.ts';

/** A dossier that a citizen filed with a ministry itself: the hub hears of it when it asks. */
export interface Filed {
  readonly ministry: MinistryName;
  readonly code: string;
}

const EACH = 12;
const AGENCIES = { construction: 'G17.01', transport: 'G09.20' } as const;

/** Citizens file with the ministries, all day long, by the ministries' own SOAP operations. */
export async function fileWithMinistries(
  ministries: Ministries,
  catalogue: Catalogue,
  { seed, dayMs, signal }: { readonly seed: number; readonly dayMs: number; readonly signal: AbortSignal },
): Promise<readonly Filed[]> {
  const dice = createDice(seed + 1);
  const services = catalogue.services.filter(({ inForce }) => inForce);
  const filed: Filed[] = [];
  for (let number = 1; number <= EACH; number++) {
    for (const ministry of Object.values(ministries)) {
      const code = codeOf(ministry.name, number, Date.now());
      const { code: service, name } = dice.pick(services);
      const form = formOf(ministry.name, code, { code: service, name }, dice);
      await untilAcknowledged(
        () => file(ministry, form, signal),
        signal,
        () => undefined,
      );
      filed.push({ ministry: ministry.name, code });
    }
    await sleep((dayMs * 0.8) / EACH, undefined, { signal });
  }
  return filed;
}

function codeOf(ministry: MinistryName, number: number, nowMs: number): string {
  const day = new Date(nowMs + 7 * 3_600_000).toISOString().slice(2, 10).replaceAll('-', '');
  return `${AGENCIES[ministry]}-${day}-${String(900_000 + number)}`;
}

function formOf(
  ministry: MinistryName,
  code: string,
  service: { readonly code: string; readonly name: string },
  dice: Dice,
): object {
  const { name, identityNumber, phone } = invented(dice);
  const agency = AGENCIES[ministry];
  if (ministry === 'transport')
    return {
      hoSo: {
        ...{ maHoSo: code, maThuTuc: service.code, tenThuTuc: service.name, maCoQuan: agency, trangThai: 'TIEP_NHAN' },
        thoiDiemCapNhat: new Date().toISOString(),
        nguoiNop: { hoTen: name, cccd: identityNumber, dienThoai: phone },
        noiDung: `Đề nghị giải quyết: ${service.name}`,
      },
    };
  const texts = { MaHoSo: code, MaThuTuc: service.code, TenThuTuc: service.name, MaCoQuan: agency };
  const person = elements({ HoTen: name, SoGiayTo: identityNumber, DienThoai: phone });
  return { duLieu: `<HoSo>${elements(texts)}<ChuHoSo Loai="1">${person}</ChuHoSo></HoSo>` };
}

function elements(texts: Readonly<Record<string, string>>): string {
  const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return Object.entries(texts)
    .map(([name, text]) => `<${name}>${escaped(text)}</${name}>`)
    .join('');
}

async function file({ name, wsdl }: Ministry, form: object, signal: AbortSignal): Promise<void> {
  const isTransport = name === 'transport';
  const client = await soapClient(wsdl, { signal, version: isTransport ? '1.2' : '1.1' });
  await call(client, isTransport ? 'nopHoSo' : 'NopHoSo', form, signal);
}
