/** How to compare one table of the index. */
export interface ComparedTable {
  readonly name: 'dossiers' | 'aliases' | 'events' | 'records' | 'record_events';
  /** The column with the dossier's code, or with the subject of a record. */
  readonly by: string;
  /** Together with `by`, the key of a row. */
  readonly key: readonly string[];
  /** An encrypted record and its key: the plain texts are compared. */
  readonly sealed?: { readonly value: string; readonly keyId: string };
  /** Derived with the key of the sealed record: compared where both sides have the same key. */
  readonly proofs?: readonly string[];
  /** A sealed hash: the hashes in clear are compared. */
  readonly hash?: string;
  /** Derived with the key of the sealed hash: compared where both sides have the same key. */
  readonly words?: string;
  /** Columns that no message determines, each with the reason. All others are compared. */
  readonly except: Readonly<Record<string, string>>;
}

const REWRITES = 'it tells writers of the live index that an erasure came between';

/**
 * The compared tables of the index: all their columns except those named here. `changes` has no key from messages (its cursor
 * is the commit order), so each change must be in the feed the same number of times.
 */
export const COMPARED: readonly ComparedTable[] = [
  {
    name: 'dossiers',
    by: 'code',
    key: [],
    sealed: { value: 'sealed', keyId: 'sealed_key' },
    proofs: ['phone_proof', 'identity_proof'],
    hash: 'content_hash',
    words: 'search',
    except: {
      made_from: 'the version that the last write began from: it depends on the batch',
      mask_of: 'it depends on the hub that wrote `masked`, which is compared',
      former: 'sealed: its effect is compared in `masked`',
      former_key: 'the key of `former`',
      rewrites: REWRITES,
    },
  },
  { name: 'aliases', by: 'dossier', key: ['party', 'code'], except: {} },
  {
    name: 'events',
    by: 'code',
    key: ['seq'],
    sealed: { value: 'record', keyId: 'record_key' },
    hash: 'hash',
    except: {},
  },
  {
    name: 'records',
    by: 'subject',
    key: [],
    sealed: { value: 'sealed', keyId: 'sealed_key' },
    proofs: ['phone_proof'],
    hash: 'content_hash',
    words: 'search',
    except: {
      made_from: 'the version that the last write began from: it depends on the batch',
      mask_of: 'hubs before migration 065 write it',
      masked_version: 'it depends on the hub that wrote `masked`, which is compared',
      rewrites: REWRITES,
    },
  },
  {
    name: 'record_events',
    by: 'subject',
    key: ['seq'],
    sealed: { value: 'record', keyId: 'record_key' },
    hash: 'hash',
    except: {},
  },
];
