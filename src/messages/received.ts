import { type Arg, say } from './message.ts';

const LONGEST = 80;

/** A received value as an argument: at most 80 characters as JSON, and an address without its password. */
export function received(value: unknown): Arg {
  if (value === undefined) return say('nothing');
  if (typeof value !== 'string') return value === null || typeof value === 'boolean' ? value : shorten(String(value));
  return shorten(value.slice(0, 4_000).replace(/:\/\/[^\s/?#@"]{1,200}@/g, '://***@'));
}

function shorten(text: string): string {
  if (JSON.stringify(text).length <= LONGEST) return text;
  let cut = text.slice(0, LONGEST - 4);
  while (JSON.stringify(cut).length > LONGEST - 2) cut = cut.slice(0, -1);
  return `${cut}…`;
}
