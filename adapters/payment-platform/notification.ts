import { type Callback, type CallbackReply, type CallbackResult, problem, say, sentObject, textOf } from '#kit';
import { readNotification } from './reports.ts';
import { isPaygov, type Settings } from './settings.ts';
import { isChecked, isSignedIpn } from './signatures.ts';

type Members = Readonly<Record<string, unknown>>;

/** `POST /callbacks/{party}/ipn`: the platform's own word on a payment. The browser's return is never believed. */
export const ipn: Callback<Settings> = {
  check({ body }, settings) {
    const members = sentObject(body);
    if (!members) return say('not-a-json-object');
    if (isPaygov(settings))
      return isChecked(settings.ipnChecksum ?? [], members, settings)
        ? undefined
        : say('not-valid', { name: 'checksum' });
    return isSignedIpn(members, settings) ? undefined : say('not-valid', { name: 'MaXacThuc' });
  },
  referenceIn(body, settings) {
    const members = sentObject(body);
    return members && textOf(isPaygov(settings) ? members.requestCode : members.MaThamChieu);
  },
  read(body, settings) {
    const members = sentObject(body);
    if (!members) return [{ kind: 'invalid', problems: [problem('', 'body-unreadable')] }];
    return [readNotification(isPaygov(settings) ? fromPaygov(members, settings) : members, settings)];
  },
  reply: (result, settings, body) => (isPaygov(settings) ? paygovReply(result) : replyOf(result, body)),
};

/** PayGov's members by the platform's names. A notification of another partner has no partner code of its own. */
function fromPaygov(members: Members, { partnerCode }: Settings): Members {
  const { requestCode, amount, errorCode, transactionCode, transactionNo, payDate } = members;
  return {
    MaDoiTac: members.partnerCode ?? partnerCode,
    MaThamChieu: requestCode,
    SoTien: amount,
    MaLoi: errorCode,
    // The gateway's receipt asks for the transaction code.
    MaGiaoDich: transactionCode ?? transactionNo,
    ThoiGianGD: payDate,
  };
}

const LONGEST = 255;

/** The platform wants its own members back, as provinces answer it. */
function replyOf({ kind, status }: CallbackResult, body: Uint8Array | undefined): CallbackReply {
  const sent = body && sentObject(body);
  const echoed = (name: string): string => (textOf(sent?.[name]) ?? '').slice(0, LONGEST);
  return {
    status,
    body: {
      MaLoi: kind === 'held' ? '00' : '99',
      MoTaLoi: kind === 'held' ? 'Thành công' : 'Các lỗi khác',
      MaDoiTac: echoed('MaDoiTac'),
      MaThamChieu: echoed('MaThamChieu'),
      ThoiGianGD: echoed('ThoiGianGD'),
      MaXacThuc: echoed('MaXacThuc'),
    },
  };
}

function paygovReply({ kind, status, problems }: CallbackResult): CallbackReply {
  if (kind === 'held') return { status, body: { error_code: 'SUCCESSFUL', error_message: 'Confirm transaction' } };
  return { status, body: { error_code: 'FAILED', error_message: problems.map(({ message }) => message).join('; ') } };
}
