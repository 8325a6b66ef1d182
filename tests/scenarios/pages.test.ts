import { PassThrough } from 'node:stream';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openPage } from '../support/citizen.ts';
import { AFTER_RECEIPT, dossier, type TestHub, testHub } from '../support/hub.ts';
import { lowestCpuOfTen } from '../support/measures.ts';
import { catalogueSource, pullCatalogue, seedOf } from '../support/seed-catalogue.ts';

const CODE = 'H60.01-250812-0035';
/** Text that would run, or break out of its place, if a page contained it unescaped. */
const CANARY = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>&amp;`;

/** Each text of a record becomes a canary of its place; texts with a fixed form stay. */
function poisoned(record: Record<string, unknown>): Record<string, unknown> {
  const kept =
    /^(?:code|serviceCode|agencyCode|fieldCode|publishedBy|channel|unit|level|levels|onlineLevel|status|.*At|party)$/;
  const poison = (value: unknown, name: string): unknown => {
    if (typeof value === 'string') return kept.test(name) ? value : `${name} ${CANARY}`;
    if (Array.isArray(value)) return value.map((one) => poison(one, name));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, poison(one, key)]));
  };
  return poison(record, '') as Record<string, unknown>;
}

/** The data block in the head of a page: no text of a source ends it. */
const DATA = /<script type="application\/ld\+json">([^<]*)<\/script>/;
/** A file of this site. */
const OWN_SCRIPT = /<script type="module" src="\/pages\/[^"]*"><\/script>/g;

describe('pages for citizens', () => {
  let hub: TestHub;
  let people = 0;

  beforeAll(async () => {
    const services = seedOf('services');
    const canary = { ...poisoned(services[0] as Record<string, unknown>), code: '1.999990', conditions: CANARY };
    const unclear = {
      code: '1.999991',
      name: 'Thủ tục chưa rõ phí',
      inForce: true,
      channels: [{ channel: 'counter', terms: [{ fees: [{ amountVnd: null }, { amountVnd: 0 }] }, { text: 'Ngay' }] }],
      cases: [{ components: [{ name: 'Đơn', forms: [{ name: 'mau', url: 'javascript:alert(1)' }] }] }],
    };
    const records = {
      services: [...services, canary, unclear],
      fields: seedOf('fields'),
      agencies: seedOf('agencies'),
    };
    hub = await testHub({ nowMs: AFTER_RECEIPT, partners: { source: catalogueSource(records) } });
    await pullCatalogue(hub);
    await hub.push([
      dossier({ submittedAt: '2025-08-11T21:04:00+07:00', agencyName: 'Sở Tư pháp', serviceCode: '1.001193' }),
      dossier({
        code: 'H60.01-250812-0036',
        dueAt: '2025-08-10T17:00:00+07:00',
        serviceCode: '1.002820',
        serviceName: undefined,
        agencyCode: 'H60.163',
        agencyName: undefined,
      }),
      dossier({
        code: 'H60.01-250812-0037',
        serviceName: CANARY,
        fieldName: CANARY,
        agencyName: CANARY,
        processingUnit: CANARY,
        note: CANARY,
        abstract: CANARY,
        applicant: { name: `N ${CANARY}`, phone: '0900000001' },
      }),
      dossier({
        code: 'H60.01-250812-0038',
        serviceCode: '1.999990',
        status: 'returned',
        dueAt: '2025-08-10T17:00:00+07:00',
      }),
      dossier({ code: 'H60.01-250812-0040', serviceCode: '1.999000', dueAt: undefined }),
    ]);
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => hub.close());

  const open = (path: string, init: RequestInit = {}, address = `198.51.100.${people++ % 250}`) =>
    openPage(hub, path, init, address);

  function lookUp(fields: Record<string, string>, { lang = 'vi', address }: { lang?: string; address?: string } = {}) {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Cookie: `lang=${lang}` };
    return open('/', { method: 'POST', headers, body: new URLSearchParams(fields).toString() }, address);
  }

  test('no page has inline code or style, and none is cached', async () => {
    for (const path of [
      '/',
      '/services',
      '/services/1.001193',
      '/services/9.999999',
      '/services?level=moon',
      '/statistics',
    ]) {
      const { headers, html } = await open(path);
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self';/);
      expect([headers.get('content-type'), headers.get('cache-control')]).toEqual([
        'text/html; charset=UTF-8',
        'no-store',
      ]);
      expect(html.replace(DATA, '').replace(OWN_SCRIPT, '')).not.toMatch(
        /<script|<style|style=|href="(?!\/|#|data:|https:\/\/bieumau\.)/i,
      );
      // The browser asks for the styles before it has read the page.
      const [, style = ''] = /<link rel="stylesheet" href="([^"]*style[.]css[^"]*)"/.exec(html) ?? [];
      expect(headers.get('link')).toBe(`<${style}>; rel=preload; as=style`);
      const { status, headers: same } = await open(path, { method: 'HEAD' });
      expect([status, same.get('content-type')]).toEqual([(await open(path)).status, 'text/html; charset=UTF-8']);
    }
  });

  test('a missing address is a page for people, and a problem for programs', async () => {
    const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    const asked = (path: string, accept: string) => open(path, { headers: { Accept: accept } });
    const { status, headers, text } = await asked('/dich-vu', browser);
    expect([status, headers.get('content-type')]).toEqual([404, 'text/html; charset=UTF-8']);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
    expect(text).toContain('Không tìm thấy trang.');
    expect((await asked('/dich-vu?lang=en', browser)).text).toContain('This page does not exist.');
    for (const [path, accept] of [
      ['/dich-vu', '*/*'],
      ['/dich-vu', 'application/json, text/html'],
      ['/api/v1/dich-vu', browser],
      ['/mapi', browser],
    ] as const) {
      const { status, headers } = await asked(path, accept);
      expect([path, accept, status, headers.get('content-type')]).toEqual([
        path,
        accept,
        404,
        'application/problem+json',
      ]);
    }
  });

  describe('the look-up of a dossier', () => {
    test('shows its status in words, dates as people write them, and the due date', async () => {
      const { status, text, html } = await lookUp({ code: ` ${CODE.toLowerCase()} `, proof: '0001' });
      expect(status).toBe(200);
      for (const part of [CODE, 'Được tiếp nhận', 'từ 12/08/2025 08:15', 'Việc cần làm', 'Sở Tư pháp', 'N***** V** A*'])
        expect(text).toContain(part);
      expect(text).toContain('Ngày nộp 11/08/2025 21:04');
      expect(text).toContain('Ngày hẹn trả 19/08/2025 17:00 trong hạn, còn 6 ngày làm việc');
      expect(html).toContain('href="/services/1.001193"');
      expect(html).not.toMatch(/Nguyễn Văn An|0900000001|001000000001|an@example/);
    });

    test('links its service only where the catalogue has it', async () => {
      const { html, text } = await lookUp({ code: 'H60.01-250812-0040', proof: '0001' });
      expect(text).toContain('Thủ tục thử nghiệm');
      expect(html).not.toContain('href="/services/');
    });

    test('names its service and agency by the catalogue where the dossier does not', async () => {
      const { text } = await lookUp({ code: 'H60.01-250812-0036', proof: '0001' });
      expect(text).toContain('Thủ tục Đổi giấy phép lái xe');
      expect(text).toContain('Cơ quan Ủy ban nhân dân xã Bạch Đích');
    });

    test.each([
      ['found', CODE, '0001'],
      ['not found', CODE, '9999'],
      ['wrong', CODE, '1'],
    ])('keeps the code in the form of the other language, and never the digits: %s', async (_, code, proof) => {
      const { html } = await lookUp({ code, proof });
      expect(html).toContain(`href="/?code=${code}&amp;lang=en"`);
      expect(html.match(/href="[^"]*"/g)?.join(' ')).not.toMatch(`proof|=${proof}`);
      expect((await open(`/?code=${code}&lang=en`)).html).toContain(`value="${code}"`);
    });

    test('shows it overdue by the hub’s clock', async () => {
      const mark = async () =>
        /quá hạn [^ ]+ ngày làm việc/.exec((await lookUp({ code: 'H60.01-250812-0036', proof: '0001' })).text)?.[0];
      expect(await mark()).toBe('quá hạn 1 ngày làm việc');
      hub.clock.nowMs += 86_400_000;
      expect(await mark()).toBe('quá hạn 2 ngày làm việc');
      hub.clock.nowMs -= 86_400_000;
    });

    test('shows a finished one neither in time nor late; says when there is no due date', async () => {
      const done = await lookUp({ code: 'H60.01-250812-0038', proof: '0001' });
      expect(done.text).toContain('Đã trả kết quả');
      expect(done.text).not.toMatch(/quá hạn|trong hạn/);
      expect((await lookUp({ code: 'H60.01-250812-0040', proof: '0001' })).text).toContain(
        'Ngày hẹn trả chưa có thông tin',
      );
    });

    test('works in English too', async () => {
      const { text, html } = await lookUp({ code: CODE, proof: '0001' }, { lang: 'en' });
      expect(html).toContain('<html lang="en">');
      for (const part of ['Received', 'since 12/08/2025 08:15', 'What to do:', 'in time – 6 working days left'])
        expect(text).toContain(part);
    });

    test.each([
      [CODE.replaceAll('-', ' – '), '00 01'],
      [CODE.replaceAll('0', 'O').toLowerCase(), '0001'],
    ])('finds %j and %j, as people copy them from paper', async (code, proof) => {
      expect((await lookUp({ code, proof })).text).toContain('Kết quả tra cứu');
    });

    test('answers an unknown code and a wrong proof alike', async () => {
      const wrong = await lookUp({ code: CODE, proof: '0002' });
      const none = await lookUp({ code: 'H60.01-250812-9999', proof: '0002' });
      expect([wrong.status, none.status]).toEqual([404, 404]);
      expect(wrong.text).toContain('Không tìm thấy hồ sơ với mã và 4 số này');
      const without = (html: string, code: string) =>
        html.replace(`value="${code}"`, '').replaceAll(`code=${code}&`, '');
      expect(without(wrong.html, CODE)).toBe(without(none.html, 'H60.01-250812-9999'));
    });

    test.each([
      ['0900000001', 'proof', '4 số cuối: nhập'],
      ['12a4', 'proof', '4 số cuối: nhập'],
      ['', 'proof', '4 số cuối: nhập'],
    ])('names the field of the wrong proof %j, and repeats no input', async (proof, field, says) => {
      const { status, text, html } = await lookUp({ code: CODE, proof });
      expect([status, text.includes(says)]).toEqual([400, true]);
      expect(html).toMatch(
        new RegExp(`name="${field}"[^>]*aria-describedby="${field}-hint wrong" aria-invalid="true"`),
      );
      // A screen reader reads from the title that nothing was found.
      expect(html).toContain('<title>Chưa tra cứu được hồ sơ –');
      if (proof !== '') expect(html).not.toContain(proof);
    });

    test.each(['', 'x'.repeat(101), 'H60\u0000', '..', '%2e%2e', 'H60.01-250812-0035/../0036', '../../../metrics'])(
      'answers the code %j with a page, not a fault',
      async (code) => {
        const { status, html } = await lookUp({ code, proof: '0001' });
        expect([400, 404]).toContain(status);
        expect(html).toMatch(/role="alert"/);
      },
    );

    test('keeps the code in the form, and the proof nowhere: not in a page, address, header or log', async () => {
      for (const proof of ['7391', '0001']) {
        const { html, headers } = await lookUp({ code: CODE, proof });
        if (proof === '7391') expect(html).toContain(`value="${CODE}"`);
        expect(html + JSON.stringify([...headers])).not.toContain(proof);
      }
      expect(JSON.stringify(hub.logLines)).not.toContain('7391');
      const { html } = await open(`/?code=${CODE}&proof=0001`);
      expect(html).toContain(`name="code" value="${CODE}"`);
      expect(html).not.toMatch(/value="0001"|Được tiếp nhận<\/strong>/);
    });

    test('shares the limits of the API: 429 with the wait, also when both are used', async () => {
      const code = 'H60.01-250812-7001';
      const statuses: number[] = [];
      const address = '192.0.2.77';
      for (let n = 0; n < 6; n++) {
        statuses.push((await lookUp({ code, proof: '0009' }, { address })).status);
        statuses.push((await open(`/api/public/dossiers/${code}?proof=0009`, {}, address)).status);
      }
      expect(statuses).toEqual([...Array.from({ length: 10 }, () => 404), 429, 429]);
      const { headers, text } = await lookUp({ code, proof: '0009' }, { address });
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(3_500);
      expect(text).toMatch(/Vui lòng thử lại sau (?:59|60) phút\./);
    });

    test('counts by the address of the request', async () => {
      const from = (address: string) => lookUp({ code: CODE, proof: '0001' }, { address });
      for (let n = 0; n < 60; n++) expect((await from('192.0.2.1')).status).toBe(200);
      expect((await from('192.0.2.1')).status).toBe(429);
      expect((await from('192.0.2.2')).status).toBe(200);
    });

    test('a stalled form delays nobody for longer than half a minute', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        const incoming = Object.assign(new PassThrough(), { socket: { remoteAddress: '198.51.100.251' }, headers: {} });
        const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
        const answer = hub.hub.app.request('/', { method: 'POST', headers, body: 'code=' }, { incoming });
        incoming.write('code=');
        await vi.advanceTimersByTimeAsync(31_000);
        expect((await answer).status).toBe(400);
      } finally {
        vi.useRealTimers();
      }
    });

    test('a form that is too large is refused as a page', async () => {
      const { status, html } = await lookUp({ code: 'x'.repeat(10_000), proof: '0001' });
      expect([status, html.includes('role="alert"')]).toEqual([413, true]);
    });
  });

  describe('the catalogue', () => {
    const found = async (query: string): Promise<number> =>
      ((await open(`/services?${query}`)).html.match(/<li class="card">/g) ?? []).length;

    test.each([
      ['q=dang%20ky%20khai%20sinh%20ket%20hop', 1],
      ['q=%C4%91%C4%83ng%20k%C3%BD%20khai%20sinh%20k%E1%BA%BFt%20h%E1%BB%A3p', 1],
      ['q=1.001193', 1],
      ['field=G15-HT01&level=province', 1],
      ['field=g15-ht01', 17],
      ['level=district', 0],
      ['level=district&inForce=all', 2],
      ['inForce=false', 2],
      ['inForce=&q=&field=', 20],
      ['q=xyzzy', 0],
      ['utm_source=letter', 20],
      [`audience=${encodeURIComponent('Hợp tác xã')}`, 7],
    ])('with %s shows %i services', async (query, count) => {
      expect(await found(query)).toBe(count);
    });

    test('is paged, keeps its filters, and shows every service once', async () => {
      const codes: string[] = [];
      let path: string | undefined = '/services?level=commune&inForce=all';
      while (path) {
        const { html } = await open(path.replaceAll('&amp;', '&'));
        codes.push(...[...html.matchAll(/<a href="\/services\/([^"]+)"/g)].map(([, code]) => code as string));
        path = /<a rel="next" href="([^"]+)"/.exec(html)?.[1];
        if (path) expect(path).toContain('level=commune&amp;inForce=all&amp;cursor=');
      }
      expect(codes.length).toBeGreaterThan(60);
      expect(new Set(codes).size).toBe(codes.length);
    });

    test.each([
      ['level=moon', 'level'],
      ['inForce=perhaps', 'inForce'],
      ['cursor=made-up', 'cursor'],
      ['q=a&q=b', 'q'],
      [`q=${'x'.repeat(201)}`, 'q'],
      ['q=%00', 'q'],
      ['field=%00', 'field'],
    ])('with %s is refused, and the parameter named', async (query, name) => {
      const { status, text, html } = await open(`/services?${query}`);
      expect([status, text.includes(`không hợp lệ: ${name}.`)]).toEqual([400, true]);
      // A way on, also on a phone, where the menu is closed.
      expect(html).toContain('<a class="button" href="/">Tra cứu hồ sơ</a>');
    });

    test('a cursor of the API is invalid on the page', async () => {
      const { next } = (await hub.read('/api/v1/services?limit=1')).body;
      expect((await open(`/services?cursor=${next}`)).status).toBe(400);
    });

    test('a service is found by the short and the long form of its code, another one is not', async () => {
      for (const code of ['1.001193', '1.001193.000.00.00.H60', '1.001193.h60']) {
        const { status, text } = await open(`/services/${code}`);
        expect([status, text.includes('Thủ tục đăng ký khai sinh')]).toEqual([200, true]);
      }
      for (const code of ['1.999998', '%00', '%E0%A4', 'x'.repeat(500)]) {
        const { status, html } = await open(`/services/${code}`);
        expect([400, 404]).toContain(status);
        expect(html).toContain('role="alert"');
      }
    });

    test('an unknown fee or term is not 0, and an address outside the web is no link', async () => {
      const { text, html } = await open('/services/1.999991');
      expect(text).toContain('Trực tiếp chưa có thông tin chưa có thông tin 0 đồng');
      expect(text).toContain('Trực tiếp Ngay chưa có thông tin');
      expect(html).toContain('mau');
      expect(html).not.toContain('javascript:');
      expect((await open('/services/1.999991?lang=en')).text).toContain('At the counter not known not known 0 VND');
    });

    test('an entry out of force says so to people, and is hidden from search engines', async () => {
      const { html } = await open('/services?inForce=false');
      const code = /<a href="\/services\/([^"]+)"/.exec(html)?.[1] as string;
      const { text, html: ended } = await open(`/services/${code}`);
      expect(text).toContain('Thủ tục này đã hết hiệu lực.');
      expect(DATA.test(ended)).toBe(false);
    });

    test('a service has schema.org data for search engines, without an unknown fee', async () => {
      const dataOf = async (code: string) =>
        JSON.parse(DATA.exec((await open(`/services/${code}`)).html)?.[1] as string);
      const known = await dataOf('1.001193');
      expect(known).toMatchObject({
        '@context': 'https://schema.org',
        '@type': 'GovernmentService',
        identifier: '1.001193.000.00.00.H60',
        name: 'Thủ tục đăng ký khai sinh',
        serviceType: ['Hộ tịch'],
        areaServed: [{ '@type': 'AdministrativeArea', name: 'Tỉnh Tuyên Quang' }],
      });
      expect(known.provider[0]).toMatchObject({ '@type': 'GovernmentOrganization', name: expect.any(String) });
      expect((await dataOf('1.999991')).offers).toEqual([{ '@type': 'Offer', price: 0, priceCurrency: 'VND' }]);
      expect((await dataOf('1.999990')).name).toContain('<script>');
    });
  });

  describe('the agencies', () => {
    /** The names on all pages, in their order, as one reads on. */
    async function namesAt(path: string): Promise<readonly string[]> {
      const names: string[] = [];
      for (let next: string | undefined = path; next !== undefined; ) {
        const { html }: { readonly html: string } = await open(next);
        names.push(...[...html.matchAll(/<th scope="row"><span lang="vi">([^<]*)/g)].map(([, name = '']) => name));
        next = /<a rel="next" href="([^"]*)"/.exec(html)?.[1]?.replaceAll('&amp;', '&');
      }
      return names;
    }
    const namedIn = (inForce: boolean): readonly unknown[] =>
      seedOf('agencies')
        .filter((agency) => agency.inForce === inForce)
        .map(({ name }) => name);

    test('are those in operation, each once: first the province’s, then the communes’, each by name', async () => {
      const names = await namesAt('/agencies');
      expect([...names].sort()).toEqual([...namedIn(true)].sort());
      const commune = names.findIndex((name) => /ban nhân dân (?:phường|xã) /.test(name));
      const [province, communes] = [names.slice(0, commune), names.slice(commune)];
      const { compare } = new Intl.Collator('vi', { numeric: true });
      expect(province).toEqual([...province].sort(compare));
      expect(communes).toEqual([...communes].sort(compare));
      expect(communes.every((name) => /(?:phường|xã) /.test(name))).toBe(true);
    });

    test('that were dissolved come last and are marked, or are listed alone', async () => {
      const all = await namesAt('/agencies?inForce=all');
      const past = namedIn(false).length;
      expect([...all.slice(-past)].sort()).toEqual([...namedIn(false)].sort());
      const { html, text } = await open('/agencies?inForce=false');
      expect(html.match(/class="badge plain">Đã giải thể, sáp nhập/g)).toHaveLength(past);
      expect(text).toContain(`${past} cơ quan, đơn vị, theo cấp và tên`);
      expect((await open('/agencies?inForce=false&lang=en')).text).toContain('Dissolved or merged');
    });

    test('are found by words without marks, and a page beyond the last shows the last', async () => {
      const { text } = await open('/agencies?q=so%20tu%20phap');
      expect(text).toContain('1 cơ quan, đơn vị.');
      expect(text).toContain('Sở Tư pháp');
      expect((await open('/agencies?page=99')).text).toMatch(/hiện từ \d+ đến (\d+), .*Trang (\d+) trong \2/);
      expect((await open('/agencies?q=khong-co-ten-nay')).text).toContain('Không tìm thấy cơ quan phù hợp.');
    });
  });

  test('the statistics equal those of the form, and name their counting rule', async () => {
    const { status, text } = await open('/statistics?period=2025-Q3&by=field&rule=opencps');
    expect(status).toBe(200);
    expect(text).toContain('Từ 15/06/2025 đến 14/09/2025');
    expect(text).toContain('Tính theo OpenCPS');
    // All arrived in August; one is handed over after its date, one is pending after its own.
    expect(text).toContain('Tổng cộng 5 5 0 0 1 0 0 1 4 3 1 0 %');
    const english = await open('/statistics?period=2025-Q1&rule=<b>&lang=en');
    expect(english.text).toContain('There are no dossiers in this period yet.');
    expect(english.html).not.toContain('<b>');
    const channels = await open('/statistics?period=2025-Q3&by=channel&lang=en');
    expect(channels.text).toContain('At the counter, by post');
    expect(channels.html).not.toContain('Brought');
  });

  test('the statistics are sorted by any column, and downloaded with all lines', async () => {
    const names = (text: string) => [...text.matchAll(/1\.\d{6}|\btext=/g)].map(([code]) => code);
    const by = (query: string) =>
      open(`/statistics?period=2025-Q3&by=service&${query}`).then(({ text }) => names(text));
    const rising = await by('sort=received&order=asc');
    expect(rising.length).toBeGreaterThan(2);
    expect(new Set(await by('sort=received&order=desc'))).toEqual(new Set(rising));
    expect(await by('sort=name&order=desc')).toEqual([...(await by('sort=name&order=asc'))].reverse());
    expect((await by('sort=moon&page=900')).length).toBe(rising.length);
    const { html, headers } = await open('/statistics.csv?period=2025-Q3&by=service&lang=en');
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(headers.get('content-disposition')).toBe('attachment; filename="thong-ke-2025-Q3-service.csv"');
    const lines = html.trim().split('\n');
    expect(lines[0]).toMatch(/^\ufeff?Code,Service,Received: All,/);
    expect(lines).toHaveLength(rising.length + 2);
    expect(lines.at(-1)).toMatch(/^,All together,5,/);
  });

  test('the database computes statistics at most once in five minutes, and few at once', async () => {
    const path = '/statistics?by=channel';
    await open(path);
    const asked = vi.spyOn(pg.Client.prototype, 'query');
    await Promise.all(Array.from({ length: 20 }, () => open(path)));
    expect(asked.mock.calls.filter((call) => JSON.stringify(call[0]).includes('counted'))).toEqual([]);
    hub.clock.nowMs += 301_000;
    await open(path);
    expect(asked.mock.calls.some((call) => JSON.stringify(call[0]).includes('counted'))).toBe(true);
    const all = ['766', 'opencps', 'td'].flatMap((rule) =>
      ['2025', '2025-Q1', '2025-Q2', '2024'].map((period) => `/statistics?period=${period}&rule=${rule}`),
    );
    const busy = (await Promise.all(all.map((one) => open(one)))).map(({ status, headers }) => [
      status,
      headers.get('retry-after'),
    ]);
    expect(busy.filter(([status]) => status === 200)).toHaveLength(8);
    expect(busy.filter(([status]) => status !== 200)).toEqual(Array.from({ length: 4 }, () => [503, '5']));
    hub.clock.nowMs -= 301_000;
  });

  test('text of a party is shown as text in every field', async () => {
    for (const { html } of [
      await lookUp({ code: 'H60.01-250812-0037', proof: '0001' }),
      await lookUp({ code: CANARY, proof: '0001' }),
      await open('/services/1.999990'),
      await open('/services?q=alert&inForce=all'),
      await open('/statistics?period=2025-Q3&by=service'),
      await open(
        `/services?q=${encodeURIComponent(CANARY)}&field=${encodeURIComponent(CANARY)}&audience=${encodeURIComponent(CANARY)}`,
      ),
      await open(`/services/${encodeURIComponent(CANARY)}`),
      await open(`/?code=${encodeURIComponent(CANARY)}&lang=${encodeURIComponent(CANARY)}`),
    ]) {
      expect(html.toLowerCase()).toMatch(/&lt;script&gt;/);
      expect(html.replace(DATA, '').replace(OWN_SCRIPT, '')).not.toMatch(/<script|<img|"'>/i);
    }
    const { html } = await open('/services/1.999990');
    for (const name of [
      'name',
      'fieldName',
      'category',
      'decision',
      'audience',
      'audienceNote',
      'text',
      'description',
      'steps',
      'number',
    ])
      expect([name, html.includes(`${name} &lt;script&gt;`)]).toEqual([name, true]);
  });

  test.each(['//evil.test/', '///evil.test'])('no page at %s links to another site', async (path) => {
    const { status, html } = await open(`http://hub.test${path}`, { headers: { Accept: 'text/html' } });
    expect([status, html.match(/href="\/[/\\][^"]*"/g)]).toEqual([404, null]);
    expect(html).toContain('href="/evil.test');
  });

  test.each(['/', '/services', '/statistics', '/console/sign-in', '/nothing'])(
    'an address of 15 KB of broken escapes costs %s no more than any other of its length',
    async (path) => {
      const query = `a=${'%E0%'.repeat(3_800)}`;
      const { reply, cpuMs } = await lowestCpuOfTen(30, () =>
        open(`${path}?${query}`, { headers: { Accept: 'text/html' } }),
      );
      expect([200, 400, 404]).toContain(reply.status);
      expect(cpuMs, 'ms of CPU').toBeLessThan(30);
    },
  );

  test('a dossier whose source wrote 1900 for no date is found and has a history', async () => {
    const code = 'H60.01-250812-0039';
    await hub.push(dossier({ code, receivedAt: '1900-01-01T00:00:00+07:00' }));
    const { status, text } = await lookUp({ code, proof: '0001' });
    expect([status, text]).toEqual([200, expect.stringContaining('Được tiếp nhận')]);
    expect((await hub.read(`/api/v1/dossiers/${code}/history`)).status).toBe(200);
  });

  test('the other language is a link to the same page, and is remembered', async () => {
    const english = await open('/services?field=G15-HT01&lang=en');
    expect(english.headers.get('set-cookie')).toMatch(/^lang=en; .*HttpOnly; SameSite=Lax/);
    expect(english.html).toContain('href="/services?field=G15-HT01&amp;lang=vi"');
    expect((await open('/services', { headers: { Cookie: 'lang=en' } })).html).toContain('<html lang="en">');
  });

  test.each([
    ['57P01', 503, 'Hiện chưa xem được'],
    ['42P01', 500, 'Hệ thống gặp lỗi'],
  ])('when the database answers %s there is a page with the status %i', async (code, expected, says) => {
    const away = Object.assign(new Error('terminating'), { code });
    vi.spyOn(pg.Client.prototype, 'query').mockImplementation(((...given: unknown[]) => {
      const done = given.at(-1);
      return typeof done === 'function' ? process.nextTick(done, away) : Promise.reject(away);
    }) as never);
    for (const path of ['/services', '/services/1.001193', '/statistics?by=month']) {
      const { status, text, headers } = await open(path);
      expect([status, text.includes(says)]).toEqual([expected, true]);
      if (expected === 503) expect(headers.get('retry-after')).toBe('5');
    }
    const looked = await lookUp({ code: CODE, proof: '0001' });
    expect([looked.status, looked.html.includes('role="alert"')]).toEqual([expected, true]);
  });
});
