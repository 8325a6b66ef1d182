import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drain } from '#core/drain';
import { inSteps } from '../../src/concurrency/steps.ts';
import { openEnvelope, readValue, xmlOf } from '../../src/http/doors/soap/message.ts';
import { Refusal } from '../../src/http/problem.ts';
import { createDice, type Dice } from '../../src/play/day/dice.ts';
import { type TestHub, testHub } from '../support/hub.ts';
import { bestOfTen, lowestCpuOfTen, watchEventLoop } from '../support/measures.ts';
import { dossierXml, englishIn, envelope, pushXml, sendSoap, VIETNAMESE, WSSE, WSU } from '../support/soap.ts';

const PING = '<h:Ping/>';
const namespaces = Array.from({ length: 50 }, (_, n) => `xmlns:p${n}="u"`).join(' ');

/** A Ping with an invalid Signature, and extra elements. */
function signedWith(inside: string, beside = ''): string {
  const signature = `<d:Signature xmlns:d="http://www.w3.org/2000/09/xmldsig#">${inside}<d:KeyInfo><d:X509Data><d:X509Certificate>AAAA</d:X509Certificate></d:X509Data></d:KeyInfo></d:Signature>`;
  const header = `<w:Security xmlns:w="${WSSE}" xmlns:u="${WSU}">${beside}${signature}</w:Security>`;
  return envelope(PING, { header, bodyAttributes: ` xmlns:u="${WSU}" u:Id="B"` });
}

const repeated = (text: string, times: number): string => text.repeat(times);
const WSA = 'http://www.w3.org/2005/08/addressing';
const manyHeaders = (count: number): string =>
  Array.from({ length: count }, (_, n) => `<a:N${n} xmlns:a="${WSA}"/>`).join('');

