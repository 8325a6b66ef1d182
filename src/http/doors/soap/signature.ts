import { Worker } from 'node:worker_threads';
import { quotedText, say } from '#messages/message';
import { compiled } from '../../../process/compiled.ts';
import { Refusal } from '../../problem.ts';
import { type SignatureCheck, type Verified, verify } from './verify.ts';

/** Verification time grows with the envelope. From this size on, a worker thread does it. */
const THREAD_CHARS = 32 * 1024;
/** The limit of a signed envelope: xml-crypto's parser needs many times its memory. */
const MAX_SIGNED_CHARS = 2 * 1024 * 1024;

/**
 * Verifies the signature of an envelope (XML Signature; exclusive canonicalisation, RSA with SHA-256
 * or SHA-512).
 *
 * @throws Refusal 401 with the reason, 413 for a signed envelope of more than 2 Mi characters
 */
export async function checkSignature(check: SignatureCheck): Promise<Verified> {
  if (check.xml.length > MAX_SIGNED_CHARS)
    throw new Refusal('too-large', say('signed-too-long', { most: MAX_SIGNED_CHARS }));
  const verified = check.xml.length < THREAD_CHARS ? verify(check) : await inThread(check);
  if ('refused' in verified)
    throw new Refusal('unauthorized', say('signature-invalid', { why: quotedText(verified.refused) }));
  return verified;
}

let before: Promise<unknown> = Promise.resolve();

/** One check at a time, so a sender of many only delays its own kind. */
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
