import { describe, expect } from 'vitest';
import { roundsOf, sampled, test } from '../../../tests/support/depth.ts';
import { createShowText, kindByName, leavesOf, shownValue } from './body-masking.ts';
import { createMentions } from './mentions.ts';

const shown = (value: unknown, mayBePersonal = false) =>
  shownValue(value, createShowText(leavesOf(value), mayBePersonal));

describe('a body as operators see it', () => {
  const canonical = {
    code: 'H60.01-250812-0035',
    serviceName: 'Đăng ký khai sinh',
    statusAt: '2025-08-12T08:15:00+07:00',
    applicant: { name: 'Nguyễn Văn An', identityNumber: '001000000001', phone: '0900000001', address: '1 Phố Thử' },
    documents: [{ name: 'Tờ khai.pdf' }],
    abstract: 'Nguyễn Văn An xin cấp, gọi 0912345678, thư an@example.test',
  };

  test('masks personal data everywhere and leaves all else unchanged', () => {
    const text = JSON.stringify(shown(canonical));
    for (const personal of [
      'Nguyễn Văn An',
      '001000000001',
      '0900000001',
      '1 Phố Thử',
      '0912345678',
      'an@example.test',
    ])
      expect(text).not.toContain(personal);
    expect(shown(canonical)).toMatchObject({
      code: canonical.code,
      serviceName: canonical.serviceName,
      statusAt: canonical.statusAt,
      documents: [{ name: 'Tờ khai.pdf' }],
    });
  });

  test('masks the national dialect too, also JSON numbers', () => {
    const body = {
      session: 'abc.def',
      data: [
        {
          MaHoSo: '000.00.00.G22-250812-0009',
          ChuHoSo: 'Trần Thị B',
          SoGiayToChuHoSo: 123456789012,
          NgayTra: '20250812081500',
        },
      ],
    };
    const text = JSON.stringify(shown(body));
    for (const hidden of ['abc.def', 'Trần Thị B', '123456789012']) expect(text).not.toContain(hidden);
    for (const kept of ['000.00.00.G22-250812-0009', '20250812081500']) expect(text).toContain(kept);
  });

  test.each([
    [{ asker: { name: 'Trần Thị B', address: 'Tổ 5, Minh Xuân' } }],
    [{ SenderName: 'Trần Thị B', SenderAddress: 'Tổ 5, Minh Xuân', ReceiverName: 'Trần Thị B' }],
    [{ CitizenName: 'Trần Thị B', receiver: { address: 'Tổ 5, Minh Xuân' }, HOVATEN: 'Trần Thị B' }],
    [{ lienthongFile: 1, rows: [{ values: { name: 'Trần Thị B', address: 'Tổ 5, Minh Xuân' } }] }],
  ])('masks whoever asks, sends, receives or pays: %j', (body) => {
    expect(JSON.stringify(shown(body))).not.toMatch(/Trần|Minh Xuân/);
  });

  test('masks people whom the body is known to name, whatever their members are called', () => {
    const people = createMentions([{ name: 'Trần Thị B', address: 'Tổ 5, Minh Xuân' }]);
    const body = { Cot4: 'Trần Thị B', Cot5: 'Tổ 5, Minh Xuân', Cot6: 'Phường Minh Xuân' };
    const show = createShowText(leavesOf(body), false, people);
    expect(shownValue(body, show)).toMatchObject({ Cot4: 'T*** T** B', Cot6: 'Phường Minh Xuân' });
    expect(JSON.stringify(shownValue(body, show))).not.toContain('Tổ 5');
  });

  test('masks a whole text that reads as a name, whatever its member is called, and not provinces and offices', () => {
    const body = { Cot4: 'Trần Thị Bình', Cot5: 'QUÁCH THỊ TRÚC MAI', ghiChu: 'gọi cho Trần Thị Bình' };
    const offices = {
      tinh: 'Hà Giang',
      coQuan: 'Ủy Ban Nhân Dân',
      dichVu: 'Đăng ký khai sinh',
      ma: 'H60.01-250812-0035',
    };
    const officers = { actor: 'Lê Văn Cường', answers: [{ by: 'Trần Thị Bình' }] };
    expect(shown(officers)).toEqual(officers);
    expect(shown({ ...body, ...offices })).toEqual({
      Cot4: 'T*** T** B***',
      Cot5: 'Q**** T** T*** M**',
      ghiChu: 'gọi cho T*** T** B***',
      ...offices,
    });
  });

  test('masks the names of members too, and keeps each value', () => {
    const body = {
      'Trần Thị Bình': 1,
      '0912345678': 2,
      '0987654378': 3,
      'an@example.test': 4,
      'Số hồ sơ': 5,
      maHoSo: 6,
    };
    expect(shown({ inside: body })).toEqual({
      inside: {
        'T*** T** B***': 1,
        '********78': 2,
        '********78 (2)': 3,
        '*************st': 4,
        'Số hồ sơ': 5,
        maHoSo: 6,
      },
    });
    expect(shown(body, true)).toEqual(body);
  });

  test('masks all names in the sentences of a partner', () => {
    const body = { error: { Message: 'Bà Trần Thị Bình đã có hồ sơ' }, Reason: { Text: 'trùng với Lò Văn Pản' } };
    expect(JSON.stringify(shown(body))).not.toMatch(/Bình|Pản/);
    expect(shown({ ghiChu: 'Sở Tư Pháp trả lời' })).toEqual({ ghiChu: 'Sở Tư Pháp trả lời' });
  });

  test('hides what base64 holds of people, such as the payload of a token', () => {
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const [person, step] = [
      encoded({ ten: 'Trần Thị Bình' }),
      encoded({ ma: 'H60.01-250812-0035', buoc: 'tiếp nhận' }),
    ];
    const hash = '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae';
    expect(shown({ jws: `${step}.${person}.${hash}`, hash })).toEqual({ jws: `${step}.***.${hash}`, hash });
  });

  test('shows personal data to readers with the right, and secrets to nobody', () => {
    const body = { ...canonical, password: 'hunter-2', accessToken: 'xyz', Authorization: 'Bearer q' };
    const text = JSON.stringify(shown(body, true));
    expect(text).toContain('Nguyễn Văn An');
    for (const secret of ['hunter-2', 'xyz', 'Bearer q']) expect(text).not.toContain(secret);
  });

  test('searches a word as long as a file once, and finds an address at its end', () => {
    // Looked through from each of its letters it would take minutes.
    const word = '0a'.repeat(500_000);
    expect(shown({ tep: word })).toEqual({ tep: word });
    expect(JSON.stringify(shown({ tep: `${word} an.nguyen@example.test` }))).not.toContain('an.nguyen@');
  });

  test('searches a member’s long name once, also as the parent of many', () => {
    const name = 'hoten'.repeat(200_000);
    const children = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`o${n}`, 1]));
    const body = { [name]: 'Nguyễn Văn An', [`${name}s`]: children, [`x${name}/ghichu`]: 'xem Nguyễn Văn Bình' };
    expect(Object.values(shown(body) as object)).toEqual(['N***** V** A*', children, 'xem Nguyễn Văn Bình']);
  });

  sampled('searches the names of many people in all texts at once', () => {
    // Each looked for in each text by itself, it would take minutes.
    const people = Array.from({ length: roundsOf(60_000, 15_000) }, (_, n) => ({
      hoTen: `Trần Văn ${n}`,
      ghiChu: `gọi Trần Văn ${n}, rồi`,
    }));
    const seen = shown(people) as typeof people;
    expect(seen.every(({ ghiChu }) => /^gọi T\*\*\* V\*\* \d\*{0,4}, rồi$/.test(ghiChu))).toBe(true);
    expect(seen[12_345]?.ghiChu).toBe('gọi T*** V** 1****, rồi');
  });

  test('recognises names of people by the last part of a member’s name', () => {
    for (const name of ['HoTen', 'hoTenNguoiNop', 'chu_ho_ten', 'TenNguoiNhanKetQua', 'nguoiNop', 'fullName'])
      expect([name, kindByName(name), kindByName(`a/${name}`)]).toEqual([name, 'name', 'name']);
    for (const name of ['hoten/ghichu', 'hoteen', 'tenNguoi', 'xNguoiNop', 'applicant/title'])
      expect([name, kindByName(name)]).toEqual([name, undefined]);
  });
});
