/** A part of a backup: a fact as JSON, or bytes of the table that the last fact named. */
export type Frame = { readonly fact: Fact } | { readonly bytes: Buffer };

/** The facts of a backup, in their order. */
export type Fact =
  | ({ readonly kind: 'start' } & Start)
  | { readonly kind: 'table'; readonly name: string; readonly columns: readonly string[] }
  /** The table before this fact is whole. */
  | { readonly kind: 'rows'; readonly name: string; readonly rows: number }
  | { readonly kind: 'sequences'; readonly values: Readonly<Record<string, string>> }
  /** The backup is whole. */
  | { readonly kind: 'end'; readonly rows: Readonly<Record<string, number>> };

export interface Start {
  /** Version of the hub that wrote the backup. */
  readonly hub: string;
  /** The moment whose state it holds. */
  readonly takenAt: string;
  readonly migrations: readonly string[];
  readonly partitions: readonly Partition[];
  /** Settings and secrets, without which the data cannot be used. */
  readonly settings: Settings;
}

export interface Partition {
  readonly table: string;
  readonly name: string;
  /** The bound as PostgreSQL writes it: FOR VALUES …, or DEFAULT. */
  readonly bound: string;
}

export interface Settings {
  /** HUB_CONFIG as it was written, with its placeholders; null without a file. */
  readonly config: string | null;
  /** HUB_SECRET and HUB_SECRET_OLD, and the variables that the file names. */
  readonly environment: Readonly<Record<string, string>>;
  /** Keys and certificates that the configuration names by path. Older backups have none. */
  readonly files?: readonly NamedFile[];
}

export interface NamedFile {
  /** The path as the configuration has it, with its placeholders. */
  readonly written: string;
  readonly path: string;
  /** Its content, in PEM. */
  readonly text: string;
}

const HEADER_BYTES = 5;
const FACT = 1;
const BYTES = 2;
/** Frames of our own are far smaller. A larger one is no frame. */
const MAX_BYTES = 64 * 1024 * 1024;

export function factFrame(fact: Fact): Buffer {
  return frame(FACT, Buffer.from(JSON.stringify(fact)));
}

export function bytesFrame(bytes: Buffer): Buffer {
  return frame(BYTES, bytes);
}

function frame(type: number, content: Buffer): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt8(type);
  header.writeUInt32BE(content.length, 1);
  return Buffer.concat([header, content]);
}

/**
 * The frames in a stream of bytes.
 * @throws when the stream ends within a frame, or is no backup
 */
export async function* framesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      if (rest.length < HEADER_BYTES) break;
      const [type, length] = [rest.readUInt8(), rest.readUInt32BE(1)];
      if (type < FACT || type > BYTES || length > MAX_BYTES) throw new Error('this is not a backup of a hub');
      if (rest.length < HEADER_BYTES + length) break;
      const content = rest.subarray(HEADER_BYTES, HEADER_BYTES + length);
      rest = rest.subarray(HEADER_BYTES + length);
      yield type === FACT ? { fact: JSON.parse(content.toString()) as Fact } : { bytes: content };
    }
  }
  if (rest.length > 0) throw new Error('the backup ends in the middle of a part: it was cut off');
}