describe('the cost of a hostile message', () => {
  let hub: TestHub;
  let fetched = 0;
  const bait = createServer((_, response) => {
    fetched++;
    response.end('<!ENTITY x "y">');
  });
  beforeAll(async () => {
    hub = await testHub();
    await new Promise<void>((resolve) => bait.listen(0, '127.0.0.1', resolve));
    // The first message pays for compiling.
    for (let n = 0; n < 50; n++) await sendSoap(hub, envelope(n % 2 ? PING : '<h:Nothing/>'));
  });
  afterAll(async () => {
    await hub.close();
    bait.close();
  });

  const doctype = (declarations: string, content: string): string =>
    envelope(PING).replace('<s:Envelope', `<!DOCTYPE e [${declarations}]><s:Envelope`).replace(PING, content);
  const lol = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${repeated(`&l${n};`, 10)}">`).join('');
  const away = (): string => `http://127.0.0.1:${(bait.address() as AddressInfo).port}`;
  const attacks: readonly [string, () => string | Buffer, RegExp, Record<string, string>?][] = [
    ['an entity bomb', () => doctype(`<!ENTITY l0 "lol">${lol}`, '<h:Ping>&l9;</h:Ping>'), /DOCTYPE/],
    [
      'a quadratic blow-up',
      () => doctype(`<!ENTITY a "${repeated('a', 50_000)}">`, repeated('&a;', 50_000)),
      /DOCTYPE/,
    ],
    ['an external entity', () => doctype(`<!ENTITY x SYSTEM "${away()}/x">`, '<h:Ping>&x;</h:Ping>'), /DOCTYPE/],
    [
      'a file as an entity',
      () => doctype('<!ENTITY x SYSTEM "file:///etc/passwd">', '<h:Ping>&x;</h:Ping>'),
      /DOCTYPE/,
    ],
    [
      'an external DTD',
      () => envelope(PING).replace('<s:Env', `<!DOCTYPE e SYSTEM "${away()}/d.dtd"><s:Env`),
      /DOCTYPE/,
    ],
    ['an entity that nothing declares', () => envelope('<h:Ping>&nothing;</h:Ping>'), /line 2: Entity 'nothing'/],
    [
      'an XInclude',
      () => envelope(`<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="${away()}"/>`),
      /expected one of/,
    ],
    [
      'a schema to be fetched',
      () =>
        envelope(
          `<h:Ping xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:schemaLocation="urn:x ${away()}"><h:x/></h:Ping>`,
        ),
      /does not fit/,
    ],
    [
      'a depth of 10,000',
      () => envelope(`<h:Ping>${repeated('<a>', 10_000)}${repeated('</a>', 10_000)}</h:Ping>`),
      /depth of 200/,
    ],
    [
      'a million attributes',
      () => envelope(`<h:Ping ${Array.from({ length: 1_000_000 }, (_, n) => `a${n}="1"`).join(' ')}/>`),
      /64 attributes/,
    ],
    ['a tag without an end', () => envelope(`<h:Ping ${repeated('a', 1_000_000)}/>`), /a tag of 65536 bytes/],
    ['a text of 19 MB', () => envelope(`<h:Ping>${repeated('a', 19_000_000)}</h:Ping>`), /a text of 1048576 bytes/],
    ['a text of 100 MB', () => Buffer.alloc(100_000_000, 0x61), /larger than 20971520 bytes/],
    ['a flood of numeric references', () => envelope(`<h:Ping>${repeated('&#x41;', 43_000)}</h:Ping>`), /does not fit/],
    [
      'a flood of elements',
      () => envelope(pushXml(`<h:dossier>${repeated('<h:a/>', 40_000)}</h:dossier>`)),
      /does not fit/,
    ],
    [
      'a flood of header blocks',
      () => envelope(PING, { header: repeated('<x/>', 50_000) }),
      /500 elements around its items/,
    ],
    [
      'a flood of tokens beside a Signature',
      () => signedWith('', repeated('<w:BinarySecurityToken u:Id="x"/>', 6_000)),
      /500 elements around its items/,
    ],
    [
      'a flood of identifiers in a Signature',
      () => signedWith(repeated('<f Id="x"/>', 15_000)),
      /500 elements around its items/,
    ],
    [
      'a flood of namespaces that have no canonical form',
      () => signedWith(`${repeated(`<e ${namespaces}>`, 180)}${repeated('</e>', 180)}`),
      /no canonical form/,
    ],
    [
      'a flood of headers',
      () => envelope(PING, { header: `<a:Action xmlns:a="${WSA}">x</a:Action>${manyHeaders(4_000)}` }),
      /500 elements around its items/,
    ],
    [
      'a flood of elements in a header',
      () => envelope(PING, { header: `<w:Security xmlns:w="${WSSE}">${repeated('<w:X/>', 30_000)}</w:Security>` }),
      /500 elements around its items/,
    ],
    ['a flood of operations', () => envelope(repeated(PING, 20_000)), /500 elements around its items/],
    [
      'a gzip bomb',
      () => gzipSync(Buffer.alloc(100_000_000, 0x20)),
      /more than 500 times its size/,
      { 'Content-Encoding': 'gzip' },
    ],
    [
      'a deflate bomb',
      () => deflateSync(Buffer.alloc(100_000_000, 0x20)),
      /more than 500 times its size/,
      { 'Content-Encoding': 'deflate' },
    ],
    [
      'a bare deflate bomb',
      () => deflateRawSync(Buffer.alloc(100_000_000, 0x20)),
      /more than 500 times its size/,
      { 'Content-Encoding': 'deflate' },
    ],
    ['what is no gzip', () => Buffer.from('no gzip'), /not valid gzip/, { 'Content-Encoding': 'gzip' }],
    [
      'two bodies',
      () => envelope(PING).replace('</s:Body>', '</s:Body><s:Body><h:Ping/></s:Body>'),
      /more than one Body/,
    ],
    ['what is no XML', () => '<s:Envelope', /ends in the middle/],
    ['nothing', () => '', /not well-formed/],
    [
      '__proto__ as an element',
      () => envelope(pushXml(dossierXml('H60.01-250812-3001', '<h:__proto__><h:x/></h:__proto__>'))),
      /__proto__/,
    ],
    [
      'constructor as an attribute',
      () => envelope(pushXml(dossierXml('H60.01-250812-3001').replace('<h:status>', '<h:status constructor="x">'))),
      /constructor/,
    ],
  ];

  test.each(attacks)('%s is refused in 50 ms of CPU', async (_, message, reason, headers) => {
    const given = message();
    const bytes = typeof given === 'string' ? Buffer.from(given) : given;
    const memoryBefore = process.memoryUsage.rss();
    const { reply, cpuMs } = await lowestCpuOfTen(50, () => sendSoap(hub, bytes, { headers: headers ?? {} }));
    expect(reply.fault).toMatchObject({ code: 'soap:Client', reason: expect.stringMatching(reason) });
    expect(cpuMs, 'ms of CPU').toBeLessThan(50);
    expect(process.memoryUsage.rss() - memoryBefore, 'bytes of memory').toBeLessThan(100e6);
    expect(({} as { x?: unknown }).x).toBeUndefined();
    expect((await sendSoap(hub, envelope(PING))).status).toBe(200);
  });

  test('none of these messages makes the hub fetch anything', () => expect(fetched).toBe(0));
});

