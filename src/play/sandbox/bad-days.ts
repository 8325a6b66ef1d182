import type { Fault, RequestFault } from '../../kit/testing/simulator/faults.ts';

/** Something that goes wrong for a while, in words for the page. */
export interface BadDay<Kind extends Fault = Fault> {
  readonly id: string;
  readonly vi: string;
  readonly en: string;
  readonly faults: readonly Kind[];
}

const FOR_MS = 30_000;
const SOME = 5;

/** What the hub does to the system that pushes. */
export const AT_THE_DOOR: readonly BadDay<RequestFault>[] = [
  {
    id: 'lost-answers',
    vi: `Trục tiếp nhận ${SOME} lần gửi tiếp theo nhưng trả lời bị mất`,
    en: `The hub takes the next ${SOME} pushes, and the answers are lost`,
    faults: [{ kind: 'drop-reply', times: SOME }],
  },
  {
    id: 'half-answers',
    vi: `${SOME} trả lời tiếp theo bị cắt giữa chừng`,
    en: `The next ${SOME} answers end in the middle`,
    faults: [{ kind: 'half', times: SOME }],
  },
  {
    id: 'broken-connections',
    vi: `${SOME} kết nối tiếp theo bị ngắt trước khi trục tiếp nhận`,
    en: `The next ${SOME} connections break before the hub takes the push`,
    faults: [{ kind: 'reset', times: SOME }],
  },
  {
    id: 'busy',
    vi: 'Trục bận 30 giây, yêu cầu chờ 5 giây (503, Retry-After)',
    en: 'The hub is busy for 30 s, and asks to wait 5 s (503, Retry-After)',
    faults: [
      {
        kind: 'status',
        status: 503,
        forMs: FOR_MS,
        headers: { 'retry-after': '5', 'content-type': 'application/problem+json' },
        body: '{"type":"/docs#problem-unavailable","title":"Unavailable","status":503,"detail":"the sandbox plays a busy hub","code":"unavailable","args":{}}',
      },
    ],
  },
  {
    id: 'slow',
    vi: 'Trả lời chậm 20 giây, trong 1 phút',
    en: 'Answers come 20 s late, for a minute',
    faults: [{ kind: 'delay', ms: 20_000, forMs: 2 * FOR_MS }],
  },
];

/** What a partner of the hub does. */
export const AT_A_PARTNER: readonly BadDay[] = [
  {
    id: 'down',
    vi: 'Ngừng hoạt động 30 giây',
    en: 'Is down for 30 s',
    faults: [{ kind: 'down', forMs: FOR_MS }],
  },
  {
    id: 'lost-answers',
    vi: `Tiếp nhận ${SOME} lượt chuyển nhưng trả lời bị mất`,
    en: `Takes ${SOME} deliveries, and the answers are lost`,
    faults: [{ kind: 'drop-reply', times: SOME, forMs: FOR_MS }],
  },
  {
    id: 'maintenance',
    vi: 'Hiện trang bảo trì 30 giây',
    en: 'Shows a maintenance page for 30 s',
    faults: [{ kind: 'html', forMs: FOR_MS }],
  },
  {
    id: 'slow',
    vi: 'Trả lời rất chậm, từng phần nhỏ, trong 30 giây',
    en: 'Answers trickle for 30 s',
    faults: [{ kind: 'drip', forMs: FOR_MS }],
  },
  {
    id: 'sessions-end',
    vi: 'Hủy mọi phiên đăng nhập',
    en: 'Ends all sessions',
    faults: [{ kind: 'session-expired' }],
  },
];
