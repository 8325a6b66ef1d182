import type { Vault } from '../secrets/vault.ts';
import { wrongParameter } from './problem.ts';

/** Opaque, signed cursors. A client can store one, but cannot invent one. */
export interface Cursors {
  write(list: string, place: readonly (string | number)[]): string;
  /** @throws Refusal 400 for an invalid cursor, or one of another list */
  read(list: string, cursor: string | undefined): readonly (string | number)[] | undefined;
}

export function createCursors(vault: Pick<Vault, 'sign' | 'verify'>): Cursors {
  return {
    write: (list, place) => vault.sign('cursor', Buffer.from(JSON.stringify([list, ...place])).toString('base64url')),
    read(list, cursor) {
      if (cursor === undefined) return undefined;
      const text = vault.verify('cursor', cursor);
      const [of, ...place] =
        text === undefined ? [] : (JSON.parse(Buffer.from(text, 'base64url').toString()) as string[]);
      if (of !== list) throw wrongParameter('cursor', 'cursor-of-another-list');
      return place;
    },
  };
}

/** Cursors of a numbered feed, where each item has one. */
export interface FeedCursors {
  write(list: string, places: readonly number[]): readonly string[];
  /** @throws Refusal 400 for an invalid cursor, or one of another list */
  read(list: string, cursor: string | undefined): number | undefined;
}

/** @param signed reads the cursors that earlier versions of the hub wrote */
export function createFeedCursors(vault: Pick<Vault, 'numberTokens' | 'numberOf'>, signed: Cursors): FeedCursors {
  return {
    write: (list, places) => vault.numberTokens(`cursor ${list}`, places),
    read(list, cursor) {
      if (cursor === undefined) return undefined;
      return vault.numberOf(`cursor ${list}`, cursor) ?? Number(signed.read(list, cursor)?.[0]);
    },
  };
}
