import { problem } from '#core/problem';
import type { Vault } from '../secrets/vault.ts';
import { refusalWith } from './problem.ts';

/** Opaque, signed cursors. A client can store one, but cannot invent one. */
export interface Cursors {
  write(list: string, place: readonly (string | number)[]): string;
  /**
   * @param place where the client gave it, by default in the query
   * @throws Refusal 400 for an invalid cursor, or one of another list
   */
  read(list: string, cursor: string | undefined, place?: string): readonly (string | number)[] | undefined;
}

export function createCursors(vault: Pick<Vault, 'sign' | 'verify'>): Cursors {
  return {
    write: (list, place) => vault.sign('cursor', Buffer.from(JSON.stringify([list, ...place])).toString('base64url')),
    read(list, cursor, place = '?cursor') {
      if (cursor === undefined) return undefined;
      const text = vault.verify('cursor', cursor);
      const [of, ...held] =
        text === undefined ? [] : (JSON.parse(Buffer.from(text, 'base64url').toString()) as string[]);
      if (of !== list) throw refusalWith([problem(place, 'cursor-of-another-list')]);
      return held;
    },
  };
}

/** Cursors of a numbered feed, where each item has one. */
export interface FeedCursors {
  write(list: string, places: readonly number[]): readonly string[];
  /** Like that of `Cursors`. */
  read(list: string, cursor: string | undefined, place?: string): number | undefined;
}

/** @param signed reads the cursors that earlier versions of the hub wrote */
export function createFeedCursors(vault: Pick<Vault, 'numberTokens' | 'numberOf'>, signed: Cursors): FeedCursors {
  return {
    write: (list, places) => vault.numberTokens(`cursor ${list}`, places),
    read(list, cursor, place) {
      if (cursor === undefined) return undefined;
      return vault.numberOf(`cursor ${list}`, cursor) ?? Number(signed.read(list, cursor, place)?.[0]);
    },
  };
}
