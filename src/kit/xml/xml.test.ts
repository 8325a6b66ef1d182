import { describe, expect, test } from 'vitest';
import { bestOfTen, watchEventLoop } from '../../../tests/support/measures.ts';
import { nodesAt, readXml, textAt } from './read-xml.ts';
import { type RecordOptions, xmlRecords } from './records.ts';
import { charsetOf, decoded, parts, type XmlProblem } from './text.ts';

const textOfBytes = (bytes: Uint8Array, type?: string): string => [...decoded(bytes, charsetOf(bytes, type))].join('');
const reasonOf = (work: () => unknown): string => {
  try {
    return `no problem: ${JSON.stringify(work())}`;
  } catch (error) {
    return (error as XmlProblem).reason;
  }
};

async function recordsOf(chunks: Iterable<string>, options: RecordOptions) {
  const records: string[] = [];
  const reader = xmlRecords(chunks, options);
  for (;;) {
    const { done, value } = await reader.next();
    if (done) return { records, rest: value };
    records.push(value);
  }
}

describe('the character set of a reply', () => {
  const text = '<?xml version="1.0" encoding="utf-8"?><a>Đăng ký khai sinh ở Tuyên Quang</a>';
  const utf16 = (order: 'le' | 'be', mark: boolean): Buffer => {
    const bytes = Buffer.from((mark ? '\uFEFF' : '') + text, 'utf16le');
    return order === 'le' ? bytes : bytes.swap16();
  };

  test.each([
    ['UTF-8', Buffer.from(text), undefined],
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${text}`), undefined],
    ['UTF-8 under a wrong name', Buffer.from(text), 'text/xml; charset=iso-8859-1'],
    ['UTF-16 little endian', utf16('le', true), 'text/xml; charset=utf-8'],
    ['UTF-16 big endian', utf16('be', true), undefined],
    ['UTF-16 without a mark', utf16('le', false), 'text/xml; charset=utf-16'],
    ['UTF-16 big endian without a mark', utf16('be', false), undefined],
  ])('of %s is recognised', (_name, bytes, type) => expect(textOfBytes(bytes, type)).toBe(text));

  test('of an old encoding is taken from the reply or the document', () => {
    const bytes = Buffer.from('<a>Ti\u00ean</a>', 'latin1');
    expect(textOfBytes(bytes, 'text/xml; charset=windows-1252')).toBe('<a>Tiên</a>');
    const named = Buffer.from('<?xml version="1.0" encoding="windows-1258"?><a>\u00f5</a>', 'latin1');
    expect(textOfBytes(named)).toContain('<a>ơ</a>');
  });

  test('that cannot be right is refused, never garbled', () => {
    const bytes = Buffer.from('<a>Ti\u00ean</a>', 'latin1');
    expect(reasonOf(() => textOfBytes(bytes))).toBe('charset');
    expect(reasonOf(() => textOfBytes(bytes, 'text/xml; charset=utf-8'))).toBe('charset');
    expect(reasonOf(() => textOfBytes(bytes, 'text/xml; charset=klingon'))).toBe('charset');
    expect(reasonOf(() => textOfBytes(Buffer.concat([utf16('le', true), Buffer.from([0x00])])))).toBe('charset');
  });
});

describe('a small document', () => {
  test('keeps values as written: zeros, big decimals, blanks, references, CDATA, nil', () => {
    const root = readXml(
      '<x:a xmlns:x="u" xmlns:i="v"><b>007</b><c>12345678901234567.890</c><d> x </d><e>&#x1EA4;&#273;&amp;</e>' +
        '<f><![CDATA[<g>1</g>]]> y</f><h i:nil="true"/><k id="0012">t</k></x:a>',
    );
    const at = (path: string) => textAt(root, `a.${path}`);
    expect(['b', 'c', 'd', 'e', 'f', 'h', 'k', 'k.@id', 'none'].map(at)).toEqual([
      '007',
      '12345678901234567.890',
      'x',
      'Ấđ&',
      '<g>1</g> y',
      undefined,
      't',
      '0012',
      undefined,
    ]);
  });

  test('gives one and many alike, with or without their names known', () => {
    const path = '*.list.item';
    const read = (xml: string) => nodesAt(readXml(xml), path);
    expect(read('<r><list/></r>')).toEqual([]);
    expect(read('<r><list><item>1</item></list></r>')).toEqual(['1']);
    expect(read('<q:r xmlns:q="u"><list><item>1</item><item>2</item></list></q:r>')).toEqual(['1', '2']);
  });

  test.each([
    ['doctype', '<?xml version="1.0"?><!-- x --><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ['doctype', '<a><b/><!DOCTYPE a [<!ENTITY x "y">]><b>&x;</b></a>'],
    ['doctype', '<a><!-- > --><![CDATA[<!doctype a>]]><!doctype a></a>'],
    ['html', '<!DOCTYPE html><html></html>'],
    ['not-xml', '{"a":1}'],
    ['not-xml', ''],
    ['broken', '<a><b></a>'],
    ['broken', '<a><__proto__>1</__proto__></a>'],
    ['broken', '<a>'.repeat(150) + '</a>'.repeat(150)],
  ])('is refused as %s', (reason, xml) => expect(reasonOf(() => readXml(xml))).toBe(reason));

  test('takes a DOCTYPE in a comment or in CDATA for text', () => {
    const root = readXml('<a><!-- <!DOCTYPE a> --><b><![CDATA[<!DOCTYPE a>]]></b></a>');
    expect(textAt(root, 'a.b')).toBe('<!DOCTYPE a>');
  });

  test('treats names such as __proto__ as plain data', () => {
    const root = readXml('<a hasOwnProperty="1"><toStrin>1</toStrin></a>');
    expect([textAt(root, 'a.constructor'), textAt(root, 'a.__proto__.x'), textAt(root, 'a.@hasOwnProperty')]).toEqual([
      undefined,
      undefined,
      '1',
    ]);
  });
});

describe('a large document', () => {
  const path = ['Envelope', 'Body', '*', 'list', 'item'];
  const envelope = (inner: string): string =>
    `<?xml version="1.0"?>\r\n<s:Envelope xmlns:s="u"><s:Body><r><code>0</code><list>${inner}</list>` +
    '<next>2</next></r></s:Body></s:Envelope>\r\n';
  const items = [
    '<item>1</item>',
    '<x:item a="&lt;">2<item>inner</item></x:item>',
    '<item/>',
    '<item\r\n b = "x>y" >Đ😀<![CDATA[</item>]]><!-- </item> --></item>',
  ];

  test('is cut into its unchanged records, at any chunk borders', async () => {
    const whole = envelope(items.join('\r\n  '));
    for (const size of [1, 2, 3, 7, 50, 10_000]) {
      const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
        whole.slice(at * size, (at + 1) * size),
      );
      const { records, rest } = await recordsOf(chunks, { path });
      expect(records).toEqual(items);
      expect([textAt(readXml(rest), 'Envelope.Body.r.code'), textAt(readXml(rest), 'Envelope.Body.r.next')]).toEqual([
        '0',
        '2',
      ]);
    }
  });

  test('gives the unescaped text of an element', async () => {
    const inner = '<a>Đ &amp; "x"</a>';
    const escaped = inner.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    for (const form of [escaped, `<![CDATA[${inner}]]>`, escaped.replace('Đ', '&#272;')]) {
      const chunks = [...envelope(`<item>${form}</item>`)];
      expect((await recordsOf(chunks, { path, as: 'text' })).records).toEqual([inner]);
    }
  });

  test.each([
    ['broken', envelope('<item>1</item>').slice(0, -30), {}],
    ['broken', envelope('<item>&unknown;</item>'), {}],
    ['doctype', `<!DOCTYPE a>${envelope('')}`, {}],
    ['too-deep', '<a>'.repeat(200_000), {}],
    ['too-large', envelope(`<item>${'x'.repeat(2_000)}</item>`), { maxRecord: 1_000 }],
    ['too-large', envelope('').replace('<code>', `<code>${'x'.repeat(2_000)}`), { maxRest: 1_000 }],
    ['html', '<html><body>Bảo trì</body></html>', {}],
    ['not-xml', '', {}],
  ])('is refused as %s', async (reason, text, options) => {
    const began = performance.now();
    const failure = await recordsOf(parts(text), { path, ...options }).catch((error: XmlProblem) => error);
    expect((failure as XmlProblem).reason).toBe(reason);
    expect(performance.now() - began).toBeLessThan(500);
  });

  test('20,000 records in 20 MB block nobody for 50 ms and take less than 150 MB', async () => {
    const record = (at: number) =>
      `<item><code>${at}</code><name>Nguyễn Văn ${'Đỗ Thị Hường '.repeat(50)}</name></item>`;
    const bytes = Buffer.from(envelope(Array.from({ length: 20_000 }, (_, at) => record(at)).join('')));
    expect(bytes.length).toBeGreaterThan(16_000_000);
    const bounds = { longestMs: 50, mostBytes: 150e6 };
    const best = await bestOfTen(bounds, () => readLarge(bytes, path));
    expect(best.count).toBe(20_000);
    expect(best.longestMs).toBeLessThan(bounds.longestMs);
    expect(best.mostBytes).toBeLessThan(bounds.mostBytes);
  });
});

async function readLarge(bytes: Uint8Array, path: readonly string[]) {
  global.gc?.();
  const before = process.memoryUsage().rss;
  const watch = watchEventLoop();
  let [count, mostBytes] = [0, 0];
  for await (const xml of xmlRecords(decoded(bytes, charsetOf(bytes)), { path })) {
    count += Number(xml.length > 600);
    if (count % 500 === 0) mostBytes = Math.max(mostBytes, process.memoryUsage().rss - before);
  }
  return { count, longestMs: watch.longestMs(), mostBytes };
}
