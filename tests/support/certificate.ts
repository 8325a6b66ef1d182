import { generateKeyPairSync, sign } from 'node:crypto';

export interface TestCertificate {
  /** PEM. */
  readonly key: string;
  readonly certificate: string;
}

/** A self-signed certificate with an RSA key of its own; valid in these two years, of two or four digits. */
export function testCertificate(name: string, { bits = 2048, from = '20', to = '49' } = {}): TestCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const called = sequence(set(sequence(COMMON_NAME, der(0x0c, Buffer.from(name)))));
  const valid = sequence(
    ...[from, to].map((year) => der(year.length > 2 ? 0x18 : 0x17, Buffer.from(`${year}0101000000Z`))),
  );
  const version = der(0xa0, der(0x02, Buffer.from([2])));
  const serial = der(0x02, Buffer.from([1]));
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const content = sequence(version, serial, SHA256_RSA, called, valid, called, spki);
  const whole = sequence(content, SHA256_RSA, der(0x03, Buffer.from([0]), sign('sha256', content, privateKey)));
  const lines = whole
    .toString('base64')
    .match(/.{1,64}/g)
    ?.join('\n');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}

/** One value of ASN.1 in DER. */
function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(content);
  const size = bytes.length < 0x80 ? [bytes.length] : [0x82, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), bytes]);
}

const sequence = (...content: readonly Buffer[]): Buffer => der(0x30, ...content);
const set = (...content: readonly Buffer[]): Buffer => der(0x31, ...content);
const COMMON_NAME = Buffer.from('0603550403', 'hex');
const SHA256_RSA = Buffer.from('300d06092a864886f70d01010b0500', 'hex');
