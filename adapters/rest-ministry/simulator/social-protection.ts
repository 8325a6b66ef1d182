import { isDeepStrictEqual } from 'node:util';
import { parseLocal, readXml, textAt } from '#kit';
import type { ministryRegistry, SimulatorContext, SimulatorReply, SimulatorRequest } from '#kit/testing';

type Context = SimulatorContext<ministryRegistry.Registry>;

const KEY = 'khoa-thu-nghiem';
const NEEDED = ['MaHoSo', 'StatusId'];
const answer = (error_code: string, message: string): SimulatorReply => ({ body: { error_code, message } });

/** The social-protection system. It takes a dossier with its papers as XML in a text, and each step. */
export function socialProtection() {
  return [
    route('DongBoDVC', ['HoVaTen', 'MaTTHC', 'CertificateExtentData'], 'NgayTiepNhan', 'dossier'),
    route('XuLyHoSo', ['NguoiXuLy', 'NoiDungXuLy'], 'ThoiDiemXuLy', 'step'),
  ];
}

function route(service: string, needed: readonly string[], date: string, kind: string) {
  return {
    method: 'POST',
    path: `/apiBTXH/${service}`,
    handle({ json }: SimulatorRequest, { ledger }: Context): SimulatorReply {
      const given = json();
      if (textAt(given, 'AcceptKey') !== KEY) return answer('401', 'Sai khóa kết nối');
      const missing = [...NEEDED, ...needed].find((name) => textAt(given, name) === undefined);
      if (missing) return answer('2', `Thiếu trường ${missing}`);
      const at = textAt(given, date);
      if (at !== undefined && 'error' in parseLocal('dd/MM/yyyy HH:mm:ss', at)) return answer('2', `${date} sai`);
      const papers = textAt(given, 'CertificateExtentData');
      if (papers !== undefined) readXml(papers);
      // It knows a dossier by its code, so a repeat changes nothing.
      const key = textAt(given, 'MaHoSo') as string;
      const content = withoutKey(given);
      const isKnown = ledger.entries().some((one) => one.key === key && isDeepStrictEqual(one.content, content));
      if (!isKnown) ledger.record(kind, key, content);
      return answer('0', 'Thành công');
    },
  };
}

function withoutKey(given: unknown): object {
  const { AcceptKey: _, ...rest } = given as { readonly AcceptKey?: unknown };
  return rest;
}
