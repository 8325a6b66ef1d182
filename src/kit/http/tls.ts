import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { msToInstant } from '#core/dates/dates';

/** How a party is known, and how it knows us: each a text in PEM, or the path of a file in PEM. */
export interface TlsGiven {
  /** Authorities that its certificate may be signed by; then no others are believed. */
  readonly ca?: string;
  /** What we show, with its key: mutual TLS. */
  readonly certificate?: string;
  readonly key?: string;
}

export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * What connections are made with. Files are read anew when they change, so that a certificate is replaced while the hub
 * runs; as long as what is there now cannot be used (one of two files is replaced, or half written), what was good stays.
 *
 * @throws Error when a file cannot be read, or certificate and key do not belong together; it shows no key
 */
export function createTls(given: TlsGiven): () => TlsMaterial {
  let stamp = stampOf(given);
  let material = usable(given);
  return () => {
    try {
      const now = stampOf(given);
      if (now !== stamp) [material, stamp] = [usable(given), now];
    } catch {
      // What was good stays.
    }
    return material;
  };
}

function usable({ ca, certificate, key }: TlsGiven): TlsMaterial {
  const material: TlsMaterial = {
    ...(ca !== undefined && { ca: pemOf(ca) }),
    ...(certificate !== undefined && { cert: pemOf(certificate) }),
    ...(key !== undefined && { key: pemOf(key) }),
  };
  // Of an empty file OpenSSL makes no certificate and no error; then every authority of the system would be believed.
  for (const name of ['ca', 'cert'] as const)
    if (material[name] !== undefined && certificatesIn(material[name]).length === 0)
      throw new Error(`${name === 'ca' ? 'ca' : 'certificate'} holds no certificate in PEM`);
  if (/ENCRYPTED/.test(material.key ?? ''))
    throw new Error('key is encrypted; keys with a passphrase are not supported');
  createSecureContext(material);
  return material;
}

const isPem = (text: string): boolean => text.trimStart().startsWith('-----');

function pemOf(given: string): string {
  return isPem(given) ? given : readFileSync(given, 'utf8');
}

function stampOf({ ca, certificate, key }: TlsGiven): string {
  return [ca, certificate, key]
    .map((given) => (given === undefined || isPem(given) ? '' : statSync(given).mtimeMs))
    .join(' ');
}

export interface CertificateDates {
  readonly subject: string;
  readonly validFrom: string;
  readonly validTo: string;
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Every certificate that stands in a value, however deep: the ones that run out unnoticed. */
export function certificatesIn(value: unknown): readonly CertificateDates[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(certificatesIn);
  if (typeof value !== 'string') return [];
  return (value.match(PEM) ?? []).flatMap((pem) => {
    try {
      const { subject, validFrom, validTo } = new X509Certificate(pem);
      return [{ subject, validFrom: instantOf(validFrom), validTo: instantOf(validTo) }];
    } catch {
      return [];
    }
  });
}

function instantOf(date: string): string {
  return msToInstant(Date.parse(date));
}
