import { afterEach, expect, test } from 'vitest';
import { defineSimulator, startSimulator } from '#kit/testing';
import adapter from './adapter.ts';
import { connectTo } from './simulator/connect.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** What a pull of steps makes of an answer with this in its Body. */
async function pulled(content: string, before = '', type = 'application/soap+xml; charset=utf-8') {
  const body = `${before}<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><S:Body>${content}</S:Body></S:Envelope>`;
  const headers = { 'content-type': type };
  const partner = await startSimulator(
    defineSimulator({ routes: [{ method: 'POST', path: '/HoSoWS', handle: () => ({ headers, body }) }] }),
  );
  const connection = connectTo('transport')(partner.url, {});
  open.push(partner, connection);
  const page = await adapter.pull?.progress?.next(connection as never, undefined, undefined as never);
  return !page || 'kind' in page ? page : page.bodies.map((one) => Buffer.from(one.body).toString());
}

const OK = '<ketQua><maLoi>0</maLoi></ketQua>';
const step = '<buoc><ma>1</ma></buoc>';
const answer = (content: string, name = 'layDanhSachTienDoResponse'): string =>
  `<n:${name} xmlns:n="urn:x"><return>${OK}${content}</return></n:${name}>`;

test.each([
  { why: 'without an element', content: answer('') },
  { why: 'with a nil element, as of .NET', content: answer('<tienDo i:nil="true"/>') },
  { why: 'with two nil elements', content: answer('<tienDo i:nil="1"/><tienDo i:nil="true"></tienDo>') },
  { why: 'with an empty element', content: answer('<tienDo> </tienDo>') },
  { why: 'with one other element', content: answer(step) },
])('a list $why is empty', async ({ content }) => {
  expect(await pulled(content)).toEqual([]);
});

test('blank lines before the XML declaration, as of PHP and JSP, do no harm', async () => {
  const declaration = '\r\n \n<?xml version="1.0" encoding="UTF-8"?>';
  expect(await pulled(answer('<tienDo><maHoSo>A</maHoSo></tienDo>'), declaration)).toEqual([
    '<records><record><row><tienDo><maHoSo>A</maHoSo></tienDo></row></record></records>',
  ]);
});

test('an answer of several parts is refused by its name', async () => {
  const found = await pulled(
    answer(''),
    '--b\r\nContent-Type: application/xop+xml\r\n\r\n',
    'Multipart/Related; boundary="b"',
  );
  expect(found).toMatchObject({ kind: 'unknown', reason: 'not-xml', message: expect.stringContaining('MTOM') });
});

test('a nil element among records is no record', async () => {
  const [body = ''] = (await pulled(answer('<tienDo i:nil="true"/><tienDo><maHoSo>A</maHoSo></tienDo>'))) as string[];
  expect(body).toBe('<records><record><row><tienDo><maHoSo>A</maHoSo></tienDo></row></record></records>');
});

test.each([
  { why: 'of another name', content: answer('', 'khacResponse'), message: 'layDanhSachTienDoResponse' },
  {
    why: 'with another list',
    content: answer(step + step),
    message: 'a list at layDanhSachTienDoResponse.return.buoc',
  },
])('an answer $why is no empty list, so that no record is lost', async ({ content, message }) => {
  expect(await pulled(content)).toMatchObject({
    kind: 'unknown',
    reason: 'no-records',
    message: expect.stringContaining(message),
  });
});
