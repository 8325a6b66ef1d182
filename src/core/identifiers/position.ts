/** A heartbeat of a process. A database that shows it has every commit that was acknowledged before it was sent. */
export interface Position {
  readonly process: number;
  readonly number: number;
}

/** A position as the hub sends it and clients send it back. */
export function positionText(position: Position): string {
  return [position.process, position.number].map((part) => part.toString(36)).join('-');
}

/** @returns undefined for a text that no hub wrote */
export function readPosition(text: string): Position | undefined {
  const [, writer, number] = /^([0-9a-z]{1,10})-([0-9a-z]{1,10})$/.exec(text) ?? [];
  if (writer === undefined || number === undefined) return undefined;
  return { process: Number.parseInt(writer, 36), number: Number.parseInt(number, 36) };
}
