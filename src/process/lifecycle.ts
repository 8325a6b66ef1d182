import type { Logger } from 'pino';

/** The parts that a process starts and stops. */
export interface LifecycleParts {
  readonly log: Logger;
  readonly roles: readonly string[];
  /** Whether another process must poll for new work, because no notification reaches it. */
  readonly isUnnotified: boolean;
  /** How often a worker without the scheduler's sweep polls for due deliveries; false for never. */
  readonly lookMs: number | false | undefined;
  readonly onFault: (where: string, error: unknown) => void;
  readonly queue: { listen(handler: (party: string) => void): Promise<void>; close(): Promise<void> };
  readonly pipeline: { deliver(party: string): void; deliverDue(): Promise<void>; drain(ms: number): Promise<void> };
  readonly scheduler: { start(): Promise<void>; stop(): Promise<void> };
  readonly web: { listen(): Promise<string>; close(): Promise<void> };
  readonly parties: ReadonlyMap<string, { close(): void }>;
  readonly store: { close(): Promise<void> };
  readonly heartbeats: { start(): void; close(): Promise<void> };
  readonly replicas: { start(): void; close(): Promise<void> };
  /** Reports that this process runs. */
  readonly uptime: { start(): Promise<void>; stop(): Promise<void> };
  /** Stores how much flows. */
  readonly flow: { start(): void; stop(): Promise<void> };
  readonly reporting: { close(): Promise<void> };
}

export interface Lifecycle {
  /**
   * Starts delivering (role worker), sweeping (scheduler) and answering (api; other roles answer probes).
   * @returns the address
   */
  start(): Promise<string>;
  /** Takes no new work, finishes the current work, and closes everything. */
  stop(): Promise<void>;
}

/** Part of the ten seconds in which a process must end. Closing the rest takes up to three. */
const DRAINED_MS = 6_500;
/** After a proxy was slow to send elsewhere, and a client to read its answer. */
const DRAINED_LEAST_MS = 1_000;
/** Without Redis no notification of another process arrives: a worker without the sweep looks this often. */
const LOOK_MS = 3_000;

export function createLifecycle(parts: LifecycleParts): Lifecycle {
  const { log, roles, lookMs = LOOK_MS, queue, pipeline, scheduler, web } = parts;
  const isWorker = roles.includes('worker');
  let looking: NodeJS.Timeout | undefined;
  const look = (): Promise<void> => pipeline.deliverDue().catch((error) => parts.onFault('look', error));
  return {
    async start() {
      if (parts.isUnnotified)
        log.warn({ roles }, 'without REDIS_URL other processes find new work by polling, seconds later');
      parts.heartbeats.start();
      parts.replicas.start();
      await parts.uptime.start();
      parts.flow.start();
      if (isWorker) await queue.listen(pipeline.deliver);
      if (roles.includes('scheduler')) await scheduler.start();
      else if (isWorker && lookMs !== false) looking = setInterval(() => void look(), lookMs);
      return web.listen();
    },
    async stop() {
      const startedMs = performance.now();
      clearInterval(looking);
      await Promise.all([scheduler.stop(), web.close()]);
      await pipeline.drain(Math.max(startedMs + DRAINED_MS - performance.now(), DRAINED_LEAST_MS));
      await queue.close();
      for (const party of parts.parties.values()) party.close();
      await Promise.all([parts.heartbeats.close(), parts.replicas.close(), parts.uptime.stop(), parts.flow.stop()]);
      await Promise.all([parts.store.close(), parts.reporting.close()]);
    },
  };
}
