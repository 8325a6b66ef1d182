import { parentPort, workerData } from 'node:worker_threads';
import { type SignatureCheck, verify } from './verify.ts';

/** The thread in which large envelopes have their signature checked; it answers once. */
parentPort?.postMessage(verify(workerData as SignatureCheck));
