import type { Say } from '../language.ts';
import { segment } from './api.ts';
import { refusedOrder } from './refusals.ts';
import type { Site } from './site.ts';
import { titleOf } from './visit.ts';

type Done = (say: Say, party: string, body: { readonly waitsFor?: string | null }) => string;

const DONE: Readonly<Record<'pause' | 'resume' | 'pull', Done>> = {
  pause: (say, party) => say(`Đã tạm dừng ${party}.`, `${party} is paused.`),
  resume: (say, party) => say(`${party} chạy tiếp.`, `${party} is running again.`),
  pull(say, party, { waitsFor }) {
    if (waitsFor === 'paused')
      return say(
        `${party} đang tạm dừng: trục sẽ lấy dữ liệu khi chạy tiếp.`,
        `${party} is paused: the hub pulls from it after it is resumed.`,
      );
    if (waitsFor === 'maintenance')
      return say(
        `${party} đang bảo trì: trục sẽ lấy dữ liệu khi hết bảo trì.`,
        `${party} is in maintenance: the hub pulls from it afterwards.`,
      );
    return say(`Sẽ lấy dữ liệu từ ${party} trong giây lát.`, `The hub pulls from ${party} within a second.`);
  },
};

/** Pauses a party, resumes it, or pulls from it now. */
export function addPartyOrders(site: Site): void {
  for (const what of ['pause', 'resume', 'pull'] as const)
    site.order(`/parties/:party/${what}`, async (visit, form) => {
      const { c, say, api } = visit;
      const party = c.req.param('party') ?? '';
      const to = form('back') === 'overview' ? '/console' : `/console/parties/${segment(party)}`;
      const order = { why: form('why'), name: what === 'pull' ? form('name') : undefined };
      const { body, problem } = await api.post(`parties/${segment(party)}/${what}`, order);
      if (!body) return refusedOrder(say, to, problem);
      return { to, isDone: true, text: DONE[what](say, titleOf(visit, party), body) };
    });
}
