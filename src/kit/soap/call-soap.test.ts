import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { SignedXml } from 'xml-crypto';
import type { WireRecord } from '../http/exchange.ts';
import { createHttp } from '../http/http.ts';
import { createSessions } from '../session.ts';
import { parseHttpText } from '../testing/contract/http-text.ts';
import { playReplies, type ScriptedServer } from '../testing/contract/scripted-server.ts';
import { nodesAt, readXml, textAt } from '../xml/read-xml.ts';
import { callSoap, type SoapCall, type SoapResult, type SoapService } from './call-soap.ts';
import { soapOutcome } from './outcome.ts';
import { readSoapReply } from './reply.ts';

const TYPES = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t" elementFormDefault="qualified">
  <xs:element name="Put"><xs:complexType><xs:sequence>
    <xs:element name="code" type="xs:string"/><xs:element name="amount" type="xs:decimal" minOccurs="0"/>
    <xs:element name="row" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:sequence>
      <xs:element name="name" type="xs:string"/><xs:element name="at" type="xs:dateTime" minOccurs="0"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="PutResponse"><xs:complexType><xs:sequence><xs:element name="ok" type="xs:string"/></xs:sequence></xs:complexType></xs:element>
</xs:schema>`;

function binding(version: '11' | '12'): string {
  const prefix = version === '11' ? 'soap' : 'soap12';
  return `<binding name="B${version}" type="t:P"><${prefix}:binding transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="Put"><${prefix}:operation soapAction="urn:t/Put" style="document"/>
    <input><${prefix}:body use="literal"/></input><output><${prefix}:body use="literal"/></output></operation></binding>`;
}

const wsdl = (url: string, types = TYPES): string => `<?xml version="1.0" encoding="utf-8"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:t" targetNamespace="urn:t"
  xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/">
  <types>${types}</types>
  <message name="In"><part name="p" element="t:Put"/></message><message name="Out"><part name="p" element="t:PutResponse"/></message>
  <portType name="P"><operation name="Put"><input message="t:In"/><output message="t:Out"/></operation></portType>
  ${binding('11')}${binding('12')}
  <service name="S"><port name="P11" binding="t:B11"><soap:address location="${url}/s"/></port>
  <port name="P12" binding="t:B12"><soap12:address location="${url}/s"/></port></service>
