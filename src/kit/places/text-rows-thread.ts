import { parentPort, workerData } from 'node:worker_threads';
import { type RowsAsked, rowsIn } from './text-rows.ts';

/** The worker thread that reads the rows of one text. It answers once. */
parentPort?.postMessage(rowsIn(workerData as RowsAsked));
