/** Where a message entered. A pull and a callback carry the name that the party's adapter gives them. */
export interface Door {
  readonly kind: string;
  readonly name?: string;
}

/** A door as it is stored and shown, such as `rest` or `pull:dossiers`. */
export function doorKey({ kind, name }: Door): string {
  return name === undefined ? kind : `${kind}:${name}`;
}

/** The door of a key from `doorKey`. */
export function parseDoor(key: string): Door {
  const at = key.indexOf(':');
  return at < 0 ? { kind: key } : { kind: key.slice(0, at), name: key.slice(at + 1) };
}
