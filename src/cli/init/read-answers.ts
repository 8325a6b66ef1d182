import { AGENCY_CODE } from '#schemas/parts';
import { ID, ID_MEANS } from '../../config/hub-file.ts';
import type { LoadedAdapter } from '../../parties/load-adapters.ts';
import { UsageError } from '../run-command.ts';
import type { Answers, Partner } from './first-settings.ts';

/** The answers that the options give. */
export interface Given {
  readonly province?: string | undefined;
  readonly name?: string | undefined;
  readonly url?: string | undefined;
  readonly databaseUrl?: string | undefined;
  readonly redisUrl?: string | undefined;
  readonly partner?: readonly string[] | undefined;
}

type Adapters = ReadonlyMap<string, LoadedAdapter>;

/** A terminal at which a person answers questions. */
export interface Terminal {
  readonly question: (question: string) => Promise<string>;
  readonly say: (line: string) => void;
}

/**
 * Reads the options, and asks for missing answers. A question is repeated after a wrong answer.
 * @param terminal without one, a missing answer is wrong usage, like a wrong option
 */
export async function readAnswers(given: Given, adapters: Adapters, terminal?: Terminal): Promise<Answers> {
  const answer = async <Value>(
    option: string | undefined,
    question: string,
    read: (text: string) => Value,
  ): Promise<Value> => {
    if (option !== undefined || !terminal) return read(option ?? '');
    for (;;) {
      try {
        return read((await terminal.question(question)).trim());
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        terminal.say(error.message);
      }
    }
  };
  const names = [...adapters.keys()].join(', ');
  const code = await answer(given.province, 'Code of the province (such as H60): ', provinceCode);
  const name = await answer(given.name, 'Name of the province: ', provinceName);
  const url = await answer(given.url, 'Public address of the hub (https://…): ', publicAddress);
  const databaseUrl = await answer(
    given.databaseUrl,
    'PostgreSQL (postgres://…; empty for an embedded one): ',
    optional,
  );
  const redisUrl = await answer(given.redisUrl, 'Redis (redis://…; empty for one process): ', optional);
  const partners = await answer(given.partner?.join(' '), `Partners, separated by blanks, of ${names}: `, (text) =>
    partnersOf(text, adapters),
  );
  return { province: { code, name }, url, databaseUrl, redisUrl, partners };
}

const optional = (text: string): string | undefined => text || undefined;

function provinceCode(text: string): string {
  if (new RegExp(AGENCY_CODE).test(text)) return text;
  throw new UsageError(`--province: got ${JSON.stringify(text)}, expected a code such as H60`);
}

function provinceName(text: string): string {
  if (text.trim()) return text;
  throw new UsageError('--name is missing: expected a name such as "Tỉnh Tuyên Quang"');
}

function publicAddress(text: string): string {
  if (isWebAddress(text)) return text;
  throw new UsageError(`--url: got ${JSON.stringify(text)}, expected an address such as https://hub.example`);
}

function partnersOf(text: string, adapters: Adapters): readonly Partner[] {
  const partners = text
    .split(/\s+/)
    .filter(Boolean)
    .map((one) => partnerOf(one, adapters));
  const twice = partners.find(({ id }, at) => partners.findIndex((other) => other.id === id) < at);
  if (twice) throw new UsageError(`--partner: ${twice.id} is named twice, expected id:adapter with another id`);
  return partners;
}

/** `adapter`, `id:adapter`, either with `=url`. */
function partnerOf(text: string, adapters: Adapters): Partner {
  const at = text.indexOf('=');
  const [named, url] = at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  const [id = '', adapter = id] = named.split(':');
  if (!adapters.has(adapter))
    throw new UsageError(`--partner: got the adapter ${adapter}, expected one of ${[...adapters.keys()].join(', ')}`);
  if (!new RegExp(ID).test(id))
    throw new UsageError(`--partner: got the id ${JSON.stringify(id)}, expected ${ID_MEANS}`);
  if (url !== undefined && !isWebAddress(url))
    throw new UsageError(`--partner: got the address ${JSON.stringify(url)} for ${id}, expected one such as https://…`);
  return { id, adapter, url };
}

const isWebAddress = (text: string): boolean => /^https?:\/\//.test(text) && URL.canParse(text);
