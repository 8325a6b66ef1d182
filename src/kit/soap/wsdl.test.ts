import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createHttp } from '../http/http.ts';
import { arranged } from './arguments.ts';
import type { Port } from './loaded-wsdl.ts';
import { loadWsdl } from './wsdl.ts';
import { describeWsdl, shapesOf } from './wsdl-shapes.ts';

const folder = mkdtempSync(join(tmpdir(), 'lienthong-wsdl-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** In the manner of .NET: a DataSet, which is a schema and then anything, and a unit that has units. */
const WSDL = `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:t" targetNamespace="urn:t" xmlns:s="http://www.w3.org/2001/XMLSchema"
  xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/">
  <types><s:schema targetNamespace="urn:t" elementFormDefault="qualified">
    <s:complexType name="Unit"><s:sequence><s:element name="name" type="s:string"/>
      <s:element name="units" type="t:Unit" minOccurs="0" maxOccurs="unbounded"/></s:sequence></s:complexType>
    <s:complexType name="Rows"><s:complexContent><s:restriction base="enc:Array">
      <s:attribute ref="enc:arrayType" wsdl:arrayType="t:Unit[]"/></s:restriction></s:complexContent></s:complexType>
    <s:element name="Put"><s:complexType><s:sequence><s:element name="unit" type="t:Unit"/><s:element name="rows" type="t:Rows"/>
      <s:element name="set"><s:complexType><s:sequence><s:element ref="s:schema"/><s:any/></s:sequence></s:complexType></s:element>
    </s:sequence></s:complexType></s:element>
    <s:element name="PutResponse" type="s:string"/>
  </s:schema></types>
  <message name="In"><part name="p" element="t:Put"/></message><message name="Out"><part name="p" element="t:PutResponse"/></message>
  <portType name="P"><operation name="Put"><input message="t:In"/><output message="t:Out"/></operation></portType>
  <binding name="B" type="t:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="Put"><soap:operation soapAction=""/><input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation></binding>
  <service name="S"><port name="P" binding="t:B"><soap:address location="http://127.0.0.1:9/s"/></port></service>
</definitions>`;

test('a recursive type ends, and an open type shows and refuses nothing', async () => {
  const file = join(folder, 's.wsdl');
  writeFileSync(file, WSDL);
  const http = createHttp({ origins: [] });
  const loaded = await loadWsdl(http, file);
  http.close();
  const input = { unit: { name: 's:string', 'units[]': '(as around it)' }, rows: {}, set: {} };
  expect(await describeWsdl(loaded)).toMatchObject([{ operations: { Put: { input } } }]);
  const args = { unit: { units: [{ name: 'A' }] }, rows: { item: ['1'] }, set: { Table: { code: '1' } } };
  expect(arranged(args, shapesOf(loaded.wsdl, loaded.ports[0] as Port, 'Put').input, 'Put')).toEqual(args);
});

test('blank lines before the XML declaration, as of PHP and JSP, do no harm', async () => {
  const file = join(folder, 'blank.wsdl');
  writeFileSync(file, `\r\n<?xml version="1.0" encoding="UTF-8"?>${WSDL}`);
  const http = createHttp({ origins: [] });
  expect((await loadWsdl(http, file)).ports).toMatchObject([{ name: 'P', version: '1.1' }]);
  http.close();
});
