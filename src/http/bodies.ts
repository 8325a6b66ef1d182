import type { Context } from 'hono';
import { say } from '#messages/message';
import { createLargeBodyQueue } from '../concurrency/large-bodies.ts';
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

/** One memory budget for all request bodies of a process. */
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

interface Holder {
  pool: Pool;
  account: Account;
  readonly startedMs: number;
  bytes: number;
  listener: ((refusal: Refusal) => void) | undefined;
  refused: Refusal | undefined;
  /** A compressed body that has begun to inflate. */
  inflation: 'running' | 'done' | undefined;
}

interface Account {
  readonly name: string;
  readonly holders: Set<Holder>;
  /** Begin to inflate the bodies that wait, oldest first. */
  readonly waiting: Set<() => void>;
  bytes: number;
}

interface Pool {
  readonly mostBytes: number;
  /** A smaller account is not refused when nobody else can make room. */
  readonly minimumBytes: number;
  readonly accounts: Map<string, Account>;
  /** Whether the first of two holders makes room before the second. */
  readonly goesFirst: (one: Holder, other: Holder, nowMs: number) => boolean;
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
  const turns = createLargeBodyQueue();
  const known = createPool(mostBytes.known, mostBytes.known / 8, isOfLargestAccount);
  const anonymous = createPool(mostBytes.anonymous, 0, hasMoreByteSeconds);

  async function use<Out>(pool: Pool, name: string, run: (load: Load) => Promise<Out>): Promise<Out> {
    const holder: Holder = {
      pool,
      account: accountOf(pool, name),
      startedMs: performance.now(),
      bytes: 0,
      listener: undefined,
      refused: undefined,
      inflation: undefined,
    };
    holder.account.holders.add(holder);
    const load: Load = {
      hold: (bytes) => hold(holder, bytes),
      release: (bytes) => release(holder, bytes),
      belongsTo: (owner) => move(holder, known, owner),
      onEvicted(listener) {
        holder.listener = listener;
      },
      turnToInflate: () => turnToInflate(holder),
      work: (bytes, work) =>
        turns(bytes, work, {
          owner: holder.pool === known ? holder.account.name : ANONYMOUS,
          onWait: load.onEvicted,
        }),
    };
    try {
      return await run(load);
    } finally {
      leave(holder);
    }
  }

  return {
    ofKey: (id, run) => use(known, id, run),
    ofAnonymous: (c, run) => use(anonymous, networkOf(clients.addressOf(c) ?? ''), run),
  };
}

/** Evicts the newest body of the key that holds most, so that older bodies finish first. */
function isOfLargestAccount(one: Holder, other: Holder): boolean {
  if (one.account.bytes !== other.account.bytes) return one.account.bytes > other.account.bytes;
  return one.startedMs > other.startedMs;
}

/** Evicts large and slow bodies of an address with many. A newcomer is never the first. */
function hasMoreByteSeconds(one: Holder, other: Holder, nowMs: number): boolean {
  const burdenOf = ({ account, bytes, startedMs }: Holder): number => bytes * account.bytes * (nowMs - startedMs + 1);
  return burdenOf(one) > burdenOf(other);
}

function createPool(mostBytes: number, minimumBytes: number, goesFirst: Pool['goesFirst']): Pool {
  return { mostBytes, minimumBytes, goesFirst, accounts: new Map(), bytes: 0 };
}

function accountOf(pool: Pool, name: string): Account {
  const account = pool.accounts.get(name) ?? {
    name,
    holders: new Set<Holder>(),
    waiting: new Set<() => void>(),
    bytes: 0,
  };
  pool.accounts.set(name, account);
  return account;
}

function hold(holder: Holder, bytes: number): void {
  if (holder.refused) throw holder.refused;
  count(holder, bytes);
  makeRoom(holder);
}

function release(holder: Holder, bytes: number): void {
  count(holder, -Math.min(bytes, holder.bytes));
}

function count(holder: Holder, bytes: number): void {
  holder.bytes += bytes;
  holder.account.bytes += bytes;
  holder.pool.bytes += bytes;
}

function leave(holder: Holder): void {
  release(holder, holder.bytes);
  holder.listener = undefined;
  const { account, pool } = holder;
  account.holders.delete(holder);
  if (account.holders.size === 0) pool.accounts.delete(account.name);
  inflateNext(account);
}

function move(holder: Holder, pool: Pool, owner: string): void {
  if (holder.pool === pool && holder.account.name === owner) return;
  const { bytes, listener } = holder;
  leave(holder);
  Object.assign(holder, { pool, account: accountOf(pool, owner), listener });
  holder.account.holders.add(holder);
  hold(holder, bytes);
}

async function turnToInflate(holder: Holder): Promise<() => void> {
  // Others took its place between its arrival and its turn.
  if (holder.refused) throw holder.refused;
  if (hasRoomToInflate(holder.account)) holder.inflation = 'running';
  else await waitToInflate(holder);
  return () => {
    holder.inflation = 'done';
    inflateNext(holder.account);
  };
}

function waitToInflate(holder: Holder): Promise<void> {
  const { waiting } = holder.account;
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      clearTimeout(late);
      waiting.delete(begin);
      holder.listener = undefined;
    };
    const begin = (): void => {
      leave();
      holder.inflation = 'running';
      resolve();
    };
    const refuse = (refusal: Refusal): void => {
      leave();
      reject(refusal);
    };
    const late = setTimeout(() => refuse(tooMuch()), MOST_WAIT_MS);
    holder.listener = refuse;
    waiting.add(begin);
  });
}

/** One body at a time, and none while the others hold much. */
function hasRoomToInflate({ holders }: Account): boolean {
  let bytes = 0;
  for (const holder of holders) {
    if (holder.inflation === 'running') return false;
    if (holder.inflation === 'done') bytes += holder.bytes;
  }
  return bytes <= INFLATED_BYTES;
}

function inflateNext(account: Account): void {
  for (const begin of account.waiting) {
    if (!hasRoomToInflate(account)) return;
    begin();
  }
}

/** @throws Refusal when the body that asks for room is the one to evict */
function makeRoom(asking: Holder): void {
  const { pool } = asking;
  while (pool.bytes > pool.mostBytes) {
    const victim = victimOf(pool, asking);
    if (victim === asking && asking.account.bytes <= pool.minimumBytes) return;
    victim.refused = tooMuch();
    release(victim, victim.bytes);
    if (victim === asking) throw victim.refused;
    const { listener } = victim;
    victim.listener = undefined;
    listener?.(victim.refused);
  }
}

/** The body to evict: the one that asks, or one that still arrives or waits. */
function victimOf({ accounts, goesFirst }: Pool, asking: Holder): Holder {
  const nowMs = performance.now();
  let victim = asking;
  for (const { holders } of accounts.values())
    for (const holder of holders)
      if (holder.listener && holder.bytes > 0 && goesFirst(holder, victim, nowMs)) victim = holder;
  return victim;
}

function tooMuch(): Refusal {
  return new Refusal('unavailable', say('bodies-at-once'), { headers: { 'Retry-After': '5' } });
}
