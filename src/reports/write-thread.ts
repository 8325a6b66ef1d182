import { parentPort, workerData } from 'node:worker_threads';
import { type FileAsked, writeFile } from './write.ts';

/** The worker thread that writes one report as a file. It answers once. */
parentPort?.postMessage(await writeFile(workerData as FileAsked));
