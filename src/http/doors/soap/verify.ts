import { SignedXml } from 'xml-crypto';
import { quotedText, say, type Words } from '#messages/message';
import { ENVELOPES } from './versions.ts';

export interface SignatureCheck {
  /** The whole envelope. */
  readonly xml: string;
  /** Its Signature, with the namespace declarations in its scope. */
  readonly signature: string;
  /** PEM. */
  readonly certificate: string;
  readonly bodyId: string;
  readonly timestampId: string | undefined;
}

export interface Verified {
  /** An envelope with only the signed Body, byte for byte as it was hashed. */
  readonly xml: string;
  readonly isTimestampSigned: boolean;
}

const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
/** Excludes the Signature, which is in the header anyway. Node-soap requires this transform. */
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const SIGNATURES = [
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
  'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
];
const DIGESTS = ['http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2001/04/xmlenc#sha512'];
const MAX_REFERENCES = 10;
const CHANGED = say('signature-changed');

/** Verifies a signature synchronously. An error is a value, so that it can cross threads. */
export function verify(check: SignatureCheck): Verified | { readonly refused: Words } {
  const signed = new SignedXml({ publicCert: check.certificate });
  // All other algorithms are refused: SHA-1, MD5, HMAC, inclusive canonicalisation, and those with comments.
  signed.SignatureAlgorithms = only(signed.SignatureAlgorithms, SIGNATURES);
  signed.HashAlgorithms = only(signed.HashAlgorithms, DIGESTS);
  signed.CanonicalizationAlgorithms = only(signed.CanonicalizationAlgorithms, [EXCLUSIVE, ENVELOPED]);
  try {
    signed.loadSignature(check.signature);
    const references = signed.getReferences();
    if (references.length > MAX_REFERENCES) return { refused: say('signature-references', { most: MAX_REFERENCES }) };
    if (signed.canonicalizationAlgorithm !== EXCLUSIVE || !references.every(isExclusive))
      return { refused: say('signature-canonicalisation', { expected: EXCLUSIVE }) };
    if (!references.every(({ uri }) => uri?.startsWith('#'))) return { refused: say('signature-reference') };
    const toBody = references.flatMap(({ uri }, at) => (uri === `#${check.bodyId}` ? at : []));
    if (toBody.length !== 1) return { refused: say('signature-not-of-body') };
    if (!signed.checkSignature(check.xml)) return { refused: CHANGED };
    const body = signed.getSignedReferences()[toBody[0] as number] as string;
    return {
      xml: enveloped(body),
      isTimestampSigned: references.some(({ uri }) => uri === `#${check.timestampId}`),
    };
  } catch (error) {
    const { message } = error as Error;
    return { refused: message.startsWith('invalid signature') ? CHANGED : quotedText(message.slice(0, 300)) };
  }
}

function isExclusive({ transforms }: { readonly transforms: readonly string[] }): boolean {
  return transforms.at(-1) === EXCLUSIVE && transforms.slice(0, -1).every((one) => one === ENVELOPED);
}

function only<T>(algorithms: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(algorithms).filter(([name]) => names.includes(name)));
}

function enveloped(body: string): string {
  const version = body.slice(0, body.indexOf('>')).includes(ENVELOPES['1.2']) ? '1.2' : '1.1';
  return `<e:Envelope xmlns:e="${ENVELOPES[version]}">${body}</e:Envelope>`;
}
