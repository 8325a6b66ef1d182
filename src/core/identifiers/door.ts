/** Where a message came in. A pull and a callback have the name by which the party's adapter knows them. */
export interface Door {
  readonly kind: string;
  readonly name?: string;
}

/** A door as it is stored and shown, such as `rest` or `pull:dossiers`. */
export function doorKey({ kind, name }: Door): string {
  return name === undefined ? kind : `${kind}:${name}`;
}

/** The door of a key that `doorKey` made. */
export function parseDoor(key: string): Door {
  const at = key.indexOf(':');
  return at < 0 ? { kind: key } : { kind: key.slice(0, at), name: key.slice(at + 1) };
}
