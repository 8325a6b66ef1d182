import type { Arg, Words } from '#messages/message';
import { isList, isWords } from '#messages/render';

/** The words with every text in their arguments masked. */
export function maskWords({ code, args }: Words, mask: (text: string) => string): Words {
  const masked = Object.entries(args).map(([name, arg]) => [name, maskArg(arg, mask)] as const);
  return { code, args: Object.fromEntries(masked) };
}

function maskArg(arg: Arg, mask: (text: string) => string): Arg {
  if (typeof arg === 'string') return mask(arg);
  if (isWords(arg)) return maskWords(arg, mask);
  return isList(arg) ? arg.map((one) => maskArg(one, mask) as string | number | Words) : arg;
}
