import { workerData } from 'node:worker_threads';
import { ownershipInTime } from '#core/dossier/ownership';
import { answerQuestions } from '../concurrency/threads.ts';
import { openDatabase } from '../database/pool.ts';
import type { Difference } from '../rebuild/difference.ts';
import { createLane } from '../rebuild/lane.ts';
import type { LaneData, LaneQuestion } from '../rebuild/lanes.ts';
import { SCHEMA } from '../rebuild/schema.ts';
import { createVault } from '../secrets/vault.ts';
import { hubKinds } from './hub-kinds.ts';

/** A thread of a rebuild, with connections of its own. */
const { databaseUrl, secrets, file, rules, ownedSince, stepsByMoment } = workerData as LaneData;
const live = openDatabase(databaseUrl, { size: 3 });
const lane = createLane({
  live,
  beside: live.beside(SCHEMA),
  vault: createVault(secrets),
  kinds: hubKinds({ file }).kinds,
  ownership: ownershipInTime(rules),
  ownedSince,
  stepsAreByMoment: (party) => stepsByMoment.includes(party),
  isOneOfMany: true,
});

answerQuestions<LaneQuestion, readonly Difference[]>((question) =>
  'apply' in question ? lane.apply(question.apply) : lane.compare(question.compare),
);
