import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { type Frame, framesOf } from '../../backup/frames.ts';
import { unseal } from '../../backup/seal.ts';
import { UsageError } from '../run-command.ts';

/**
 * The frames of a backup file, or of stdin for `-`.
 * @param keyFile holds the recovery key on a line of its own
 */
export function openBackup(file: string, keyFile: string): AsyncGenerator<Frame> {
  const secret = readRecoveryKey(keyFile);
  if (file !== '-' && !existsSync(file)) throw new UsageError(`there is no file ${file}`);
  const source = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1 << 18 });
  return framesOf(unseal(source as AsyncIterable<Buffer>, secret));
}

/** @throws UsageError when the file has no recovery key */
export function readRecoveryKey(file: string): string {
  if (!existsSync(file)) throw new UsageError(`--key: there is no file ${file}`);
  const found = /^\s*(AGE-SECRET-KEY-1[0-9A-Z]+)\s*$/m.exec(readFileSync(file, 'utf8'))?.[1];
  if (found === undefined) throw new UsageError(`--key: ${file} has no line with a recovery key (AGE-SECRET-KEY-1…)`);
  return found;
}

/** @throws UsageError when it is not the public half of a recovery key */
export function requireRecipient(text: string): string {
  if (!/^age1[0-9a-z]{50,}$/.test(text))
    throw new UsageError(`--for: got ${JSON.stringify(text)}, expected the public half of a recovery key: age1…`);
  return text;
}
