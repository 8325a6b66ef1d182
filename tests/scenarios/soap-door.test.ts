import { PassThrough } from 'node:stream';
import { XmlDocument } from 'libxml2-wasm';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type TestHub, testHub } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';
import {
  dossierXml,
  englishIn,
  envelope,
  HUB,
  pushXml,
  SOAP11,
  SOAP12,
  sendSoap,
  VIETNAMESE,
} from '../support/soap.ts';

const VERSIONS = ['1.1', '1.2'] as const;

describe('the SOAP door', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub({ keys: [...OPERATOR_KEYS] });
  });
  afterAll(() => hub.close());
  const messages = () => hub.hub.database.query.selectFrom('messages').selectAll().where('door', '=', 'soap');

  test.each(VERSIONS)(
    'a pushed dossier is in the index at once, and reads back unchanged (SOAP %s)',
    async (version) => {
      const code = version === '1.1' ? 'H60.01-250812-2001' : 'H60.01-250812-2002';
      const more =
        '<h:applicant><h:name>Nguyễn Văn Đức &amp; &#x1EA4;n</h:name><h:identityNumber>001000000001</h:identityNumber></h:applicant><h:note>12345678901234567.89</h:note><h:documents><h:id>007</h:id><h:digitised>1</h:digitised><h:deleted>false</h:deleted></h:documents><h:fees><h:amountVnd>0020000</h:amountVnd></h:fees><h:databases>dân cư</h:databases><h:databases>đất đai</h:databases>';
      const reply = await sendSoap(hub, envelope(pushXml(dossierXml(code, more)), { version }), { version });
      expect(reply.status).toBe(200);
      expect(reply.headers.get('content-type')).toBe(
        version === '1.1' ? 'text/xml; charset=utf-8' : 'application/soap+xml; charset=utf-8',
      );
      expect(reply.text).toContain(`"${version === '1.1' ? SOAP11 : SOAP12}"`);
      const [result] = reply.body.PushDossiersResponse[0].result;
      expect(result).toMatchObject({ index: ['0'], code: [code], outcome: ['accepted'] });
      expect((await hub.read(`/api/v1/dossiers/${code}`)).body.status).toBe('received');

      const read = await sendSoap(
        hub,
        envelope(`<h:GetDossier><h:code>${code.toLowerCase()}</h:code></h:GetDossier>`, { version }),
        { version },
      );
      expect(read.body.GetDossierResponse[0].dossier[0]).toMatchObject({
        code: [code],
        statusAt: ['2025-08-12T08:15:00+07:00'],
        applicant: [{ name: ['Nguyễn Văn Đức & Ấn'], identityNumber: ['001000000001'] }],
        note: ['12345678901234567.89'],
        documents: [{ id: ['007'], digitised: ['true'], deleted: ['false'] }],
        fees: [{ amountVnd: ['20000'] }],
        databases: ['dân cư', 'đất đai'],
      });
      expect(read.text).not.toContain('nil');
    },
  );

  test('a dossier of several versions reads in WSDL order, and can be pushed unchanged', async () => {
    const code = 'H60.01-250812-2016';
    const told = [
      '<h:applicant><h:name>Nguyễn Văn A</h:name></h:applicant>',
      '<h:submittedAt>2025-08-12T08:00:00+07:00</h:submittedAt><h:applicant><h:kind>citizen</h:kind><h:name>Nguyễn Văn A</h:name></h:applicant><h:fees><h:kind>ordinary</h:kind><h:amountVnd>1</h:amountVnd></h:fees>',
      '<h:dueAt>2025-08-19T17:00:00+07:00</h:dueAt><h:note>Bổ sung</h:note><h:documents><h:id>1</h:id></h:documents><h:results><h:id>1</h:id></h:results>',
    ];
    // The oldest arrives last: it fills only missing members.
    for (const [at, more] of [1, 2, 0].map((index) => [`2025-08-12T08:1${index}:00`, told[index]] as const)) {
      const dossier = dossierXml(code, more).replace('2025-08-12T08:15:00', at);
      await sendSoap(hub, envelope(pushXml(dossier)));
    }
    const read = await sendSoap(hub, envelope(`<h:GetDossier><h:code>${code}</h:code></h:GetDossier>`));
    const [, dossier = ''] = /<GetDossierResponse[^>]*>(.*)<\/GetDossierResponse>/s.exec(read.text) ?? [];
    for (const name of ['submittedAt', 'dueAt', 'applicant', 'note', 'documents', 'fees', 'results'])
      expect(dossier).toContain(`<${name}>`);
    const again = await sendSoap(hub, envelope(`<PushDossiers xmlns="${HUB}">${dossier}</PushDossiers>`));
    expect(again.fault).toBeUndefined();
  });

  test('one wrong value spoils only its item, and the problem names field, value and expectation', async () => {
    const good = dossierXml('H60.01-250812-2003');
    const wrong = dossierXml('H60.01-250812-2004').replace('received', 'done');
    const withoutZone = dossierXml('H60.01-250812-2005').replace('+07:00', '');
    const tooMuch = dossierXml('H60.01-250812-2006', '<h:fees><h:amountVnd>9223372036854775807</h:amountVnd></h:fees>');
    const reply = await sendSoap(hub, envelope(pushXml(good, wrong, withoutZone, tooMuch)));
    const results = reply.body.PushDossiersResponse[0].result;
    expect(results.map((result: Json) => result.outcome[0])).toEqual(['accepted', 'invalid', 'invalid', 'invalid']);
    expect(results[1].problems[0]).toMatchObject({
      path: ['/status'],
      message: [expect.stringMatching(/"done".*submitted/)],
    });
    expect(results[2].problems[0]).toMatchObject({ path: ['/statusAt'], message: [expect.stringContaining('zone')] });
    expect(results[3].problems[0]).toMatchObject({
      path: ['/fees/0/amountVnd'],
      message: [expect.stringContaining('"9223372036854775807"')],
    });
  });

  test('an impossible date spoils only its item, and a blank one says nothing', async () => {
    const dossiers = [
      ['2025-08-12T08:15:00+07:00', '<h:receivedAt> </h:receivedAt><h:dueAt/>'],
      ['2025-02-30T08:15:00+07:00'],
      ['2025-08-12 08:15:00'],
      [
        '<![CDATA[2025-13-01T08:15:00Z]]>',
        '<h:supplements><h:newDueAt>2025-08-12T25:00:00Z</h:newDueAt></h:supplements>',
      ],
      [' 2025-08-12T08:15:00+0700 '],
      [''],
    ].map(([statusAt, more], n) =>
      dossierXml(`H60.01-250812-21${10 + n}`, more).replace(/(<h:statusAt>)[^<]*/, `$1${statusAt}`),
    );
    const { body } = await sendSoap(hub, envelope(pushXml(...dossiers)));
    const results: Json[] = body.PushDossiersResponse[0].result;
    const told = results.map(({ outcome, problems = [] }) => [
      outcome[0],
      ...problems.map(({ path }: Json) => path[0]),
    ]);
    expect(told).toEqual([
      ['accepted'],
      ['invalid', '/statusAt'],
      ['invalid', '/statusAt'],
      ['invalid', '/statusAt', '/supplements/0/newDueAt'],
      ['accepted'],
      ['invalid', '/statusAt'],
    ]);
    expect(results[1].problems[0].message[0]).toMatch(/"2025-02-30T08:15:00\+07:00", expected a real date and time/);
  });

  test('an operator reads a message of any charset as text, without personal data', async () => {
    const more = '<h:applicant><h:name>Nguyễn Văn Đức</h:name></h:applicant><h:note>Giấy chứng nhận</h:note>';
    const text = envelope(pushXml(dossierXml('H60.01-250812-2098', more))).replace('UTF-8', 'UTF-16');
    const bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
    const sent = await sendSoap(hub, bytes, { headers: { 'Content-Type': 'text/xml; charset=utf-16' } });
    const receipt = sent.body.PushDossiersResponse[0].receipt[0];
    const shown = (await operatorOf(hub).get(`messages/${receipt}`)).body.body;
    expect(shown).toMatchObject({ format: 'xml', text: expect.stringContaining('Giấy chứng nhận') });
    expect(shown.text).not.toContain('Đức');
  });

  test('progress is pushed, and a repeated push is harmless', async () => {
    await sendSoap(hub, envelope(pushXml(dossierXml('H60.01-250812-2007'))));
    const step = `<h:PushProgress><h:progress><h:code>H60.01-250812-2007</h:code><h:at>2025-08-13T02:00:00Z</h:at><h:status>processing</h:status><h:actor>Trần Thị B</h:actor><h:content>Đang thẩm định</h:content></h:progress></h:PushProgress>`;
    for (const outcome of ['accepted', 'duplicate'])
      expect((await sendSoap(hub, envelope(step))).body.PushProgressResponse[0].result[0].outcome).toEqual([outcome]);
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-2007')).body).toMatchObject({
      status: 'processing',
      statusAt: '2025-08-13T09:00:00+07:00',
    });
  });

  test.each([
    '<h:Ping/>',
    '<h:Ping>\n  <!-- -->\n</h:Ping>',
    `<Ping xmlns="${HUB}" xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:nil="true"/>`,
  ])('%s is a Ping', async (ping) => {
    const reply = await sendSoap(hub, envelope(ping));
    expect(reply.body.PingResponse[0]).toEqual({
      time: ['2025-08-21T08:30:00+07:00'],
      version: [expect.stringMatching(/^\d+\.\d+\.\d+/)],
    });
  });

  test('a nil push is refused like one without items', async () => {
    const nil = `<h:PushDossiers xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:nil="true"/>`;
    for (const push of [nil, pushXml()])
      expect((await sendSoap(hub, envelope(push))).fault).toMatchObject({
        code: 'soap:Client',
        reason: expect.stringContaining('PushDossiers does not fit the schema'),
      });
  });

  test('a nil member says nothing, and type hints are ignored', async () => {
    const xsi = 'xmlns:x="http://www.w3.org/2001/XMLSchema-instance"';
    const more = `<h:note ${xsi} x:nil="true"/><h:databases ${xsi} x:nil="1"/>`;
    const dossier = dossierXml('H60.01-250812-2008', more).replace(
      '<h:statusAt>',
      `<h:statusAt ${xsi} xmlns:xsd="http://www.w3.org/2001/XMLSchema" x:type="xsd:string">`,
    );
    expect((await sendSoap(hub, envelope(pushXml(dossier)))).body.PushDossiersResponse[0].result[0].outcome).toEqual([
      'accepted',
    ]);
    const { body } = await hub.read('/api/v1/dossiers/H60.01-250812-2008', 'personal');
    expect(body).not.toHaveProperty('note');
    expect(body).not.toHaveProperty('databases');
  });

  test('a declared prefix named nil does not affect the value', async () => {
    const dossier = dossierXml('H60.01-250812-2095', '<h:note xmlns:nil="1">Giữ lại</h:note>');
    await sendSoap(hub, envelope(pushXml(dossier)));
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-2095', 'personal')).body.note).toBe('Giữ lại');
  });

  test('space around a time is ignored', async () => {
    const dossier = dossierXml('H60.01-250812-2097', '<h:dueAt><![CDATA[2025-08-26T17:00:00+07:00]]> </h:dueAt>');
    await sendSoap(hub, envelope(pushXml(dossier.replace('<h:statusAt>', '<h:statusAt>\r\n\t '))));
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-2097')).body).toMatchObject({
      statusAt: '2025-08-12T08:15:00+07:00',
      dueAt: '2025-08-26T17:00:00+07:00',
    });
    const wrong = dossierXml('H60.01-250812-2098').replace('<h:statusAt>', '<h:statusAt> x');
    expect((await sendSoap(hub, envelope(pushXml(wrong)))).fault?.problems).toMatchObject([
      { path: '/dossier/0/statusAt' },
    ]);
  });

  test.each([
    ['1.1', 'id="ref1"', 'href="#ref1"'],
    ['1.2', 'e:id="ref1"', 'e:ref="#ref1"'],
  ] as const)(
    'a reference to another element, as PHP writes it, is refused with its reason (SOAP %s)',
    async (version, id, ref) => {
      const encoding = `xmlns:e="${SOAP12.replace('envelope', 'encoding')}"`;
      const dossiers = [
        dossierXml(
          'H60.01-250812-2099',
          `<h:applicant ${encoding} ${id}><h:name>Nguyễn Văn Đức</h:name></h:applicant>`,
        ),
        dossierXml('H60.01-250812-2100', `<h:applicant ${encoding} ${ref}/>`),
      ];
      const { fault } = await sendSoap(hub, envelope(pushXml(...dossiers), { version }), { version });
      const references = fault?.problems.filter(({ message }) => message.includes('written out twice'));
      expect(references).toMatchObject([{ path: '/dossier/0/applicant' }, { path: '/dossier/1/applicant' }]);
    },
  );

  test('a schema fault names item and member by a JSON Pointer, also on one line', async () => {
    const fee = (amount: string) => `<h:fees><h:amountVnd>${amount}</h:amountVnd></h:fees>`;
    const fees = ['1', 'không', '2', 'nhiều', 'không'].map(fee).join('');
    const sent = await sendSoap(
      hub,
      envelope(
        pushXml(
          dossierXml('H60.01-250812-2017', fees),
          dossierXml('H60.01-250812-2018'),
          dossierXml('H60.01-250812-2019').replace(/(<h:statusAt>)[^<]*/, '$1hôm qua'),
          dossierXml('H60.01-250812-2020').replace(/<h:serviceCode>.*<\/h:serviceCode>/, ''),
          '<h:dossier><h:code>x</h:code></h:dossier>',
        ),
      ),
    );
    expect(sent.fault?.reason).toContain('/dossier/0/fees/1/amountVnd');
    expect(sent.fault?.problems.map(({ path }) => path)).toEqual([
      '/dossier/0/fees/1/amountVnd',
      '/dossier/0/fees/3/amountVnd',
      '/dossier/0/fees/4/amountVnd',
      '/dossier/2/statusAt',
      '/dossier/3/agencyCode',
      '/dossier/4',
    ]);
    const inOperation = async (content: string) => (await sendSoap(hub, envelope(content))).fault?.problems;
    expect(await inOperation(pushXml())).toMatchObject([{ path: '' }]);
    expect(await inOperation('<h:PushProgress><h:dossier/></h:PushProgress>')).toMatchObject([{ path: '/dossier' }]);
    expect(await inOperation('<h:GetDossier><h:no/></h:GetDossier>')).toMatchObject([{ path: '/no' }]);
  });

  test('a forbidden attribute of another namespace is reported with its element', async () => {
    const dossier = dossierXml('H60.01-250812-2096', '<h:note xml:lang="vi">x</h:note>');
    expect((await sendSoap(hub, envelope(pushXml(dossier)))).fault?.problems).toMatchObject([
      { path: '/dossier/0/note', message: expect.stringMatching(/^line \d+: The attribute '.*lang' is not allowed/) },
    ]);
  });

  test.each(VERSIONS)(
    'a message that violates the schema gets a fault with element, line and reason (SOAP %s)',
    async (version) => {
      const twoErrors = `\n${dossierXml('H60.01-250812-2009')}\n${dossierXml('H60.01-250812-2010', '<h:dueDate>x</h:dueDate>')}\n${dossierXml('H60.01-250812-2011', '<h:fees><h:amountVnd>nhiều</h:amountVnd></h:fees>')}`;
      const reply = await sendSoap(hub, envelope(pushXml(twoErrors), { version }), { version });
      expect(reply.status).toBe(version === '1.1' ? 500 : 400);
      expect(reply.fault).toMatchObject({
        code: version === '1.1' ? 'soap:Client' : 'soap:Sender',
        reason: expect.stringContaining('dueDate'),
      });
      expect(reply.fault?.problems).toMatchObject([
        { path: '/dossier/1/dueDate', message: expect.stringMatching(/^line 4: .*not expected/) },
        { path: '/dossier/2/fees/0/amountVnd', message: expect.stringMatching(/^line 5: .*xs:long/) },
      ]);
      expect((await hub.read('/api/v1/dossiers/H60.01-250812-2009')).status).toBe(404);
    },
  );

  test('the fault of each version has the form of that version', async () => {
    const [old, modern] = await Promise.all(
      VERSIONS.map((version) => sendSoap(hub, envelope('<h:Unknown/>', { version }), { version })),
    );
    expect(old?.text).toMatch(
      /<soap:Fault><faultcode>soap:Client<\/faultcode><faultstring>[^<]+<\/faultstring><detail><HubFault xmlns="urn:lienthong:hub:v1"><problems>/,
    );
    expect(modern?.text).toMatch(
      /<soap:Fault><soap:Code><soap:Value>soap:Sender<\/soap:Value><\/soap:Code><soap:Reason><soap:Text xml:lang="en">[^<]+<\/soap:Text><\/soap:Reason><soap:Detail><HubFault /,
    );
  });

  test.each([
    ['1.1', 'text/xml', 'Server'],
    ['1.2', 'application/soap+xml', 'Receiver'],
  ] as const)('a message that arrives too slowly is to be sent again (SOAP %s)', async (_, mediaType, code) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const incoming = Object.assign(new PassThrough(), { socket: { remoteAddress: '198.51.100.1' }, headers: {} });
      incoming.write('<s:Envelope');
      const init = { method: 'POST', headers: { 'Content-Type': mediaType } };
      const answer = Promise.resolve(hub.hub.app.request('/soap/v1/one-stop', init, { incoming }));
      await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0), { timeout: 10_000 });
      await vi.advanceTimersByTimeAsync(301_000);
      const { status, text } = await answer.then(async (one) => ({ status: one.status, text: await one.text() }));
      expect([status, text]).toEqual([500, expect.stringContaining(`>soap:${code}<`)]);
    } finally {
      vi.useRealTimers();
    }
  });

  test('the body alone names the operation; a contradicting action is refused, an empty one is not', async () => {
    const action = (name: string) => ({ SOAPAction: `"${HUB}/${name}"` });
    const ping = envelope('<h:Ping/>');
    for (const headers of [action('Ping'), { SOAPAction: '""' }, { SOAPAction: '' }, {}])
      expect((await sendSoap(hub, ping, { headers })).status).toBe(200);
    const wrong = await sendSoap(hub, envelope(pushXml(dossierXml('H60.01-250812-2012'))), {
      headers: action('GetDossier'),
    });
    expect(wrong.fault).toMatchObject({
      code: 'soap:Client',
      reason: expect.stringMatching(/GetDossier.*PushDossiers/),
    });
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-2012')).status).toBe(404);
    const headers = { 'Content-Type': `application/soap+xml; charset=utf-8; action="${HUB}/GetDossier"` };
    expect(
      (await sendSoap(hub, envelope('<h:Ping/>', { version: '1.2' }), { version: '1.2', headers })).fault?.code,
    ).toBe('soap:Sender');
  });

  test('a party reads its own dossiers, and learns nothing of others', async () => {
    await sendSoap(hub, envelope(pushXml(dossierXml('H60.01-250812-2013'))));
    const ask = (code: string) => envelope(`<h:GetDossier><h:code>${code}</h:code></h:GetDossier>`);
    const foreign = await sendSoap(hub, ask('H60.01-250812-2013'), { party: 'other' });
    const none = await sendSoap(hub, ask('H60.01-250812-9999'), { party: 'other' });
    expect(foreign.fault?.code).toBe('soap:Client');
    expect(foreign.fault?.reason.replace('2013', '9999')).toBe(none.fault?.reason);
  });

  test('an unknown mandatory header is refused, and so is an unknown envelope', async () => {
    // Without an Action this is no WS-Addressing.
    const must = '<a:To xmlns:a="http://www.w3.org/2005/08/addressing" s:mustUnderstand="1">x</a:To>';
    expect((await sendSoap(hub, envelope('<h:Ping/>', { header: must }))).fault?.code).toBe('soap:MustUnderstand');
    const may = must.replace('"1"', '"0"');
    expect((await sendSoap(hub, envelope('<h:Ping/>', { header: may }))).status).toBe(200);
    expect((await sendSoap(hub, envelope('<h:Ping/>').replace(SOAP11, 'urn:other'))).fault?.code).toBe(
      'soap:VersionMismatch',
    );
  });

  test('a processing instruction hides no element behind it', async () => {
    const ping = '<h:Ping/>';
    const must = '<?any?><a:Way xmlns:a="urn:a" s:mustUnderstand="1">x</a:Way>';
    expect((await sendSoap(hub, envelope(ping, { header: must }))).fault?.code).toBe('soap:MustUnderstand');
    expect((await sendSoap(hub, envelope(`<?any?>${ping}`))).fault).toBeUndefined();
    const two = await sendSoap(hub, envelope(`${ping}<?any?>${pushXml(dossierXml('H60.01-250812-2031'))}`));
    expect(two.fault?.reason).toMatch(/^the Body has 2 elements/);
  });

  describe('a message with WS-Addressing', () => {
    const wsa = 'http://www.w3.org/2005/08/addressing';
    const block = (name: string, value: string) =>
      `<a:${name} xmlns:a="${wsa}" s:mustUnderstand="1">${value}</a:${name}>`;
    const address = (value: string) => `<b:Address xmlns:b="${wsa}">${value}</b:Address>`;
    const ask = (header: string, content = '<h:Ping/>', more = {}) =>
      sendSoap(hub, envelope(content, { version: '1.2', header }), { version: '1.2', headers: more });
    const headers = (action: string, more = '') =>
      block('Action', action) + block('MessageID', 'urn:uuid:1 &amp; only') + block('To', 'https://hub.example') + more;

    test.each([`${HUB}/Ping`, `${HUB}:HubPort:PingRequest`])(
      'is answered with it, by the Action %s',
      async (action) => {
        const reply = await ask(headers(action, block('ReplyTo', address(` ${wsa}/anonymous `))));
        expect(reply.status).toBe(200);
        expect(reply.text).toContain(
          `<soap:Header><Action xmlns="${wsa}">${HUB}:HubPort:PingResponse</Action><RelatesTo xmlns="${wsa}">urn:uuid:1 &amp; only</RelatesTo></soap:Header>`,
        );
      },
    );

    test('gets a fault with it', async () => {
      const reply = await ask(
        headers(`${HUB}/GetDossier`),
        '<h:GetDossier><h:code>H60.01-250812-9999</h:code></h:GetDossier>',
      );
      expect(reply.fault?.code).toBe('soap:Sender');
      expect(reply.text).toContain(
        `>${HUB}:HubPort:GetDossier:Fault:HubFault</Action><RelatesTo xmlns="${wsa}">urn:uuid:1`,
      );
    });

    test.each([
      [
        'asks for another operation than its Body',
        `${HUB}/PushDossiers`,
        '',
        /wsa:Action is ".*PushDossiers".*expected .*\/Ping$/,
      ],
      [
        'wants the answer elsewhere',
        `${HUB}/Ping`,
        block('ReplyTo', address('http://10.0.0.1/')),
        /wsa:ReplyTo is "http:\/\/10\.0\.0\.1\/".*anonymous/,
      ],
      ['wants faults elsewhere', `${HUB}/Ping`, block('FaultTo', address(`${wsa}/none`)), /wsa:FaultTo/],
      ['says something twice', `${HUB}/Ping`, block('MessageID', 'urn:uuid:2'), /more than one wsa:MessageID/],
    ])('is refused where it %s, and answered normally when that is not mandatory', async (_, action, more, reason) => {
      const { fault } = await ask(headers(action, more));
      expect(fault?.code).toBe('soap:Sender');
      expect(fault?.reason).toMatch(reason);
      expect(englishIn((await ask(headers(action, more), undefined, VIETNAMESE)).fault)).toEqual([]);
      const reply = await ask(headers(action, more).replaceAll('s:mustUnderstand="1"', ''));
      expect(reply.status).toBe(200);
      expect(reply.text).not.toContain(wsa);
    });

    test('is refused when its id is too long to repeat, or it has unknown parts', async () => {
      const long = await ask(headers(`${HUB}/Ping`).replace('urn:uuid:1', 'x'.repeat(2_000)));
      expect(long.fault?.reason).toMatch(/MessageID is too long/);
      expect(long.text).not.toContain('RelatesTo');
      expect((await ask(headers(`${HUB}/Ping`, block('Session', 'x')))).fault?.code).toBe('soap:MustUnderstand');
    });

    test('that is for an intermediary is answered normally', async () => {
      const gateway = headers('urn:gateway').replaceAll('s:mustUnderstand="1"', 's:role="urn:gateway"');
      const reply = await ask(gateway);
      expect(reply.status).toBe(200);
      expect(reply.text).not.toContain('RelatesTo');
    });
  });

  test.each([
    ['1.1', 's:actor="urn:gateway"', 200],
    ['1.1', 's:actor="http://schemas.xmlsoap.org/soap/actor/next"', 500],
    ['1.2', `s:role="${SOAP12}/role/none"`, 200],
    ['1.2', `s:role="${SOAP12}/role/ultimateReceiver"`, 500],
  ] as const)('the role of a header decides who must understand it (SOAP %s, %s)', async (version, target, status) => {
    const header = `<a:Way xmlns:a="urn:a" s:mustUnderstand="1" ${target}>x</a:Way>`;
    expect((await sendSoap(hub, envelope('<h:Ping/>', { version, header }), { version })).status).toBe(status);
  });

  test('messages are stored unchanged, with hash, operation and key; a refused one with its reason', async () => {
    const message = envelope(pushXml(dossierXml('H60.01-250812-2014')));
    const reply = await sendSoap(hub, message);
    const kept = await messages()
      .where('receipt', '=', reply.body.PushDossiersResponse[0].receipt[0])
      .executeTakeFirstOrThrow();
    expect(kept).toMatchObject({
      party: 'one-stop',
      operation: 'dossier.upsert.v1',
      key_name: 'one-stop',
      outcome: 'accepted',
      body_bytes: Buffer.byteLength(message),
    });
    await sendSoap(hub, envelope(pushXml('<h:dossier/>')));
    const refused = await messages().where('outcome', '=', 'refused').orderBy('id', 'desc').executeTakeFirstOrThrow();
    expect(refused).toMatchObject({
      operation: 'dossier.upsert.v1',
      key_name: 'one-stop',
      results: [{ status: 422, problem: expect.stringContaining('schema') }],
    });
  });

  test('the message log has only the form of a value that the schema refuses', async () => {
    const fee = '<h:fees><h:amountVnd>Nguyễn Văn Bí 0900000077</h:amountVnd></h:fees>';
    const reply = await sendSoap(hub, envelope(pushXml(dossierXml('H60.01-250812-2033', fee))));
    expect(reply.fault?.problems[0]?.message).toContain('"Nguyễn Văn Bí 0900000077" is not a valid value');
    const refused = await messages().where('outcome', '=', 'refused').orderBy('id', 'desc').executeTakeFirstOrThrow();
    const stored = JSON.stringify(refused.results);
    expect(stored).toContain('Aaaaaa Aaa Aa 9999999999');
    for (const personal of ['Bí', '0900000077']) expect(stored).not.toContain(personal);
  });

  test('waiting progress is read again from the stored envelope', async () => {
    const code = 'H60.01-250812-2015';
    const step = `<h:progress><h:code>${code}</h:code><h:at>2025-08-13T02:00:00Z</h:at><h:status>processing</h:status><h:actor>B</h:actor><h:content>Đang thẩm định</h:content></h:progress>`;
    const utf16 = Buffer.from(
      `\uFEFF${envelope(`<h:PushProgress>${step}</h:PushProgress>`).replace('UTF-8', 'UTF-16')}`,
      'utf16le',
    );
    const early = await sendSoap(hub, utf16, { headers: { 'Content-Type': 'text/xml' } });
    expect(early.body.PushProgressResponse[0].result[0].outcome).toEqual(['quarantined']);
    await sendSoap(hub, envelope(pushXml(dossierXml(code))));
    await expect.poll(async () => (await hub.read(`/api/v1/dossiers/${code}`)).body.status).toBe('processing');
  });

  test('the WSDL is public and has the address of the request; an unknown party has none', async () => {
    const response = await hub.hub.app.request('http://hub.example.test:8443/soap/v1/one-stop?WSDL');
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text.match(/address location="([^"]*)"/g)).toEqual(
      Array(2).fill('address location="http://hub.example.test:8443/soap/v1/one-stop"'),
    );
    expect(text).not.toMatch(/schemaLocation|<(?:\w+:)?import/);
    expect((await hub.hub.app.request('/soap/v1/nobody?wsdl')).status).toBe(404);
  });

  test('the WSDL is well-formed whatever the host is called', async () => {
    // Two hyphens, as in every internationalised host name, would end an XML comment.
    const url = 'http://xn--tuynquang-b4a.vn/soap/v1/one-stop?wsdl';
    const text = await (await hub.hub.app.request(url, { headers: { Host: 'xn--tuynquang-b4a.vn' } })).text();
    const document = XmlDocument.fromString(text);
    const addresses = document.find('//*[local-name() = "address"]/@location').map((one) => one.content);
    document.dispose();
    expect(addresses).toEqual(Array(2).fill('http://xn--tuynquang-b4a.vn/soap/v1/one-stop'));
  });
});
