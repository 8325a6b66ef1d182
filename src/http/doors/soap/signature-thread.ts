import { parentPort, workerData } from 'node:worker_threads';
import { type SignatureCheck, verify } from './verify.ts';

/** The worker thread for signatures of large envelopes. It answers once. */
parentPort?.postMessage(verify(workerData as SignatureCheck));
