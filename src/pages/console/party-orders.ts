import type { Say } from '../language.ts';
import { segment } from './api.ts';
import { refusalText } from './refusals.ts';
import type { Site } from './site.ts';

const DONE: Readonly<Record<'pause' | 'resume' | 'pull', (say: Say, party: string) => string>> = {
  pause: (say, party) => say(`Đã tạm dừng ${party}.`, `${party} is paused.`),
  resume: (say, party) => say(`${party} chạy tiếp.`, `${party} goes on.`),
  pull: (say, party) =>
    say(
      `Sẽ lấy dữ liệu từ ${party} trong giây lát; nếu đang tạm dừng hay bảo trì thì khi hết.`,
      `${party} is asked within a second; while it is paused or in maintenance, when that is over.`,
    ),
};

/** Pause a party, go on with it, ask it now. */
export function addPartyOrders(site: Site): void {
  for (const what of ['pause', 'resume', 'pull'] as const)
    site.order(`/parties/:party/${what}`, async ({ c, say, api }, form) => {
      const party = c.req.param('party') ?? '';
      const to = form('back') === 'overview' ? '/console' : `/console/parties/${segment(party)}`;
      const order = { why: form('why'), ...(what === 'pull' && { name: form('name') }) };
      const { body, problem } = await api.post(`parties/${segment(party)}/${what}`, order);
      if (!body) return { to, isDone: false, text: problem ? refusalText(say, problem) : '' };
      return { to, isDone: true, text: DONE[what](say, party) };
    });
}
