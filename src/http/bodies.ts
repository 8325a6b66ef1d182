import type { Context } from 'hono';
import { say } from '#messages/message';
import { createLargeBodyQueue, type LargeBodyQueue } from '../concurrency/large-bodies.ts';
import { type Clients, networkOf } from './clients.ts';
import { Refusal } from './problem.ts';

/** The memory of one request body: its inflated bytes, from arrival until the answer. */
export interface Load {
  /** Counts stored bytes. @throws Refusal 503 when the body has to make room for others */
  hold(bytes: number): void;
  /** Uncounts bytes that are freed. */
  release(bytes: number): void;
  /** Moves the bytes from the address to the authenticated sender. @throws Refusal as hold */
  belongsTo(owner: string): void;
  /** Sets the listener for an eviction. Undefined while the request cannot be interrupted. */
  onEvicted(listener: ((refusal: Refusal) => void) | undefined): void;
  /**
   * Waits until the sender's other compressed bodies leave room to inflate one more.
   *
   * @returns ends the turn, when the body is inflated
   * @throws Refusal 503 after ten seconds, or when the body has to make room for others
   */
  turnToInflate(): Promise<() => void>;
  /** Processes a whole body. A large one waits until it is its sender's turn. */
  work<Out>(bytes: number, work: () => Promise<Out>): Promise<Out>;
}

/**
 * One memory budget for all request bodies of a process. Senders with a key share one pool, anonymous ones another. A full pool
 * evicts bodies: their requests get 503. Example: in 64 MiB, key A has bodies of 30 and 20 MiB. A body of 20 MiB of key B
 * arrives, and the hub evicts the newer one of A.
 */
export interface Bodies {
  /** Uses a body whose sender has shown a key. */
  ofKey<Out>(id: string, use: (load: Load) => Promise<Out>): Promise<Out>;
  /** Uses a body without a key outside the body. It counts for its address. */
  ofAnonymous<Out>(c: Context, use: (load: Load) => Promise<Out>): Promise<Out>;
}

/** At worst both pools are full: 104 MiB, plus the bodies in parsing (large-bodies.ts). */
const KNOWN_BYTES = 64 * 1024 * 1024;
const ANONYMOUS_BYTES = 40 * 1024 * 1024;

/**
 * While the inflated bodies of a sender hold more, its next one stays compressed. 60 KB may inflate to 19 MB: inflated all at
 * once, 60 of them filled the whole budget several times over, and the process kept 200 MB more.
 */
const INFLATED_BYTES = 4 * 1024 * 1024;
const MOST_WAIT_MS = 10_000;

/** Anonymous senders share one turn, because an attacker gets addresses for free. */
const ANONYMOUS = '(anonymous)';

/** The bodies of one key, or of one address. */
interface Account {
  readonly name: string;
  readonly pool: Pool;
  readonly bodies: Set<HeldBody>;
  /** Begin to inflate the bodies that wait, oldest first. */
  readonly waiting: Set<() => void>;
  bytes: number;
}

interface Pool {
  readonly mostBytes: number;
  /** A smaller account is not refused when nobody else can make room. */
  readonly minimumBytes: number;
  readonly accounts: Map<string, Account>;
  /** Whether the first of two bodies is evicted before the second. */
  readonly isEvictedBefore: (one: HeldBody, other: HeldBody, nowMs: number) => boolean;
  bytes: number;
}

/**
 * @param mostBytes for all senders with a key, and for all anonymous senders. Each must hold several
 * of the largest bodies.
 */
export function createBodies(
  clients: Pick<Clients, 'addressOf'>,
  maxBodyBytes: number,
  mostBytes = {
    known: Math.max(KNOWN_BYTES, 3 * maxBodyBytes),
    anonymous: Math.max(ANONYMOUS_BYTES, 2 * maxBodyBytes),
  },
): Bodies {
  const queue = createLargeBodyQueue();
  const known = createPool(mostBytes.known, mostBytes.known / 8, isOfLargestAccount);
  const anonymous = createPool(mostBytes.anonymous, 0, hasMoreByteSeconds);

  async function use<Out>(pool: Pool, name: string, run: (load: Load) => Promise<Out>): Promise<Out> {
    const body = new HeldBody(accountOf(pool, name), known, queue);
    try {
      return await run(body);
    } finally {
      body.leave();
    }
  }

  return {
    ofKey: (id, run) => use(known, id, run),
    ofAnonymous: (c, run) => use(anonymous, networkOf(clients.addressOf(c) ?? ''), run),
  };
}

/** Evicts the newest body of the key that holds most, so that older bodies finish first. */
function isOfLargestAccount(one: HeldBody, other: HeldBody): boolean {
  if (one.account.bytes !== other.account.bytes) return one.account.bytes > other.account.bytes;
  return one.startedMs > other.startedMs;
}

/** Evicts large and slow bodies of an address with many. A newcomer is never the first. */
function hasMoreByteSeconds(one: HeldBody, other: HeldBody, nowMs: number): boolean {
  const burdenOf = ({ account, bytes, startedMs }: HeldBody): number => bytes * account.bytes * (nowMs - startedMs + 1);
  return burdenOf(one) > burdenOf(other);
}

