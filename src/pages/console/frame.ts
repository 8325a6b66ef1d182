import { html } from 'hono/html';
import type { Say } from '../language.ts';
import { type Shown, show } from '../layout.ts';
import type { ConsoleContext } from './console-context.ts';
import { takeFlashMessage } from './flash-message.ts';
import { orderForm } from './forms.ts';
import type { Screen, Visit } from './visit.ts';

/** The head of every page of the console. */
export const HEAD = html`<link rel="stylesheet" href="/console/console.css">`;

/** Shows a screen in the common frame: owner, navigation, and the result of the last order. */
export function showScreen(visit: Visit, hub: ConsoleContext, screen: Screen): Response | Promise<Response> {
  const { c } = visit;
  const told = takeFlashMessage(c, hub);
  return show(c, (say) => ({
    title: screen.title,
    status: screen.status ?? 200,
    ...ownerOf(hub, say),
    links: linksOf(say),
    head: html`${HEAD}${
      screen.refreshS === undefined ? '' : html`<meta http-equiv="refresh" content="${screen.refreshS}">`
    }`,
    corner: html`<span class="key" title="${visit.key.scopes.join(', ')}">${visit.key.id}</span>${orderForm(visit, {
      to: '/console/sign-out',
      button: say('Đăng xuất', 'Sign out'),
      isQuiet: true,
    })}`,
    body: html`${
      told ? html`<p class="card told" role="${told.isDone ? 'status' : 'alert'}">${told.text}</p>` : ''
    }${screen.body}`,
  }));
}

/** The province and the name of the console, for the head of its pages. */
export function ownerOf({ province }: Pick<ConsoleContext, 'province'>, say: Say): Pick<Shown, 'owner' | 'site'> {
  return { owner: province?.name ?? 'Liên Thông', site: say('Màn hình điều hành', 'Console') };
}

function linksOf(say: Say) {
  return [
    { href: '/console', text: say('Tổng quan', 'Overview') },
    { href: '/console/deliveries', text: say('Lượt chuyển', 'Deliveries') },
    { href: '/console/replays', text: say('Chuyển lại', 'Replays') },
    { href: '/console/messages', text: say('Thông điệp', 'Messages') },
    { href: '/console/quarantine', text: say('Chờ xử lý', 'Quarantine') },
    { href: '/console/records', text: say('Hỏi đáp', 'Questions') },
    { href: '/console/troubled-records', text: say('Thanh toán, bưu gửi', 'Payments and post') },
    { href: '/console/code-tables', text: say('Bảng mã', 'Code tables') },
    { href: '/console/unknown-codes', text: say('Mã chưa có trong danh mục', 'Unknown codes') },
    { href: '/console/anomalies', text: say('Bất thường', 'Anomalies') },
    { href: '/console/incidents', text: say('Sự cố', 'Incidents') },
    { href: '/console/audit', text: say('Nhật ký', 'Audit') },
  ];
}
