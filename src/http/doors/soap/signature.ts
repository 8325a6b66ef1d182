import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { SignedXml } from 'xml-crypto';
import { Refusal } from '../../problem.ts';
import { ENVELOPES } from './faults.ts';

export interface SignatureCheck {
  /** The whole envelope. */
  readonly xml: string;
  /** Its Signature, with the declarations in its scope. */
  readonly signature: string;
  /** PEM. */
  readonly certificate: string;
  readonly bodyId: string;
  readonly timestampId: string | undefined;
}

export interface Verified {
  /** An envelope of nothing but the Body that was signed, byte for byte as it was hashed. */
  readonly xml: string;
  readonly isTimestampSigned: boolean;
}

/** A check takes as long as the envelope is large: from here on it is done in a thread of its own. */
const THREAD_CHARS = 32 * 1024;
/** xml-crypto's parser needs many times the memory of what it parses. */
const MAX_SIGNED_CHARS = 2 * 1024 * 1024;

/**
 * Check the signature of an envelope (XML Signature; exclusive canonicalisation, RSA with SHA-256 or SHA-512).
 *
 * @throws Refusal 401 with what is wrong with it, 413 for a signed envelope of more than 2 Mi characters
 */
export async function checkSignature(check: SignatureCheck): Promise<Verified> {
  if (check.xml.length > MAX_SIGNED_CHARS)
    throw new Refusal(
      'too-large',
      `a signed envelope has at most ${MAX_SIGNED_CHARS} characters; send the items in several`,
    );
  const verified = check.xml.length < THREAD_CHARS ? verify(check) : await inThread(check);
  if ('refused' in verified) throw new Refusal('unauthorized', `the Signature is not valid: ${verified.refused}`);
  return verified;
}

const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const SIGNATURES = [
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
  'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
];
const DIGESTS = ['http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2001/04/xmlenc#sha512'];
const MAX_REFERENCES = 10;

/** The same, at once. What is wrong is a value: it has to come through from another thread. */
export function verify(check: SignatureCheck): Verified | { readonly refused: string } {
  const signed = new SignedXml({ publicCert: check.certificate });
  // What is not here is refused by name: SHA-1, MD5, HMAC, canonicalisations that see the surroundings or comments.
  signed.SignatureAlgorithms = only(signed.SignatureAlgorithms, SIGNATURES);
  signed.HashAlgorithms = only(signed.HashAlgorithms, DIGESTS);
  signed.CanonicalizationAlgorithms = only(signed.CanonicalizationAlgorithms, [EXCLUSIVE]);
  try {
    signed.loadSignature(check.signature);
    const references = signed.getReferences();
    if (references.length > MAX_REFERENCES) return { refused: `it has more than ${MAX_REFERENCES} references` };
    if (!references.every(({ uri }) => uri?.startsWith('#'))) return { refused: 'a reference is not to an id' };
    const toBody = references.flatMap(({ uri }, at) => (uri === `#${check.bodyId}` ? at : []));
    if (toBody.length !== 1) return { refused: 'it is not of the Body' };
    if (!signed.checkSignature(check.xml)) return { refused: 'what is signed was changed, or another key signed it' };
    const body = signed.getSignedReferences()[toBody[0] as number] as string;
    return {
      xml: enveloped(body),
      isTimestampSigned: references.some(({ uri }) => uri === `#${check.timestampId}`),
    };
  } catch (error) {
    return { refused: (error as Error).message.slice(0, 300) };
  }
}

function only<T>(algorithms: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(algorithms).filter(([name]) => names.includes(name)));
}

function enveloped(body: string): string {
  const version = body.slice(0, body.indexOf('>')).includes(ENVELOPES['1.2']) ? '1.2' : '1.1';
  return `<e:Envelope xmlns:e="${ENVELOPES[version]}">${body}</e:Envelope>`;
}

let before: Promise<unknown> = Promise.resolve();

/** One at a time: whoever sends many of them waits for them alone. */
function inThread(check: SignatureCheck): Promise<ReturnType<typeof verify>> {
  const turn = before.then(() => askThread(check));
  before = turn.catch(() => undefined);
  return turn;
}

function askThread(check: SignatureCheck): Promise<ReturnType<typeof verify>> {
  return new Promise((resolve, reject) => {
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const thread = new Worker(new URL('./signature-thread.ts', import.meta.url), {
      workerData: check,
      execArgv: ['--import', tsx],
    });
    thread.once('message', (verified) => {
      resolve(verified);
      void thread.terminate();
    });
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error('the thread of a signature check ended without an answer')));
  });
}