</definitions>`;

const OK =
  '<s:Envelope xmlns:s="u"><s:Body><PutResponse xmlns="urn:t"><ok>007</ok></PutResponse></s:Body></s:Envelope>';
const reply = (body: string, head = 'Content-Type: text/xml; charset=utf-8'): string =>
  `HTTP/1.1 200 OK\n${head}\n\n${body}\n`;

const open: { server: ScriptedServer; folder: string }[] = [];
afterEach(() => {
  for (const { server, folder } of open.splice(0)) {
    server.close();
    rmSync(folder, { recursive: true });
  }
});

/** A server that answers so, a WSDL file for it, and a party that may call nobody else. */
async function scene(replies: readonly string[]) {
  const server = await playReplies(parseHttpText(replies.join('###\n')));
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-soap-'));
  open.push({ server, folder });
  const file = join(folder, 's.wsdl');
  writeFileSync(file, wsdl(server.url));
  const record: WireRecord[] = [];
  const http = createHttp({ origins: [server.url], connectMs: 300, totalMs: 600 }).withRecorder((wire) =>
    record.push(wire),
  );
  const connection = { http, sessions: createSessions(() => 0) };
  const put = (service: Partial<SoapService> = {}, call: Partial<SoapCall> = {}): Promise<SoapResult> =>
    callSoap(connection, { wsdl: file, ...service }, { operation: 'Put', args: { code: 'Đ1' }, ...call });
  return { server, folder, file, record, put };
}

describe('a call', () => {
  test('uses the version, action and address of the settings', async () => {
    const styles = [undefined, 'empty', 'none', 'http://tempuri.org/{operation}'];
    const { server, put } = await scene(Array.from({ length: 8 }, () => reply(OK)));
    for (const version of ['1.1', '1.2'] as const)
      for (const action of styles) await put({ version, ...(action && { action }) });
    const seen = server.received.map(({ headers }) => [headers['content-type'], headers.soapaction]);
    expect(seen).toEqual([
      ['text/xml; charset=utf-8', '"urn:t/Put"'],
      ['text/xml; charset=utf-8', '""'],
      ['text/xml; charset=utf-8', undefined],
      ['text/xml; charset=utf-8', '"http://tempuri.org/Put"'],
      ['application/soap+xml; charset=utf-8; action="urn:t/Put"', undefined],
      ['application/soap+xml; charset=utf-8; action=""', undefined],
      ['application/soap+xml; charset=utf-8', undefined],
      ['application/soap+xml; charset=utf-8; action="http://tempuri.org/Put"', undefined],
    ]);
    expect(server.received[0]?.body).toContain('xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"');
    expect(server.received[4]?.body).toContain('xmlns:soap="http://www.w3.org/2003/05/soap-envelope"');
  });

  test('carries values unchanged in the order of the WSDL, and returns them as written', async () => {
    const { server, put } = await scene([reply(OK)]);
    const rows = [{ at: '2025-08-12T08:15:00+07:00', name: 'Nguyễn <Văn> & "A"' }, { name: 'B\u0000C' }];
    const result = await put({}, { args: { row: rows, amount: '12345678901234567.890', code: '007' } });
    expect(textAt((result as { body: unknown }).body, 'PutResponse.ok')).toBe('007');
    const body = server.received[0]?.body as string;
    expect(body.slice(body.indexOf('<soap:Body>'))).toBe(
      '<soap:Body><t:Put xmlns:t="urn:t" xmlns="urn:t"><t:code>007</t:code><t:amount>12345678901234567.890</t:amount>' +
        '<t:row><t:name>Nguyễn &lt;Văn&gt; &amp; &quot;A&quot;</t:name><t:at>2025-08-12T08:15:00+07:00</t:at></t:row>' +
        '<t:row><t:name>BC</t:name></t:row></t:Put></soap:Body></soap:Envelope>',
    );
  });

  test('carries a text like a CDATA section as a text, in an element and in an attribute', async () => {
    const { server, put } = await scene([reply(OK)]);
    const text = '<![CDATA[a]]></t:name><t:at>1</t:at><t:name x="&lt;"\r\n><![CDATA[b]]>';
    const row = [{ name: text }, { attributes: { kind: text }, name: { attributes: { kind: '"' }, $value: text } }];
    await put({}, { args: { code: '1', row } });
    const rows = nodesAt(readXml(server.received[0]?.body as string), 'Envelope.Body.Put.row');
    expect(rows).toEqual([{ name: text }, { '@kind': text, name: { '@kind': '"', '#text': text } }]);
  });

  test('has WS-Addressing headers if the settings want them', async () => {
    const named = 'xmlns:wsaw="http://www.w3.org/2006/05/addressing/wsdl" wsaw:Action="urn:t/P/Put" message="t:In"';
    const say = async (change: (text: string) => string, action?: string): Promise<unknown> => {
      const { server, file, put } = await scene([reply(OK)]);
      writeFileSync(file, change(wsdl(server.url)));
      await put({ version: '1.2', addressing: true, endpoint: `${server.url}/s?a&b`, ...(action && { action }) });
      return (readXml(server.received[0]?.body as string) as { Envelope: { Header: unknown } }).Envelope.Header;
    };
    const asIs = (text: string): string => text;
    const header = await say(asIs);
    expect(header).toMatchObject({ Action: 'urn:t/Put', To: expect.stringMatching(/^http:.*\/s\?a&b$/) });
    expect(textAt(header, 'ReplyTo.Address')).toBe('http://www.w3.org/2005/08/addressing/anonymous');
    expect(textAt(header, 'MessageID')).toMatch(/^urn:uuid:[0-9a-f-]{36}$/);
    expect(textAt(await say((text) => text.replace('message="t:In"', named)), 'Action')).toBe('urn:t/P/Put');
    expect(textAt(await say((text) => text.replaceAll('soapAction="urn:t/Put"', '')), 'Action')).toBe(
      'urn:t:P:PutRequest',
    );
    expect(textAt(await say(asIs, 'urn:x/{operation}'), 'Action')).toBe('urn:x/Put');
    expect(textAt(await say(asIs, 'none'), 'Action')).toBe('urn:t/Put');
  });

  test('is not made if the settings do not fit the WSDL', async () => {
    const { server, put } = await scene([]);
    const calls: readonly [Partial<SoapService>, Partial<SoapCall>, string][] = [
      [{}, { operation: 'Get' }, 'the WSDL has no operation Get at its port P11'],
      [{}, { args: { kode: '1' } }, 'Put has no kode in the WSDL, but code, amount, row'],
      [{}, { args: { row: { $xml: '<evil/>' } } }, 'Put.row may have no member $xml'],
      [{ port: 'P13' }, {}, 'the WSDL has no port named P13: it has P11 (SOAP 1.1), P12 (SOAP 1.2)'],
      [{ endpoint: 'http://127.0.0.1:9/s' }, {}, 'a call to http://127.0.0.1:9'],
    ];
    for (const [service, call, message] of calls)
      expect(await put(service, call)).toMatchObject({ kind: 'unsent', message: expect.stringContaining(message) });
    expect(server.received).toEqual([]);
  });

  test('keeps passwords and sessions out of its record, also escaped ones', async () => {
    const { record, put } = await scene([reply(OK.replace('007', 'phien&lt;1&gt;'))]);
    const security = { kind: 'username-token', username: 'h60', password: 'mat&khau', form: 'text' } as const;
    await put({ security }, { args: { code: 'phien<1>' }, hide: ['phien<1>'] });
    const kept = JSON.stringify(record);
    expect(kept).toContain('<t:code>***</t:code>');
    expect(['mat&amp;khau', 'phien&lt;1&gt;'].filter((secret) => kept.includes(secret))).toEqual([]);
  });
});

describe('a WSDL', () => {
  const atAddress = (text: string) => `HTTP/1.1 200 OK\nContent-Type: text/xml\n\n${text}\n`;
  const importing = (location: string): string =>
    wsdl(
      'http://127.0.0.1:9',
      `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:import namespace="urn:t" schemaLocation="${location}"/></xs:schema>`,
    );

  test('is read once, with imports from its own host', async () => {
    const text = importing('types.xsd').replaceAll('http://127.0.0.1:9/s', '{{url}}');
    const { server, put } = await scene([atAddress(text), atAddress(TYPES), reply(OK), reply(OK)]);
    const service = { wsdl: `${server.url}/dir/s.wsdl`, endpoint: `${server.url}/s` };
    expect(await put(service)).toMatchObject({ kind: 'answer' });
    expect(await put(service)).toMatchObject({ kind: 'answer' });
    expect(server.received.map(({ start }) => start)).toEqual([
      'GET /dir/s.wsdl',
      'GET /dir/types.xsd',
      'POST /s',
      'POST /s',
    ]);
  });

  test('is read from a file, with imports from its folder', async () => {
    const { folder, put, server } = await scene([reply(OK)]);
    writeFileSync(join(folder, 'i.wsdl'), importing('sub.xsd'));
    writeFileSync(join(folder, 'sub.xsd'), TYPES);
    expect(await put({ wsdl: join(folder, 'i.wsdl'), endpoint: `${server.url}/s` })).toMatchObject({ kind: 'answer' });
  });

  test('that cannot be used is named by its path in the settings', async () => {
    const { folder, put } = await scene([]);
    writeFileSync(join(folder, 'i.wsdl'), importing('sub/none.xsd'));
    writeFileSync(join(folder, 'page.wsdl'), '<html></html>');
    for (const [wsdl, message] of [
      ['/nosuch.wsdl', 'the WSDL /nosuch.wsdl cannot be read: ENOENT'],
      ['./nosuch/s.wsdl', 'the WSDL ./nosuch/s.wsdl cannot be read: ENOENT'],
      [join(folder, 'i.wsdl'), `the WSDL ${join(folder, 'sub', 'none.xsd')} cannot be read: ENOENT`],
      [join(folder, 'page.wsdl'), `the WSDL ${join(folder, 'page.wsdl')}: it is an HTML page`],
    ] as const)
      expect(await put({ wsdl })).toMatchObject({ kind: 'unsent', reason: 'wsdl', message });
  });

  test.each([
    ['another host', 'http://169.254.169.254/latest/types.xsd', "none of the party's own addresses"],
    ['another kind of address', 'file:///etc/passwd', 'no address of a document'],
    ['what lies above its folder', '../../../../etc/passwd', 'cannot be read'],
    ['the same with encoded slashes', '..%2F..%2F..%2F..%2Fetc%2Fpasswd', 'cannot be read: EACCES'],
  ])('that imports from %s is refused, and nothing is fetched', async (_name, location, message) => {
    const { folder, put, server } = await scene([]);
    writeFileSync(join(folder, 'i.wsdl'), importing(location));
    const result = await put({ wsdl: join(folder, 'i.wsdl') });
    expect(result).toMatchObject({ kind: 'unsent', reason: 'wsdl', message: expect.stringContaining(message) });
    expect(server.received).toEqual([]);
  });

  test.each([
    ['a redirect', 'HTTP/1.1 302 Found\nLocation: http://127.0.0.1:9/x\n\n', 'redirects are not followed'],
    ['a page', atAddress('<html></html>'), 'it is an HTML page'],
    ['a DOCTYPE', atAddress('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'), 'it has a DOCTYPE'],
    ['unreachable', '!reset\n', 'the connection broke'],
  ])('that is %s is refused, and requested again the next time', async (_name, text, message) => {
    const { server, put } = await scene([text, text, text, atAddress(wsdl('http://127.0.0.1:9')), reply(OK)]);
    const service = { wsdl: `${server.url}/s?wsdl`, endpoint: `${server.url}/s` };
    let result = await put(service);
    expect(result).toMatchObject({ kind: 'unsent', message: expect.stringContaining(message) });
    for (let tries = 1; tries < 4 && result.kind === 'unsent'; tries++) result = await put(service);
    expect(result).toMatchObject({ kind: 'answer' });
  });
});

describe('authentication', () => {
  test('Basic, UsernameToken as text and as digest', async () => {
    const { server, put } = await scene([reply(OK), reply(OK), reply(OK)]);
    const account = { username: 'h60', password: 'mật khẩu' };
    await put({ security: { kind: 'basic', ...account } });
    for (const form of ['text', 'digest'] as const)
      await put({ security: { kind: 'username-token', form, ...account } });
    const [basic, plain, digest] = server.received;
    expect(basic?.headers.authorization).toBe(`Basic ${Buffer.from('h60:mật khẩu').toString('base64')}`);
    const token = (body: string | undefined, name: string) =>
      textAt(readXml(body as string), `Envelope.Header.Security.UsernameToken.${name}`) as string;
    expect([token(plain?.body, 'Username'), token(plain?.body, 'Password')]).toEqual(['h60', 'mật khẩu']);
    const nonce = Buffer.from(token(digest?.body, 'Nonce'), 'base64');
    const expected = createHash('sha1').update(nonce).update(token(digest?.body, 'Created')).update(account.password);
    expect(token(digest?.body, 'Password')).toBe(expected.digest('base64'));
    expect(digest?.body).not.toContain('mật khẩu');
  });

  test('X.509: body and timestamp are signed, and a change in either is detected', async () => {
    const { server, put } = await scene([reply(OK), reply(OK)]);
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';
    for (const version of ['1.1', '1.2'] as const)
      await put({ version, security: { kind: 'x509', privateKey: key, certificate } });
    for (const { body } of server.received) {
      const signature = /<Signature [\s\S]*<\/Signature>/.exec(body)?.[0] as string;
      const holds = (xml: string): boolean => {
        const signed = new SignedXml({
          publicCert: publicKey.export({ type: 'spki', format: 'pem' }),
          idMode: 'wssecurity',
        });
        signed.loadSignature(signature);
        return signed.checkSignature(xml) && signed.getSignedReferences().length === 2;
      };
      expect(holds(body)).toBe(true);
      expect([holds(body.replace('Đ1', 'Đ2')), holds(body.replace('<Created>2', '<Created>3'))]).toEqual([
        false,
        false,
      ]);
    }
  });
});

describe('a reply', () => {
  const fault11 = (code: string): string =>
    `<s:Envelope xmlns:s="u"><s:Body><s:Fault><faultcode>${code}</faultcode><faultstring>Sai định dạng</faultstring>` +
    '<detail><e><ma>12</ma><ten>Thiếu mã</ten></e></detail></s:Fault></s:Body></s:Envelope>';
  const fault12 = (code: string, sub = ''): string =>
    `<s:Envelope xmlns:s="u"><s:Body><s:Fault><s:Code><s:Value>${code}</s:Value>${sub && `<s:Subcode><s:Value>${sub}</s:Value></s:Subcode>`}</s:Code>` +
    '<s:Reason><s:Text xml:lang="en">Bad</s:Text><s:Text xml:lang="vi">Sai định dạng</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>';

  test.each([
    ['a client fault', 500, fault11('soap:Client.Validation'), 'refused fault-client'],
    ['a sender fault', 400, fault12('s:Sender'), 'refused fault-client'],
    ['a server fault', 500, fault11('SOAP-ENV:Server'), 'unknown fault-server'],
    ['a receiver fault', 500, fault12('s:Receiver', 'x:Busy'), 'unknown fault-server'],
    ['a fault with status 200', 200, fault11('Server'), 'unknown fault-server'],
    ['a fault of WS-Security', 500, fault11('wsse:FailedAuthentication'), 'unavailable credentials'],
    ['the same in SOAP 1.2', 500, fault12('s:Sender', 'wsse:InvalidSecurity'), 'unavailable credentials'],
    ['a fault under a code of its own', 500, fault11('ORA-1017'), 'unknown fault'],
    ['a page', 200, '<html><body>Bảo trì</body></html>', 'unavailable html'],
    ['a page of a server that broke down', 500, '<!DOCTYPE html><html></html>', 'unknown html'],
    ['nothing', 200, '', 'unknown not-xml'],
    ['JSON', 200, '{"ok":true}', 'unknown not-xml'],
    ['half an envelope', 200, OK.slice(0, 60), 'unknown broken'],
    ['XML that is no envelope', 200, '<ok/>', 'unknown not-xml'],
    ['a DOCTYPE', 200, `<!DOCTYPE x [<!ENTITY a "b">]>${OK}`, 'unknown doctype'],
    ['a wrong character set', 200, Buffer.from(OK.replace('007', 'Ti\u00ean'), 'latin1'), 'unknown charset'],
    ['a refused key', 401, '', 'unavailable credentials'],
    ['no such place', 404, 'not found', 'unavailable not-xml'],
  ])('with %s is no answer', async (_name, status, body, expected) => {
    const read = await readSoapReply({ kind: 'reply', status, headers: {}, body: Buffer.from(body as string) });
    const outcome = soapOutcome(
      { ...(read as Exclude<typeof read, { kind: 'answer' }>), status, headers: {} },
      (text) => text,
      0,
    );
    expect(`${outcome.kind} ${outcome.reason}`).toBe(expected);
  });

  test('with a server fault leaves no doubt about a call that may be repeated', async () => {
    const body = Buffer.from(fault11('soap:Server'));
    const read = await readSoapReply({ kind: 'reply', status: 500, headers: {}, body });
    const failure = { ...(read as Exclude<typeof read, { kind: 'answer' }>), status: 500, headers: {} };
    expect(soapOutcome(failure, (text) => text, 0, { idempotent: true })).toMatchObject({
      kind: 'unavailable',
      reason: 'fault-server',
    });
  });

  test('returns a fault’s code, reason and detail', async () => {
    const headers = { 'content-type': 'text/xml' };
    const read = await readSoapReply({
      kind: 'reply',
      status: 500,
      headers,
      body: Buffer.from(fault11('soap:Client')),
    });
    expect(read).toEqual({
      kind: 'fault',
      fault: { side: 'client', code: 'soap:Client', reason: 'Sai định dạng', detail: 'ma: 12; ten: Thiếu mã' },
    });
    const vietnamese = await readSoapReply({
      kind: 'reply',
      status: 500,
      headers,
      body: Buffer.from(fault12('s:Sender', 'a:B')),
    });
    expect(vietnamese).toMatchObject({ fault: { code: 's:Sender a:B', reason: 'Sai định dạng' } });
  });
});
