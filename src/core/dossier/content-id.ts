/** What a party said, as hashes in base64: equal content, equal id. */
export interface ContentId {
  readonly record: string;
  /** Of what was said outside the record. Absent where nothing was. */
  readonly extra?: string;
}

export function isSameContent(one: ContentId, other: ContentId): boolean {
  return one.record === other.record && one.extra === other.extra;
}