describe('the encodings of a message', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub();
  });
  afterAll(() => hub.close());

  const ping = envelope(PING);
  const utf16 = ping.replace('UTF-8', 'UTF-16');
  const bigEndian = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
  const plain = { 'Content-Type': 'text/xml' };
  const named = (charset: string) => ({ 'Content-Type': `text/xml; charset=${charset}` });
  const name = 'Nguyễn Thị Ánh Tuyết';

  test.each<[string, Buffer, Record<string, string>]>([
    ['UTF-8', Buffer.from(ping), plain],
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${ping}`), named('utf-8')],
    ['UTF-16 with a byte order mark, little end first', Buffer.from(`\uFEFF${utf16}`, 'utf16le'), plain],
    ['UTF-16 with a byte order mark, big end first', bigEndian(`\uFEFF${utf16}`), named('UTF-16')],
    ['UTF-16 as its declaration says', Buffer.from(utf16, 'utf16le'), plain],
    ['UTF-16 as its media type says', bigEndian(ping.replace(/<\?.*\?>\n/, '')), named('utf-16be')],
    ['ASCII under the name of another set', Buffer.from(ping), named('iso-8859-1')],
    ['gzip', gzipSync(ping), { ...plain, 'Content-Encoding': 'gzip' }],
    ['deflate', deflateSync(ping), { ...plain, 'Content-Encoding': 'deflate' }],
    ['deflate as .NET writes it, bare', deflateRawSync(ping), { ...plain, 'Content-Encoding': 'deflate' }],
  ])('%s is read', async (_, message, headers) => {
    expect((await sendSoap(hub, message, { headers })).status).toBe(200);
  });

  test('Vietnamese text arrives whole in each of them', async () => {
    const message = envelope(pushXml(dossierXml('H60.01-250812-3101', `<h:note>${name}</h:note>`)));
    const all = [
      Buffer.from(message),
      Buffer.from(`\uFEFF${message.replace('UTF-8', 'UTF-16')}`, 'utf16le'),
      Buffer.from(message.replace(name, [...name].map((letter) => `&#${letter.codePointAt(0)};`).join(''))),
    ];
    const outcomes = [];
    for (const bytes of all)
      outcomes.push((await sendSoap(hub, bytes, { headers: plain })).body.PushDossiersResponse[0].result[0].outcome[0]);
    expect(outcomes).toEqual(['accepted', 'duplicate', 'duplicate']);
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-3101', 'personal')).body.note).toBe(name);
  });

  const push = envelope(pushXml(dossierXml('H60.01-250812-3102', `<h:note>${name}</h:note>`)));
  test.each<[string, Buffer, Record<string, string>]>([
    ['bytes that are not UTF-8', Buffer.from(push.replace('ễ', 'é'), 'latin1'), plain],
    ['UTF-8 declared as UTF-16', Buffer.from(push.replace('UTF-8', 'UTF-16')), plain],
    ['UTF-16 declared as UTF-8', Buffer.from(`\uFEFF${push}`, 'utf16le'), plain],
    ['UTF-8 under another name', Buffer.from(push), named('windows-1258')],
    [
      'UTF-16 of half a letter',
      Buffer.from(`\uFEFF${push.replace('UTF-8', 'UTF-16')}`, 'utf16le').subarray(0, -1),
      plain,
    ],
    [
      'UTF-16 with half a pair',
      Buffer.from(`\uFEFF${push.replace('UTF-8', 'UTF-16').replace(name, '\uD800')}`, 'utf16le'),
      plain,
    ],
    ['UTF-16 that nothing declares', Buffer.from(push.replace(/<\?.*\?>\n/, ''), 'utf16le'), plain],
    ['UTF-7', Buffer.from(push.replace('UTF-8', 'UTF-7')), plain],
  ])('%s is refused: it could be read wrongly', async (_, message, headers) => {
    expect((await sendSoap(hub, message, { headers })).fault).toMatchObject({
      code: 'soap:Client',
      reason: expect.stringContaining('the character set is not clear'),
    });
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-3102')).status).toBe(404);
  });

  const mtom = (root: string, options: { length?: number; attachment?: string | null; end?: string } = {}): Buffer => {
    const part =
      options.attachment === null
        ? ''
        : `\r\n--B\r\nContent-ID: <a@x>\r\nContent-Length: ${options.length ?? 5}\r\n\r\n${options.attachment ?? 'xin ch'.slice(0, 5)}`;
    return Buffer.from(
      `--B\r\nContent-Type: application/xop+xml; charset=UTF-8; type="text/xml"\r\nContent-ID: <root@x>\r\n\r\n${root}${part}\r\n--B${options.end ?? '--'}\r\n`,
    );
  };
  const mtomHeaders = {
    'Content-Type':
      'multipart/related; type="application/xop+xml"; start="<root@x>"; start-info="text/xml"; boundary=B',
  };
  const include = '<i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="cid:a%40x"/>';
  const withNote = (code: string): string => envelope(pushXml(dossierXml(code, `<h:note>${include}</h:note>`)));

  test('MTOM is read, with each Include replaced by its part', async () => {
    expect((await sendSoap(hub, mtom(ping, { attachment: null }), { headers: mtomHeaders })).body).toHaveProperty(
      'PingResponse',
    );
    const reply = await sendSoap(hub, mtom(withNote('H60.01-250812-3103')), { headers: mtomHeaders });
    expect(reply.body.PushDossiersResponse[0].result[0].outcome).toEqual(['accepted']);
    expect((await hub.read('/api/v1/dossiers/H60.01-250812-3103', 'personal')).body.note).toBe(
      Buffer.from('xin c').toString('base64'),
    );
  });

  test('MTOM whose root is UTF-16 is read as well', async () => {
    const [head, rest] = mtom('ROOT').toString('latin1').replace('=UTF-8', '=utf-16').split('ROOT') as [string, string];
    const root = withNote('H60.01-250812-3105').replace('UTF-8', 'UTF-16');
    const message = Buffer.concat([Buffer.from(head), Buffer.from(`\uFEFF${root}`, 'utf16le'), Buffer.from(rest)]);
    const reply = await sendSoap(hub, message, { headers: mtomHeaders });
    expect(reply.body.PushDossiersResponse[0].result[0].outcome).toEqual(['accepted']);
  });

  test.each<[string, Buffer, RegExp]>([
    [
      'a part of a wrong length',
      mtom(withNote('H60.01-250812-3104'), { length: 6 }),
      /says that it has "6" bytes, and has 5/,
    ],
    ['a missing part', mtom(withNote('H60.01-250812-3104'), { attachment: null }), /the part "cid:a%40x" is missing/],
    [
      'a reference that is none',
      mtom(withNote('H60.01-250812-3104').replace('cid:a%40x', 'cid:%zz')),
      /"cid:%zz" is no reference to a part/,
    ],
    [
      'a part that is referred to twice',
      mtom(withNote('H60.01-250812-3104').replace('</h:note>', `</h:note><h:abstract>${include}</h:abstract>`)),
      /two xop:Include refer to the part "cid:a%40x"/,
    ],
    [
      'a reference beside another one',
      mtom(withNote('H60.01-250812-3104').replace(include, include.repeat(2))),
      /must be alone in its element/,
    ],
    [
      'a reference within another one',
      mtom(withNote('H60.01-250812-3104').replace(include, include.replace('/>', `><x>${include}</x></i:Include>`))),
      /with no element in it/,
    ],
    ['a missing end', mtom(ping, { end: '' }), /ends early/],
    [
      'too many parts',
      Buffer.concat([...Array(101).fill(mtom(ping).subarray(0, -7)), mtom(ping)]),
      /more than 100 parts/,
    ],
  ])('MTOM with %s is refused', async (_, message, reason) => {
    expect((await sendSoap(hub, message, { headers: mtomHeaders })).fault).toMatchObject({
      code: 'soap:Client',
      reason: expect.stringMatching(reason),
    });
    const vietnamese = await sendSoap(hub, message, { headers: { ...mtomHeaders, ...VIETNAMESE } });
    expect(englishIn(vietnamese.fault)).toEqual([]);
  });

  test('MTOM that refers to a part of 700 KB two hundred times is refused at once', async () => {
    const attachment = 'x'.repeat(700_000);
    const root = envelope(`<h:Ping>${`<x>${include}</x>`.repeat(200)}</h:Ping>`);
    const began = performance.now();
    const reply = await sendSoap(hub, mtom(root, { length: attachment.length, attachment }), { headers: mtomHeaders });
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(reply.fault?.reason).toContain('two xop:Include refer to the part');
  });

  test('MTOM of 20 MB takes the memory of a few copies of it, stored or refused', async () => {
    const attachment = 'x'.repeat(18_000_000);
    const large = mtom(withNote('H60.01-250812-3105'), { length: attachment.length, attachment });
    const wrong = mtom(withNote('H60.01-250812-3106'), { length: 5, attachment });
    for (const message of [large, wrong]) {
      const { mostBytes } = await bestOfTen({ mostBytes: 150e6 }, async () => {
        const before = process.memoryUsage.rss();
        let most = before;
        const watch = setInterval(() => {
          most = Math.max(most, process.memoryUsage.rss());
        }, 0);
        const reply = await sendSoap(hub, message, { headers: mtomHeaders });
        clearInterval(watch);
        expect(reply.status === 200 || reply.fault?.code === 'soap:Client').toBe(true);
        return { mostBytes: Math.max(most, process.memoryUsage.rss()) - before };
      });
      expect(mostBytes, 'bytes of memory').toBeLessThan(150e6);
    }
  });

  test('another media type is no SOAP: 415', async () => {
    expect((await sendSoap(hub, ping, { headers: { 'Content-Type': 'application/json' } })).status).toBe(415);
  });
});

