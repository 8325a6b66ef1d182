/** The content of a statement as hashes in base64. Equal content has equal ids. */
export interface ContentId {
  readonly record: string;
  /** The hash of content outside the record. Absent without any. */
  readonly extra?: string;
}

/** Stands for the newest record of a dossier while all its records are far ahead. No content has this hash. */
export const NO_CONTENT: ContentId = { record: `${'A'.repeat(43)}=` };

export function isSameContent(one: ContentId, other: ContentId): boolean {
  return one.record === other.record && one.extra === other.extra;
}
