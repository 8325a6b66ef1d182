import { say } from '#messages/message';
import { createThreads } from '../../../concurrency/threads.ts';
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
  if ('refused' in verified) throw new Refusal('unauthorized', say('signature-invalid', { why: verified.refused }));
  return verified;
}

const inThread = createThreads<SignatureCheck, ReturnType<typeof verify>>('src/http/doors/soap/signature-thread.ts');