function createPool(mostBytes: number, minimumBytes: number, isEvictedBefore: Pool['isEvictedBefore']): Pool {
  return { mostBytes, minimumBytes, isEvictedBefore, accounts: new Map(), bytes: 0 };
}

function accountOf(pool: Pool, name: string): Account {
  const account = pool.accounts.get(name) ?? { name, pool, bodies: new Set(), waiting: new Set(), bytes: 0 };
  pool.accounts.set(name, account);
  return account;
}

class HeldBody implements Load {
  readonly startedMs = performance.now();
  account: Account;
  bytes = 0;
  /** Of a compressed body that has begun to inflate. */
  inflation: 'running' | 'done' | undefined;
  readonly #known: Pool;
  readonly #queue: LargeBodyQueue;
  /** Ends the request with a refusal. Undefined while that cannot be done, and then the body is not evicted. */
  #interrupt: ((refusal: Refusal) => void) | undefined;
  #refused: Refusal | undefined;

  constructor(account: Account, known: Pool, queue: LargeBodyQueue) {
    this.account = account;
    this.#known = known;
    this.#queue = queue;
    account.bodies.add(this);
  }

  hold(bytes: number): void {
    if (this.#refused) throw this.#refused;
    this.#count(bytes);
    this.#makeRoom();
  }

  release(bytes: number): void {
    this.#count(-Math.min(bytes, this.bytes));
  }

  belongsTo(owner: string): void {
    const { account, bytes } = this;
    if (account.pool === this.#known && account.name === owner) return;
    const interrupt = this.#interrupt;
    this.leave();
    this.#interrupt = interrupt;
    this.account = accountOf(this.#known, owner);
    this.account.bodies.add(this);
    this.hold(bytes);
  }

  readonly onEvicted = (interrupt: ((refusal: Refusal) => void) | undefined): void => {
    this.#interrupt = interrupt;
  };

  async turnToInflate(): Promise<() => void> {
    // Others took its place between its arrival and its turn.
    if (this.#refused) throw this.#refused;
    if (hasRoomToInflate(this.account)) this.inflation = 'running';
    else await this.#waitToInflate();
    return () => {
      this.inflation = 'done';
      inflateNext(this.account);
    };
  }

  work<Out>(bytes: number, work: () => Promise<Out>): Promise<Out> {
    const { name, pool } = this.account;
    return this.#queue(bytes, work, { owner: pool === this.#known ? name : ANONYMOUS, onWait: this.onEvicted });
  }

  /** Frees its memory. */
  leave(): void {
    const { account } = this;
    this.release(this.bytes);
    this.#interrupt = undefined;
    account.bodies.delete(this);
    if (account.bodies.size === 0) account.pool.accounts.delete(account.name);
    inflateNext(account);
  }

  #count(bytes: number): void {
    this.bytes += bytes;
    this.account.bytes += bytes;
    this.account.pool.bytes += bytes;
  }

  /** @throws Refusal when this body is the one to evict */
  #makeRoom(): void {
    const { pool } = this.account;
    while (pool.bytes > pool.mostBytes) {
      const victim = this.#victim(pool);
      if (victim === this && this.account.bytes <= pool.minimumBytes) return;
      const refusal = tooMuch();
      const interrupt = victim.#interrupt;
      victim.#refused = refusal;
      victim.#interrupt = undefined;
      victim.release(victim.bytes);
      if (victim === this) throw refusal;
      interrupt?.(refusal);
    }
  }

  /** The body to evict: this one, or one that still arrives or waits. */
  #victim({ accounts, isEvictedBefore }: Pool): HeldBody {
    const nowMs = performance.now();
    let victim: HeldBody = this;
    for (const { bodies } of accounts.values())
      for (const body of bodies)
        if (body.#interrupt && body.bytes > 0 && isEvictedBefore(body, victim, nowMs)) victim = body;
    return victim;
  }

  #waitToInflate(): Promise<void> {
    const { waiting } = this.account;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(late);
        waiting.delete(begin);
        this.#interrupt = undefined;
      };
      const begin = (): void => {
        leave();
        this.inflation = 'running';
        resolve();
      };
      const refuse = (refusal: Refusal): void => {
        leave();
        reject(refusal);
      };
      const late = setTimeout(() => refuse(tooMuch()), MOST_WAIT_MS);
      this.#interrupt = refuse;
      waiting.add(begin);
    });
  }
}

/** One body at a time, and none while the others hold much. */
function hasRoomToInflate({ bodies }: Account): boolean {
  let bytes = 0;
  for (const { inflation, bytes: held } of bodies) {
    if (inflation === 'running') return false;
    if (inflation === 'done') bytes += held;
  }
  return bytes <= INFLATED_BYTES;
}

function inflateNext(account: Account): void {
  for (const begin of account.waiting) {
    if (!hasRoomToInflate(account)) return;
    begin();
  }
}

function tooMuch(): Refusal {
  return new Refusal('unavailable', say('bodies-at-once'), { headers: { 'Retry-After': '5' } });
}
