import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readXml, textAt } from '#kit';
import type { ministryRegistry, SimulatorContext, SimulatorReply, SimulatorRequest } from '#kit/testing';

type Context = SimulatorContext<ministryRegistry.Registry>;

const AUTHORIZATION = `Basic ${Buffer.from('h60:mat-khau-thu-nghiem').toString('base64')}`;
/** The order that the database demands. It answers a request in another order with a fault. */
const ORDER = ['MaYeuCau', 'MaDVC', 'MaTichHop', 'MaCanBo', 'SoDinhDanh', 'HoVaTen', 'NgayThangNamSinh'];

/** Invented people. The second one has no district, as since 7/2025, and only a year of birth. */
const PEOPLE: Readonly<Record<string, string>> = {
  '001099123456': `<SoDinhDanh>001099123456</SoDinhDanh><SoCMND>070000001</SoCMND>
    <HoVaTen><Ho>Nguyễn</Ho><ChuDem>Thị Hoàng</ChuDem><Ten>Yến</Ten></HoVaTen><GioiTinh>2</GioiTinh>
    <NgayThangNamSinh><NgayThangNam>19990512</NgayThangNam></NgayThangNamSinh>
    <ThuongTru><MaTinhThanh>08</MaTinhThanh><MaQuanHuyen>070</MaQuanHuyen><MaPhuongXa>02206</MaPhuongXa>
      <ChiTiet>Tổ dân phố Thử Nghiệm 3</ChiTiet><QuocGia>VN</QuocGia></ThuongTru>`,
  '001060000001': `<SoDinhDanh>001060000001</SoDinhDanh>
    <HoVaTen><Ho>Trần</Ho><ChuDem>Văn</ChuDem><Ten>Thử</Ten></HoVaTen>
    <NgayThangNamSinh><Nam>1960</Nam></NgayThangNamSinh>
    <ThuongTru><MaTinhThanh>08</MaTinhThanh><MaPhuongXa>02206</MaPhuongXa></ThuongTru>`,
};
/** Two records of one number, as after a wrong merger. */
const TWICE = '001060000002';

/** The national population database behind its SOAP service. */
export function population() {
  const wsdl = readFileSync(join(import.meta.dirname, '..', 'parties', 'population.wsdl'), 'utf8');
  return [
    {
      method: 'GET',
      path: '/dancu',
      handle: (): SimulatorReply => ({ headers: { 'content-type': 'text/xml; charset=utf-8' }, body: wsdl }),
    },
    {
      method: 'POST',
      path: '/dancu',
      handle({ headers, text }: SimulatorRequest, { ledger }: Context): SimulatorReply {
        if (headers.authorization !== AUTHORIZATION) return { status: 401, body: 'Unauthorized' };
        const asked = readXml(text());
        const places = ORDER.map((name) => text().search(new RegExp(`<(?:\\w+:)?${name}[ >]`))).filter((at) => at >= 0);
        if (places.some((at, n) => n > 0 && at < (places[n - 1] as number))) return fault('Sai thứ tự các trường');
        const number = textAt(asked, 'Envelope.Body.TraCuuCongDan.SoDinhDanh') ?? '';
        const officer = textAt(asked, 'Envelope.Body.TraCuuCongDan.MaCanBo');
        if (!/^\d{12}$/.test(number) || officer === undefined) return fault('Thiếu số định danh hoặc mã cán bộ');
        ledger.record('ask', textAt(asked, 'Envelope.Body.TraCuuCongDan.MaYeuCau') ?? '', number);
        const people = number === TWICE ? [1, 2].map(() => `<SoDinhDanh>${TWICE}</SoDinhDanh>`) : [PEOPLE[number]];
        const found = people.flatMap((person) => (person ? [`<CongDan>${person}</CongDan>`] : []));
        return envelope(
          `<CongdanCollection xmlns="http://www.mic.gov.vn/dancu/1.0">${found.join('')}</CongdanCollection>`,
        );
      },
    },
  ];
}

function envelope(body: string, status = 200): SimulatorReply {
  return {
    status,
    headers: { 'content-type': 'text/xml; charset=utf-8' },
    body: `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>${body}</soap:Body></soap:Envelope>`,
  };
}

const fault = (said: string): SimulatorReply =>
  envelope(`<soap:Fault><faultcode>soap:Client</faultcode><faultstring>${said}</faultstring></soap:Fault>`, 500);
