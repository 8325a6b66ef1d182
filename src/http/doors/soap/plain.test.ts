import { describe, expect } from 'vitest';
import { drain } from '#core/drain';
import { roundsOf, sampled, test } from '../../../../tests/support/depth.ts';
import { createDice, type Dice } from '../../../play/day/dice.ts';
import { type Envelope, readEnvelope } from './envelope.ts';
import { lookOver } from './guard.ts';
import { readPlain } from './plain.ts';

const [SOAP11, SOAP12, HUB] = [
  'http://schemas.xmlsoap.org/soap/envelope/',
  'http://www.w3.org/2003/05/soap-envelope',
  'urn:lienthong:hub:v1',
];

/**
 * Envelopes as other clients write them, indented or not.
 *
 * They differ in prefixes, default namespaces, and declarations high up or low down.
 */
const WRITERS: readonly ((content: (prefix: string) => string) => string)[] = [
  (content) =>
    `<?xml version='1.0' encoding='utf-8'?>\n<soap-env:Envelope xmlns:soap-env="${SOAP11}"><soap-env:Body><ns0:PushDossiers xmlns:ns0="${HUB}">${content('ns0:')}</ns0:PushDossiers></soap-env:Body></soap-env:Envelope>`,
  (content) =>
    `<s:Envelope xmlns:s="${SOAP12}"><s:Body xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><PushDossiers xmlns="${HUB}">${content('')}</PushDossiers></s:Body></s:Envelope>`,
  (content) =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<Envelope xmlns="${SOAP11}" xmlns:h='${HUB}'>\n  <Body>\n    <h:PushDossiers>${content('h:').replaceAll('><h:', '>\n<h:')}</h:PushDossiers>\n  </Body>\n</Envelope>\n`,
];

const dossier = (p: string): string => {
  const el = (name: string, text: string): string => `<${p}${name}>${text}</${p}${name}>`;
  return el(
    'dossier',
    [
      el('code', 'H60.01-250812-0007'),
      el('serviceCode', '1.013225'),
      el('agencyCode', 'H60.01'),
      el('agencyName', 'UBND &lt;xã&gt; Bạch Xa &amp; Minh Xuân'),
      el('status', 'received'),
      el('statusAt', '2025-08-12T08:15:00+07:00'),
      el('dueAt', '2025-08-31T17:00:00.5Z'),
      el('applicant', `${el('name', 'Nguyễn Thị Ngọc Ánh')}${el('identityNumber', '000048723464')}`),
      el('note', ''),
      el('aliases', `${el('party', 'bo')}${el('code', '007')}`),
      el('documents', `${el('name', 'Đơn.pdf')}${el('digitised', 'true')}${el('deleted', '0')}`),
      el('documents', el('id', '12345678901234567.89')),
      el('fees', el('amountVnd', '20000')),
      el('databases', 'dân cư'),
      el('databases', 'đất đai'),
    ].join(''),
  );
};

describe('plain envelopes', () => {
  test.each([0, 1, 2])('are read in one pass, in any notation of clients: %i', (style) => {
    const xml = write(style, 2);
    const plain = readPlain(Buffer.from(xml));
    expect(plain).toEqual(readStrictly(xml));
    expect(plain?.values).toHaveLength(2);
    expect(plain?.values[0]).toMatchObject({
      code: 'H60.01-250812-0007',
      agencyName: 'UBND <xã> Bạch Xa & Minh Xuân',
      note: '',
      documents: [{ digitised: true, deleted: false }, { id: '12345678901234567.89' }],
      fees: [{ amountVnd: 20_000 }],
      databases: ['dân cư', 'đất đai'],
    });
  });

  test('many invented prefixes block nobody', () => {
    for (let n = 0; n < 200; n++)
      expect(readPlain(Buffer.from(write(0, 1).replaceAll('ns0', `made-up-${n}`)))?.values).toHaveLength(1);
  });

  test.each([
    ['a Header', '<soap-env:Body>', '<soap-env:Header/><soap-env:Body>'],
    ['an attribute', '<ns0:dossier>', '<ns0:dossier a="b">'],
    ['xsi:nil', '<ns0:note>', '<ns0:note xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:nil="true">'],
    ['a comment', '<ns0:code>', '<ns0:code><!-- -->'],
    ['CDATA', 'Bạch Xa', '<![CDATA[Bạch Xa]]>'],
    ['a reference to a character', 'Bạch', '&#66;ạch'],
    ['a line end that XML reads as another', 'Bạch', 'Bạch\r'],
    ['a day that is not', '2025-08-31T', '2025-06-31T'],
    ['another order', '<ns0:note></ns0:note>', '<ns0:channel>post</ns0:channel>'],
    ['another namespace', `xmlns:ns0="${HUB}"`, 'xmlns:ns0="urn:other"'],
    ['a prefix that the content redefines', '<ns0:code>', '<ns0:code xmlns:ns0="urn:other">'],
    ['a DOCTYPE', '<soap-env:Envelope', '<!DOCTYPE a><soap-env:Envelope'],
    ['more behind the end', '</soap-env:Envelope>', '</soap-env:Envelope><a/>'],
  ])('leave %s to the parsers', (_, from, to) => {
    const xml = write(0, 1);
    expect(xml).toContain(from);
    expect(readPlain(Buffer.from(xml.replace(from, to)))).toBeUndefined();
  });

  test('leave blanks in empty elements to the parsers, which ignore them', () => {
    const xml = envelopeOf(`<Ping xmlns="${HUB}">\n</Ping>`);
    expect(readPlain(Buffer.from(xml))).toBeUndefined();
    expect(readStrictly(xml)).toMatchObject({ operation: 'Ping', problems: [] });
  });

  test.each<[string, string]>([
    ['a text in what is to be empty', envelopeOf(`<Ping xmlns="${HUB}"> x </Ping>`)],
    ['a tag of more than 64 KiB', envelopeOf(`<Ping xmlns="${HUB}" xmlns:a="urn:${'a'.repeat(70_000)}"></Ping>`)],
  ])('leave %s to the parsers, which refuse it', (_, xml) => {
    expect(readPlain(Buffer.from(xml))).toBeUndefined();
    const read = readStrictly(xml);
    expect(typeof read === 'string' || read.problems.length > 0).toBe(true);
  });

  sampled('after any mutation, one pass reads the same as guard, libxml2 and XSD', () => {
    const dice = createDice(20_251_125).below;
    let read = 0;
    const rounds = roundsOf(6_000, 1_000);
    for (let round = 0; round < rounds; round++) {
      const xml = changed(dice, write(dice(WRITERS.length), 1 + dice(3)));
      const plain = readPlain(Buffer.from(xml));
      if (!plain) continue;
      read++;
      expect(plain, `round ${round}: ${xml}`).toEqual(readStrictly(xml));
    }
    // Changes in texts and values leave the envelope readable, often enough to compare.
    expect(read).toBeGreaterThan(rounds / 10);
  });
});

function write(style: number, items: number): string {
  return (WRITERS[style] as (typeof WRITERS)[number])((prefix) => dossier(prefix).repeat(items));
}

function envelopeOf(operation: string): string {
  return `<s:Envelope xmlns:s="${SOAP11}"><s:Body>${operation}</s:Body></s:Envelope>`;
}

function readStrictly(xml: string): Envelope | string {
  try {
    drain(lookOver(Buffer.from(xml)));
    return readEnvelope(Buffer.from(xml));
  } catch (error) {
    return (error as Error).message;
  }
}

const PIECES = [
  '<',
  '>',
  '/',
  '&',
  ';',
  '"',
  "'",
  ' ',
  '\n',
  '\t',
  '\r',
  ':',
  '=',
  '-',
  '.',
  '0',
  '9',
  'a',
  'ạ',
  '\u00a0',
  '\u2028',
  '&amp;',
  '&lt;',
  '&quot;',
  '&#10;',
  '&nbsp;',
  ']]>',
  '<!---->',
  '<?a?>',
  '<![CDATA[a]]>',
  '\ufffd',
  '\u0085',
  '\u0001',
  ' xmlns="urn:a"',
  ' xmlns:h="urn:a"',
  ' a="b"',
  ' xml:lang="vi"',
  ' xmlns:a="http://www.w3.org/2000/xmlns/"',
  'true',
  '+1',
  '1e3',
  '-0',
  '9999999999999999999',
  '24:00:00',
  '60',
  '-02-30T',
  '2024-02-29T',
  '2025-02-29T',
  '+14:00',
  'Z',
  '<note/>',
  '<h:note/>',
  '<code>1</code>',
  '<ns0:note>x</ns0:note>',
  '</dossier>',
  '<Body>',
  '𐐷',
];

/** Makes one or two changes: inserts, removes, doubles or swaps something. */
function changed(dice: Dice['below'], xml: string): string {
  let text = xml;
  for (let changes = 1 + dice(2); changes > 0; changes--) {
    const at = dice(text.length);
    const end = at + dice(4);
    const [before, within, after] = [text.slice(0, at), text.slice(at, end), text.slice(end)];
    const piece = PIECES[dice(PIECES.length)] as string;
    text = [before + piece + within + after, before + after, before + within + within + after, before + piece + after][
      dice(4)
    ] as string;
  }
  return text;
}