describe('large envelopes', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub();
  });
  afterAll(() => hub.close());
  const many = (count: number, note: string, from = 0): string[] =>
    Array.from({ length: count }, (_, n) =>
      dossierXml(`H60.02-250812-${String(n + from).padStart(5, '0')}`, `<h:note>${note}</h:note>`),
    );

  test('1,000 dossiers in one envelope are stored; 1,001 are a fault, and none is stored', async () => {
    const reply = await sendSoap(hub, envelope(pushXml(many(1_000, 'Ghi chú <!-- > -->').join('\n'))));
    expect(reply.body.PushDossiersResponse[0].result.map((result: { outcome: string[] }) => result.outcome[0])).toEqual(
      Array(1_000).fill('accepted'),
    );
    const tooMany = await sendSoap(hub, envelope(pushXml(...many(1_001, 'x', 5_000))));
    expect(tooMany.fault).toMatchObject({ code: 'soap:Client', reason: expect.stringContaining('1000') });
    expect((await hub.read('/api/v1/dossiers/H60.02-250812-05000')).status).toBe(404);
  });

  test('a fault at the end of a large envelope has its line, and nothing before it is stored', async () => {
    const items = many(900, 'Ghi chú '.repeat(60), 10_000);
    items[850] = items[850]?.replace('</h:note>', '</h:note><h:dueDate/>') as string;
    const reply = await sendSoap(hub, envelope(pushXml(items.join('\n'))));
    expect(reply.fault?.problems).toMatchObject([
      { path: '/dossier/850/dueDate', message: expect.stringMatching(/^line 852: /) },
    ]);
    const broken = await sendSoap(
      hub,
      envelope(
        pushXml(
          many(900, 'Ghi chú '.repeat(60), 10_000)
            .join('\n')
            .replace(/<\/h:note>(?=[\s\S]{0,200}$)/, '</h:mote>'),
        ),
      ),
    );
    expect(broken.fault?.reason).toMatch(/not well-formed XML: line 901/);
    expect((await hub.read('/api/v1/dossiers/H60.02-250812-10000')).status).toBe(404);
  });

  test('an item of more than 1 MiB spoils only itself', async () => {
    const [small, large] = [
      many(1, 'x', 20_000),
      many(1, 'x'.repeat(1_000_000), 20_001).map((item) =>
        item.replace('</h:dossier>', `<h:resultDelivery>${'x'.repeat(200_000)}</h:resultDelivery></h:dossier>`),
      ),
    ];
    const reply = await sendSoap(hub, envelope(pushXml(...small, ...large)));
    expect(reply.body.PushDossiersResponse[0].result.map((result: { outcome: string[] }) => result.outcome[0])).toEqual(
      ['accepted', 'invalid'],
    );
  });

  test('a large envelope without credentials is refused by its head, unread', async () => {
    const message = Buffer.from(envelope(pushXml(...many(1_000, 'x'.repeat(18_000)))));
    const { reply, cpuMs } = await lowestCpuOfTen(100, () => sendSoap(hub, message, { key: null }));
    expect(reply.status).toBe(401);
    expect(cpuMs, 'ms of CPU').toBeLessThan(100);
  });

  test('19 MB are read in turns, in little memory', async () => {
    const xml = Buffer.from(envelope(pushXml(...many(1_000, 'Nguyễn Văn Đức, '.repeat(950)))));
    expect(xml.length).toBeGreaterThan(19e6);
    const bounds = { longestMs: 50, mostBytes: 150e6 };
    const { longestMs, mostBytes } = await bestOfTen(bounds, async () => {
      const before = process.memoryUsage.rss();
      const watch = watchEventLoop();
      let most = before;
      const memory = setInterval(() => {
        most = Math.max(most, process.memoryUsage.rss());
      }, 0);
      const { values } = await inSteps(openEnvelope(xml));
      expect(await inSteps(values())).toHaveLength(1_000);
      clearInterval(memory);
      return { longestMs: watch.longestMs(), mostBytes: most - before };
    });
    expect(longestMs, 'ms of CPU without a turn for others').toBeLessThan(bounds.longestMs);
    expect(mostBytes, 'bytes of memory').toBeLessThan(bounds.mostBytes);
  });
});

