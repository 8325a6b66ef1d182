import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createHttp } from '../http/http.ts';
import { createSessions } from '../session.ts';
import { parseHttpText } from '../testing/contract/http-text.ts';
import { playReplies, type ScriptedServer } from '../testing/contract/scripted-server.ts';
import type { SoapArguments } from './arguments.ts';
import { callSoap } from './call-soap.ts';
import { loadWsdl } from './wsdl.ts';
import { describeWsdl } from './wsdl-shapes.ts';

/** The parts' types are in another namespace than the WSDL, and the element around them in a third one. */
const wsdl = (url: string, form: string): string => `<?xml version="1.0" encoding="utf-8"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:service" xmlns:k="urn:types" targetNamespace="urn:service"
  xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/">
  <types><xs:schema targetNamespace="urn:types" elementFormDefault="${form}">
    <xs:complexType name="Row"><xs:sequence><xs:element name="code" type="xs:string"/>
      <xs:element name="fees" type="k:Fees" minOccurs="0"/></xs:sequence><xs:attribute name="kind" type="xs:string"/></xs:complexType>
    <xs:complexType name="Fees"><xs:sequence><xs:element name="fee" type="xs:string" maxOccurs="unbounded"/></xs:sequence></xs:complexType>
  </xs:schema></types>
  <message name="In"><part name="row" type="k:Row"/><part name="id" type="xs:string"/></message>
  <message name="Out"><part name="ok" type="xs:string"/></message>
  <portType name="P"><operation name="put"><input message="t:In"/><output message="t:Out"/></operation></portType>
  <binding name="B" type="t:P"><soap:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="put"><soap:operation soapAction=""/><input><soap:body use="literal" namespace="urn:call"/></input>
    <output><soap:body use="literal" namespace="urn:answer"/></output></operation></binding>
  <binding name="Other" type="t:P"><soap:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="put"><soap:operation soapAction=""/><input><soap:body use="literal" namespace="urn:other"/></input>
    <output><soap:body use="literal" namespace="urn:answer"/></output></operation></binding>
  <service name="S"><port name="P" binding="t:B"><soap:address location="${url}/s"/></port>
    <port name="Q" binding="t:Other"><soap:address location="${url}/s"/></port></service>
</definitions>`;

const OK =
  'HTTP/1.1 200 OK\nContent-Type: text/xml\n\n<s:Envelope xmlns:s="u"><s:Body><a:putResponse xmlns:a="urn:answer"><ok>1</ok></a:putResponse></s:Body></s:Envelope>\n';

const open: { server: ScriptedServer; folder: string }[] = [];
afterEach(() => {
  for (const { server, folder } of open.splice(0)) {
    server.close();
    rmSync(folder, { recursive: true });
  }
});

async function scene(form = 'unqualified') {
  const server = await playReplies(parseHttpText(OK));
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-rpc-'));
  open.push({ server, folder });
  const file = join(folder, 's.wsdl');
  writeFileSync(file, wsdl(server.url, form));
  const http = createHttp({ origins: [server.url], connectMs: 300, totalMs: 600 });
  const put = (args: SoapArguments, port = 'P') =>
    callSoap({ http, sessions: createSessions(() => 0) }, { wsdl: file, port }, { operation: 'put', args });
  const sent = (): string => /<soap:Body>(.*)<\/soap:Body>/.exec(server.received[0]?.body ?? '')?.[1] ?? '';
  return { put, sent, server, described: async () => describeWsdl(await loadWsdl(http, file)) };
}

const ARGS = {
  id: '7 & 8',
  row: { attributes: { kind: '"A"' }, fees: { fee: ['1 < 2', '3'] }, code: '007' },
};

describe('an operation of the style rpc', () => {
  test('is described by the types of its parts', async () => {
    const { described } = await scene();
    expect((await described()).slice(0, 1)).toMatchObject([
      {
        operations: {
          put: {
            input: { row: { code: 'xs:string', fees: { 'fee[]': 'xs:string' } }, id: 'xs:string' },
            output: { ok: 'xs:string' },
          },
        },
      },
    ]);
  });

  test('is called in the namespace of its binding, with typed parts in order', async () => {
    const { put, sent } = await scene();
    expect(await put(ARGS)).toMatchObject({ kind: 'answer' });
    expect(sent()).toBe(
      '<rpc:put xmlns:rpc="urn:call"><row kind="&quot;A&quot;" xmlns:part="urn:types"><code>007</code><fees><fee>1 &lt; 2</fee><fee>3</fee></fees></row>' +
        '<id>7 &amp; 8</id></rpc:put>',
    );
  });

  test('has members in the namespace of their types if the schema says so', async () => {
    const { put, sent } = await scene('qualified');
    await put({ row: { code: '007' } });
    expect(sent()).toBe(
      '<rpc:put xmlns:rpc="urn:call"><row xmlns:part="urn:types"><part:code>007</part:code></row></rpc:put>',
    );
  });

  test('uses its own binding’s namespace if another has an operation of the same name', async () => {
    const { put, sent } = await scene();
    await put({ id: '7' }, 'Q');
    expect(sent()).toBe('<rpc:put xmlns:rpc="urn:other"><id>7</id></rpc:put>');
  });

  test('is not called with a member that the type lacks', async () => {
    const { put, server } = await scene();
    const message = 'put.row has no kode in the WSDL, but code, fees';
    expect(await put({ row: { kode: '1' } })).toMatchObject({ kind: 'unsent', message });
    expect(server.received).toEqual([]);
  });
});
