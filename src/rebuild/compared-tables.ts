/** How one table of the index is compared. */
export interface ComparedTable {
  readonly name: 'dossiers' | 'aliases' | 'events';
  /** The column that names the dossier. */
  readonly by: string;
  /** With it, what tells the rows of one dossier apart. */
  readonly key: readonly string[];
  /** A record that is encrypted, and with which key: the plain texts are compared. */
  readonly sealed?: { readonly value: string; readonly keyId: string };
  /** Made with the key of the sealed record: compared where both sides have the same one. */
  readonly proofs?: readonly string[];
  /** A sealed hash: the hashes in clear are compared. */
  readonly hash?: string;
  /** Made with the key of the sealed hash: compared where both sides have the same one. */
  readonly words?: string;
  /** Columns that no message tells, each with the reason. All others are compared. */
  readonly except: Readonly<Record<string, string>>;
}

/**
 * The index, as it is compared: every column of these tables but those named here. `changes` has no key that messages
 * tell (its cursor is the order of commits): every change that the messages tell has to be in the feed, as often.
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
      made_from: 'the version that the last write began from: it tells what shared a statement',
      mask_of: 'it tells which hub wrote `masked`, which is compared',
      former: 'sealed: what it does is compared in `masked`',
      former_key: 'the key of `former`',
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
];