describe('arbitrary bytes', () => {
  test('each of 100,000 damaged envelopes is read or refused, without an internal error', {
    timeout: 120_000,
  }, () => {
    const valid = Buffer.from(
      envelope(
        pushXml(
          dossierXml(
            'H60.01-250812-3201',
            '<h:applicant><h:name>Đức</h:name></h:applicant><h:fees><h:amountVnd>1</h:amountVnd></h:fees>',
          ),
        ),
        { header: '<w:Security xmlns:w="urn:x"/>' },
      ),
    );
    const random = createDice(20250812).below;
    const pieces = [
      '<',
      '>',
      '&',
      '"',
      ']]>',
      '<![CDATA[',
      '<!--',
      '-->',
      '<?x?>',
      '&#x0;',
      '&#xD800;',
      '\0',
      '\uFEFF',
      '</s:Body>',
      '<s:Body>',
      ' xmlns=""',
      '<!DOCTYPE',
      '/>',
    ];
    let read = 0;
    for (let n = 0; n < 100_000; n++) {
      const bytes = damage(valid, random, pieces);
      try {
        const message = drain(openEnvelope(xmlOf(bytes, 'text/xml')));
        for (const value of drain(message.values())) readValue('dossier.upsert.v1', value);
        read++;
      } catch (error) {
        if (!(error instanceof Refusal)) throw new Error(`seed 20250812, case ${n}: ${bytes}`, { cause: error });
      }
    }
    expect(read).toBeGreaterThan(1_000);
  });
});

function damage(valid: Buffer, random: Dice['below'], pieces: readonly string[]): Buffer {
  let bytes = Buffer.from(valid);
  for (let times = random(3) + 1; times > 0; times--) {
    const [from, to] = [random(bytes.length), random(bytes.length)];
    const kind = random(4);
    if (kind === 0) bytes[from] = random(256);
    else if (kind === 1) bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + random(20))]);
    else if (kind === 2)
      bytes = Buffer.concat([
        bytes.subarray(0, from),
        Buffer.from(pieces[random(pieces.length)] as string),
        bytes.subarray(from),
      ]);
    else bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to, to + random(60)), bytes.subarray(from)]);
  }
  return bytes;
}
