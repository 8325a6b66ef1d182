import {
  type Callback,
  type CallbackReply,
  type CallbackRequest,
  type CallbackResult,
  type CodesOf,
  cleanCode,
  type Item,
  isDossierCode,
  isSecret,
  isSigned,
  sentObject,
  textOf,
} from '#kit';
import { invalid, numberAlone, stepOf } from './progress.ts';
import type { Settings } from './settings.ts';

/** What the portal of bundles (DVCLT) tells of a dossier as soon as it has moved there. */
export const status: Callback<Settings> = {
  isOn: ({ callbackSecret }) => callbackSecret !== undefined,
  check,
  read,
  reply,
};

const HEADER = 'X-Signature';

function check({ headers, body }: CallbackRequest, settings: Settings): string | undefined {
  const { callbackSecret: secret = '', callbackHeader: header = HEADER, callbackCheck = 'hmac-sha256' } = settings;
  const given = headers.get(header);
  if (given === null) return `the header ${header} is missing`;
  if (callbackCheck === 'secret')
    return isSecret(given, secret) ? undefined : `the header ${header} does not hold the secret that was agreed on`;
  return isSigned(body, given, secret) ? undefined : `the header ${header} is no HMAC-SHA256 of the body by the secret`;
}

/** One dossier and its status, read by the tables by which an answer to the poll is read. */
function read(body: Uint8Array, settings: Settings, codes: CodesOf): readonly Item[] {
  const row = sentObject(body);
  if (!row) return [invalid(undefined, '', 'the body is no JSON object in UTF-8')];
  const code = cleanCode(textOf(row.maHoSo) ?? '');
  if (!isDossierCode(code)) return [invalid(undefined, '/maHoSo', 'it is missing, or no code of a dossier')];
  const trangThai = textOf(row.trangThai) ?? '';
  if (!/^[0-9]{1,9}$/.test(trangThai)) return [invalid(code, '/trangThai', 'it is missing, or no whole number')];
  // A push has few words, and a status that an operator mapped has none: what was told is the number.
  return stepOf({ settings, codes }, code, row, { statusDescription: numberAlone(trangThai) }, '');
}

/** As the ministry's services answer. Of its error codes two fit: 100 (who it is) and 500 (what it says). */
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
