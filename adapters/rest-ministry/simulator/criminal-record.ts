import { textAt } from '#kit';
import type { ministryRegistry, SimulatorContext, SimulatorReply, SimulatorRequest } from '#kit/testing';

type Context = SimulatorContext<ministryRegistry.Registry>;

const LGSP_KEY = 'khoa-lgsp-thu-nghiem';
const answer = (statusCode: string, errorDetail?: string): SimulatorReply => ({
  body: { statusCode, errorDetail: errorDetail ?? null, data: null },
});

/**
 * The criminal-record system behind an LGSP. It takes each status of a dossier once, and answers a repeat with the code
 * of an error and the sentence that names it.
 */
export function criminalRecord() {
  return [
    {
      method: 'POST',
      path: '/lgsp/v2/lyLichTuPhap/traKetQuaHoSoLLTP',
      handle({ headers, json }: SimulatorRequest, { state, ledger, now }: Context): SimulatorReply {
        if (!state.sessions.has(headers.authorization ?? ''))
          return { status: 401, body: { code: '900901', message: 'Invalid Credentials' } };
        if (headers.lgspaccesstoken !== LGSP_KEY) return answer('01', 'Không có quyền');
        const given = json();
        const [code, status, name] = ['maHoSoMCDT', 'trangThaiXuLy', 'tenTrangThaiXuLy'].map((path) =>
          textAt(given, path),
        );
        if (code === undefined || status === undefined || name === undefined)
          return answer('01', 'Thiếu trường bắt buộc');
        if (!/^(?:[1-9]|10)$/.test(status)) return answer('01', `Trạng thái ${status} không hợp lệ`);
        const isRepeat = state.steps.some((step) => step.code === code && step.status === status);
        if (isRepeat) return answer('01', `Hồ sơ ${code} không thể cập nhật lên trạng thái ${name}`);
        const atMs = now();
        state.steps.push({ code, status, atMs, changedMs: atMs, actor: '', unit: '', content: name });
        ledger.record('status', code, given);
        return answer('00');
      },
    },
  ];
}
