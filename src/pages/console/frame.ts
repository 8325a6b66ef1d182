import { html } from 'hono/html';
import { parameterOf, type Say } from '../language.ts';
import { type Html, type Shown, show, withParameter } from '../layout.ts';
import { icon } from '../parts/icon.ts';
import type { ConsoleContext } from './console-context.ts';
import { messageCard, takeFlashMessage } from './flash-message.ts';
import { orderForm } from './forms.ts';
import { textsNotShown, textsToCopy } from './unsent.ts';
import type { Screen, Visit } from './visit.ts';

/** Shows a screen in the common frame: owner, navigation, and the result of the last order. */
export function showScreen(visit: Visit, hub: ConsoleContext, screen: Screen): Response | Promise<Response> {
  const { c, hasShortcuts } = visit;
  const scripts = hasShortcuts ? (['keys.js'] as const) : [];
  const { unsent } = visit;
  const message = unsent?.message ?? takeFlashMessage(c, hub);
  return show(c, (say) => ({
    title: screen.title,
    status: screen.status ?? message?.status ?? 200,
    ...ownerOf(hub, say),
    links: linksOf(say),
    assets: ['console.css', ...scripts, ...(screen.assets ?? [])],
    head: reloadOf(screen),
    search: searchBox(visit),
    corner: html`${shortcutLink(visit)}<span class="key" title="${visit.key.scopes.join(', ')}">${icon('key')} <span>${visit.key.id}</span></span>${orderForm(
      visit,
      {
        to: '/console/sign-out',
        button: say('Đăng xuất', 'Sign out'),
        isQuiet: true,
      },
    )}`,
    body: html`${message ? messageCard(message) : ''}${unsent ? textsToCopy(say, textsNotShown(unsent)) : ''}${screen.body}`,
  }));
}

function reloadOf({ reloadS, assets = [] }: Screen): Html | undefined {
  if (reloadS === undefined) return undefined;
  const reload = html`<meta http-equiv="refresh" content="${reloadS}">`;
  return assets.length > 0 ? html`<noscript>${reload}</noscript>` : reload;
}

/** Finds everything by its code, on every page. */
function searchBox({ c, say, hasShortcuts }: Visit): Html {
  const what = say('Tìm hồ sơ, thông điệp, lượt chuyển, bên kết nối theo mã', 'Find anything by its code');
  const label = hasShortcuts ? `${what} ${say('(phím /)', '(key /)')}` : what;
  const q = parameterOf(c, 'q') ?? '';
  return html`<form class="search" method="get" action="/console/search" role="search" aria-label="${label}">
<input type="search" name="q" value="${q}" aria-label="${label}" placeholder="${say('Tìm theo mã', 'Find by code')}" maxlength="100" required data-key="/">${hasShortcuts && html`<kbd aria-hidden="true">/</kbd>`}</form>`;
}

/** Turns the one-letter keys off, or on again. */
function shortcutLink({ c, say, hasShortcuts }: Visit): Html {
  const text = hasShortcuts ? say('Tắt phím tắt', 'Turn shortcuts off') : say('Bật phím tắt', 'Turn shortcuts on');
  return html`<a href="${withParameter(c, 'keys', hasShortcuts ? 'off' : 'on')}">${icon('keyboard')} ${text}</a> `;
}

/** The province, the name of the console and its style, for the head of its pages. */
export function ownerOf(
  { province }: Pick<ConsoleContext, 'province'>,
  say: Say,
): Pick<Shown, 'owner' | 'site' | 'assets'> {
  const owner = province?.name ?? 'Liên Thông';
  return { owner, site: say('Màn hình điều hành', 'Console'), assets: ['console.css'] };
}

function linksOf(say: Say): Shown['links'] {
  return [
    { href: '/console', text: say('Tổng quan', 'Overview'), icon: 'layout-dashboard' },
    { href: '/console/deliveries', text: say('Lượt chuyển', 'Deliveries'), icon: 'send' },
    { href: '/console/bulk', text: say('Theo danh sách mã', 'List of codes'), icon: 'list-checks' },
    { href: '/console/replays', text: say('Chuyển lại', 'Replays'), icon: 'repeat' },
    { href: '/console/messages', text: say('Thông điệp', 'Messages'), icon: 'mail' },
    { href: '/console/quarantine', text: say('Chờ xử lý', 'Quarantine'), icon: 'inbox' },
    { href: '/console/records', text: say('Hỏi đáp', 'Questions'), icon: 'messages-square' },
    { href: '/console/troubled-records', text: say('Thanh toán, bưu gửi', 'Payments and post'), icon: 'wallet' },
    {
      href: '/console/code-tables',
      text: say('Bảng mã', 'Code tables'),
      icon: 'table-2',
      leadsTo: ['/console/mappings'],
    },
    {
      href: '/console/unknown-codes',
      text: say('Mã chưa có trong danh mục', 'Unknown codes'),
      icon: 'list-x',
      leadsTo: ['/console/ended-services'],
    },
    {
      href: '/console/anomalies',
      text: say('Bất thường', 'Anomalies'),
      icon: 'triangle-alert',
      leadsTo: ['/console/doubtful-dossiers'],
    },
    { href: '/console/incidents', text: say('Sự cố', 'Incidents'), icon: 'siren' },
    { href: '/console/due', text: say('Sắp đến hạn', 'Due soon'), icon: 'clock' },
    { href: '/console/statistics', text: say('Thống kê', 'Statistics'), icon: 'chart-column' },
    { href: '/console/reports', text: say('Báo cáo', 'Reports'), icon: 'file-text' },
    { href: '/console/asks', text: say('Tra cứu CSDL', 'Registers'), icon: 'landmark' },
    {
      href: '/console/retention',
      text: say('Lưu giữ, xóa', 'Retention'),
      icon: 'archive',
      leadsTo: ['/console/legal-holds', '/console/erase'],
    },
    { href: '/console/audit', text: say('Nhật ký', 'Audit'), icon: 'scroll-text' },
  ];
}
