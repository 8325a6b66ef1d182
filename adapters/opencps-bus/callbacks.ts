import {
  type Callback,
  type CallbackReply,
  type CallbackResult,
  type CodesOf,
  type Item,
  isSecret,
  issuedTokens,
  say,
  sentObject,
} from '#kit';
import { readStatistic, readVote } from './figures.ts';
import { type Row, readDocument, readTrace, unreadable } from './read.ts';
import { canPush, type Settings, successOf } from './settings.ts';

const TOKEN_S = 3_600;

/** Where OpenCPS gets its token. Client and secret stand in the form, or in Basic authentication. */
const token: Callback<Settings> = {
  isOn: canPush,
  check({ headers, body }, { pushKey = '', pushSecret = '' }) {
    const form = new URLSearchParams(Buffer.from(body).toString());
    if (form.get('grant_type') !== 'client_credentials') return say('grant-type');
    const [id, secret] = form.has('client_id') ? [form.get('client_id'), form.get('client_secret')] : basicIn(headers);
    const isKnown = isSecret(id, pushKey) && isSecret(secret, pushSecret);
    return isKnown ? undefined : say('not-the-agreed-client');
  },
  answer: ({ nowMs }, { pushSecret = '' }) => ({
    status: 200,
    body: {
      access_token: issuedTokens(pushSecret).issue(nowMs + TOKEN_S * 1_000),
      token_type: 'Bearer',
      expires_in: TOKEN_S,
      scope: 'default',
    },
  }),
  reply: ({ status }) => ({ status, body: { error: status === 401 ? 'invalid_client' : 'invalid_request' } }),
};

function basicIn(headers: Headers): readonly [id: string, secret: string] {
  const [, pair = ''] = /^Basic +(\S+)$/i.exec(headers.get('authorization') ?? '') ?? [];
  const [id = '', ...secret] = Buffer.from(pair, 'base64').toString().split(':');
  return [id, secret.join(':')];
}

function pushed(
  read: (row: Row, settings: Settings, codes: CodesOf) => readonly Item[],
  inlineFiles?: Callback<Settings>['inlineFiles'],
): Callback<Settings> {
  return {
    isOn: canPush,
    inlineFiles,
    check: ({ headers, nowMs }, { pushSecret = '' }) =>
      issuedTokens(pushSecret).isShown(headers, nowMs) ? undefined : say('token-not-valid'),
    read(body, settings, codes) {
      const row = sentObject(body);
      return row ? read(row, settings, codes) : [unreadable];
    },
    reply,
  };
}

/** `Status` is the HTTP status, but for success, where the bus may have agreed on another number. */
function reply({ kind, status, problems }: CallbackResult, settings: Settings): CallbackReply {
  if (kind === 'held') return { status, body: { Status: successOf(settings), Message: 'OK' } };
  const message = problems.map(({ path, message }) => `${path} ${message}`.trim()).join('; ');
  return { status, body: { Status: status, Message: message } };
}

const figures = { statistic: pushed(readStatistic), vote: pushed(readVote) };

/** OpenCPS writes the longer addresses, the description of the bus the shorter ones. */
export const callbacks: Readonly<Record<string, Callback<Settings>>> = {
  token,
  'Document/SyncDocument': pushed((row, settings, codes) => [readDocument(row, settings, codes)], {
    member: 'Base64',
    pathOf: (number) => `/Attachments/${number}/Base64`,
  }),
  'Document/UpdateDocumentTraces': pushed((row) => [readTrace(row)]),
  Statistic: figures.statistic,
  'Statistic/UpdateStatistic': figures.statistic,
  Vote: figures.vote,
  'Vote/UpdateVote': figures.vote,
};
