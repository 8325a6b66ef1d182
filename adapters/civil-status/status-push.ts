import {
  type Callback,
  type CallbackReply,
  type CallbackResult,
  type CodesOf,
  cleanCode,
  type Item,
  isDossierCode,
  isSecret,
  isSigned,
  say,
  sentObject,
  textOf,
  type Words,
} from '#kit';
import { invalid, numberAlone, stepOf } from './progress.ts';
import type { Settings } from './settings.ts';

/** The status push of the bundle portal (DVCLT), sent as soon as a dossier has moved there. */
export const status: Callback<Settings> = {
  isOn: ({ callbackSecret }) => callbackSecret !== undefined,
  check,
  read,
  reply,
};

const HEADER = 'X-Signature';

type Request = Parameters<Callback<Settings>['check']>[0];

function check({ headers, body }: Request, settings: Settings): Words | undefined {
  const { callbackSecret: secret = '', callbackHeader: header = HEADER, callbackCheck = 'hmac-sha256' } = settings;
  const given = headers.get(header);
  if (given === null) return say('header-missing', { name: header });
  if (callbackCheck === 'secret')
    return isSecret(given, secret)
      ? undefined
      : say('not-the-agreed-key', { where: say('header-named', { name: header }) });
  return isSigned(body, given, secret) ? undefined : say('not-the-agreed-hmac', { name: header });
}

/** One dossier and its status, read with the code tables of the poll. */
function read(body: Uint8Array, settings: Settings, codes: CodesOf): readonly Item[] {
  const row = sentObject(body);
  if (!row) return [invalid(undefined, '', say('not-a-json-object'))];
  const code = cleanCode(textOf(row.maHoSo) ?? '');
  if (!isDossierCode(code)) return [invalid(undefined, '/maHoSo', say('absent-or-no-dossier-code'))];
  const trangThai = textOf(row.trangThai) ?? '';
  if (!/^[0-9]{1,9}$/.test(trangThai)) return [invalid(code, '/trangThai', say('absent-or-no-integer'))];
  // A push has few words, and a status that an operator mapped has no description. The number stands in for it.
  return stepOf({ settings, codes }, code, row, { statusDescription: numberAlone(trangThai) }, '');
}

/** The reply in the form of the ministry's services. Two of its error codes fit: 100 (sender) and 500 (content). */
function reply({ kind, status: httpStatus, problems }: CallbackResult): CallbackReply {
  if (kind === 'held')
    return {
      status: httpStatus,
      body: { status: 1, statusDescription: 'Tiếp nhận thành công', errorCode: null, errorDescription: null },
    };
  return {
    status: httpStatus,
    body: {
      status: 0,
      statusDescription: 'Tiếp nhận không thành công',
      errorCode: httpStatus === 401 ? '100' : '500',
      errorDescription: problems.map(({ path, message }) => `${path} ${message}`.trim()).join('; '),
    },
  };
}
