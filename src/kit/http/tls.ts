import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { writableInstant } from '#core/dates/dates';
import { type Problem, problem } from '#core/problem';
import { say } from '#messages/message';

/** Trusted authorities and our own certificate, each a PEM text or the path of a PEM file. */
export interface TlsGiven {
  /** Authorities that may sign the partner's certificate. No others are trusted. */
  readonly ca?: string;
  /** Our certificate, with its key: mutual TLS. */
  readonly certificate?: string;
  readonly key?: string;
}

export interface TlsMaterial {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * Certificates for new connections. Changed files are read again, so a certificate can be replaced while the hub runs.
 * If the new files are unusable (half written, or only one of two replaced), the previous ones stay in use.
 *
 * @throws Error if a file cannot be read, or if certificate and key do not match; the message never shows the key
 */
export function createTls(given: TlsGiven): () => TlsMaterial {
  let stamp = stampOf(given);
  let material = usable(given);
  return () => {
    try {
      const now = stampOf(given);
      if (now !== stamp) [material, stamp] = [usable(given), now];
    } catch {
      // The previous certificates stay in use.
    }
    return material;
  };
}

function usable({ ca, certificate, key }: TlsGiven): TlsMaterial {
  const material: TlsMaterial = {
    ca: ca === undefined ? undefined : pemOf(ca),
    cert: certificate === undefined ? undefined : pemOf(certificate),
    key: key === undefined ? undefined : pemOf(key),
  };
  // OpenSSL accepts an empty file without an error. Then every authority of the system would be trusted.
  for (const name of ['ca', 'cert'] as const)
    if (material[name] !== undefined && certificatesIn(material[name]).length === 0)
      throw new Error(`${name === 'ca' ? 'ca' : 'certificate'} holds no certificate in PEM`);
  if (/ENCRYPTED/.test(material.key ?? ''))
    throw new Error('key is encrypted; keys with a passphrase are not supported');
  createSecureContext(material);
  return material;
}

const isPem = (text: string): boolean => text.trimStart().startsWith('-----');

/** The PEM text of a setting that is the text or the path of a file. */
export function pemOf(given: string): string {
  return isPem(given) ? given : readFileSync(given, 'utf8');
}

/** A setting whose file cannot be read. A key without its PEM header would count as a path, so it is not shown. */
export function pemProblems(path: string, given: string): readonly Problem[] {
  try {
    pemOf(given);
    return [];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = BARE_KEY.test(given) ? `${code}` : `${code}: ${given}`;
    return [problem(path, 'tls-unusable', { why, expected: say('schema.pem') })];
  }
}

/** Base64 of DER. A key has more characters. */
const BARE_KEY = /^\s*M[\w+/=\s]{60,}$/;

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

/** All certificates within a value, at any depth, with their dates of expiry. */
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

/** Some authorities end in the year 9999. */
function instantOf(date: string): string {
  return writableInstant(Date.parse(date));
}
