import { Worker } from 'node:worker_threads';
import { compiled } from '../../../process/compiled.ts';
import { Refusal } from '../../problem.ts';
import { type SignatureCheck, type Verified, verify } from './verify.ts';

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

let before: Promise<unknown> = Promise.resolve();

/** One at a time: whoever sends many of them waits for them alone. */
function inThread(check: SignatureCheck): Promise<ReturnType<typeof verify>> {
  const turn = before.then(() => askThread(check));
  before = turn.catch(() => undefined);
  return turn;
}

function askThread(check: SignatureCheck): Promise<ReturnType<typeof verify>> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(compiled('src/http/doors/soap/signature-thread.ts'), { workerData: check });
    thread.once('message', (verified) => {
      resolve(verified);
      void thread.terminate();
    });
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error('the thread of a signature check ended without an answer')));
  });
}
