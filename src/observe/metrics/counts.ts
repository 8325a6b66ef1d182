import { Counter, Histogram, type Registry } from 'prom-client';

/** Metrics that other parts of the hub count directly. */
export function createCounts(registry: Registry) {
  const registers = [registry];
  const pulls = new Counter({
    name: 'hub_pulls_total',
    help: 'Runs of pulls',
    labelNames: ['party', 'name', 'result'],
    registers,
  });
  const lookUps = new Counter({
    name: 'hub_look_ups_total',
    help: "Citizens' look-ups, by result",
    labelNames: ['outcome'],
    registers,
  });
  const asks = new Counter({
    name: 'hub_asks_total',
    help: 'Questions to registers, by outcome',
    labelNames: ['party', 'question', 'outcome'],
    registers,
  });
  const askSeconds = new Histogram({
    name: 'hub_ask_seconds',
    help: 'Time until a register has answered a question',
    labelNames: ['party'],
    buckets: [0.05, 0.2, 0.5, 1, 2, 5, 10, 20, 60],
    registers,
  });
  const refusals = new Counter({
    name: 'hub_refusals_total',
    help: 'Requests that the doors refused, by how much of them the message log stores: whole, part, none',
    labelNames: ['door', 'kept'],
    registers,
  });
  const failures = new Counter({
    name: 'hub_failures_total',
    help: 'Unexpected errors',
    labelNames: ['where'],
    registers,
  });
  const reads = new Counter({
    name: 'hub_reads_total',
    help: 'Reads by the database that was chosen for them: primary, or a replica',
    labelNames: ['target'],
    registers,
  });
  const replicaFailures = new Counter({
    name: 'hub_replica_failures_total',
    help: 'Reads that failed at a replica and that the primary answered',
    labelNames: ['replica'],
    registers,
  });
  return { pulls, lookUps, asks, askSeconds, refusals, failures, reads, replicaFailures };
}

/** Counts files that arrived. */
export function createFileCount(registry: Registry): (party: string, result: string) => void {
  const files = new Counter({
    name: 'hub_files_total',
    help: 'Files that arrived, by result: stored, known, or why they were refused',
    labelNames: ['party', 'result'],
    registers: [registry],
  });
  return (party, result) => files.inc({ party, result });
}
