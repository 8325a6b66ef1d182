import { Hono } from 'hono';
import { csrf } from 'hono/csrf';
import { html } from 'hono/html';
import { capitalised } from '#core/vietnamese/text';
import { sendAsset } from '../../pages/assets.ts';
import { doorOf } from '../../pages/console/message-table.ts';
import { badge, ITEM_OUTCOMES, MESSAGE_OUTCOMES, OPERATIONS, word } from '../../pages/console/words.ts';
import { type Language, languageOf, type Say } from '../../pages/language.ts';
import { type Html, show } from '../../pages/layout.ts';
import { badgeOf } from '../../pages/parts/parts.ts';
import { table } from '../../pages/parts/table.ts';
import { counted } from '../../pages/words.ts';
import { AT_A_PARTNER, AT_THE_DOOR, type BadDay } from './bad-days.ts';
import type { Case } from './cases.ts';
import type { SeenMessage, ShownKey } from './hub-view.ts';
import { curlOf, type Sample } from './samples.ts';

/** What the page shows and does. */
export interface SandboxDeps {
  /** The address that clients use. */
  readonly url: string;
  keys(): readonly ShownKey[];
  samples(): Promise<readonly Sample[]>;
  messages(language: Language): Promise<readonly SeenMessage[]>;
  cases(party: string): Promise<readonly Case[]>;
  readonly parties: readonly string[];
  /** The simulated systems. */
  readonly partners: readonly string[];
  /** Sends a sample through the door. Returns the answer. */
  send(sample: Sample): Promise<string>;
  badDayAtDoor(day: (typeof AT_THE_DOOR)[number]): void;
  badDayAtPartner(partner: string, day: BadDay): Promise<void>;
  /** False while the hub starts, at first and after a reset. */
  isUp(): boolean;
  reset(): void;
}

/** The page `/sandbox`, its forms, and the certificate as JSON. */
export function sandboxApp(deps: SandboxDeps): Hono {
  const app = new Hono();
  let answer: string | undefined;
  app.use('/sandbox/*', csrf());
  app.get('/pages/:name', async (c) => (await sendAsset(c, c.req.param('name'))) ?? c.notFound());
  app.get('/sandbox', async (c) => {
    const [messages, samples, certificates] = await Promise.all([
      deps.messages(languageOf(c)),
      deps.samples(),
      Promise.all(deps.parties.map(async (party) => ({ party, cases: await deps.cases(party) }))),
    ]);
    return show(c, (say) => ({
      title: say('Môi trường thử nghiệm', 'Sandbox'),
      owner: 'Liên Thông',
      site: say('Dành cho đơn vị kết nối', 'For integrators'),
      links: [{ href: '/sandbox', text: say('Môi trường thử nghiệm', 'Sandbox') }],
      head: deps.isUp() ? undefined : html`<meta http-equiv="refresh" content="3">`,
      body: html`<div class="folding">${deps.isUp() ? '' : html`<p class="card" role="status">${say('Trục đang khởi động. Trang này tự tải lại.', 'The hub is starting. This page reloads itself.')}</p>`}
${answer === undefined ? '' : html`<section class="card" role="status"><h2>${say('Trục trả lời', 'The hub’s answer')}</h2><pre>${answer}</pre></section>`}
${addressesPart(say, deps)}${samplesPart(say, deps.url, samples)}${messagesPart(say, messages)}${badDaysPart(say, deps)}
${certificatesPart(say, certificates)}${keysPart(say, deps)}
<h2>${say('Làm lại từ đầu', 'Start again')}</h2>
<form class="card fields" method="post" action="/sandbox/reset"><p class="note">${say(
        'Địa chỉ và mật khẩu giữ nguyên.',
        'The address and the secrets stay the same.',
      )}</p><button class="quiet">${say('Xóa mọi dữ liệu thử nghiệm', 'Delete all data of the sandbox')}</button></form></div>`,
    }));
  });
  app.get('/sandbox/certificate/:party', async (c) => {
    const party = c.req.param('party');
    if (!deps.parties.includes(party))
      return c.json({ detail: `no party ${JSON.stringify(party)}, expected one of ${deps.parties.join(', ')}` }, 404);
    return c.json({ party, at: new Date().toISOString(), cases: await deps.cases(party) });
  });
  app.post('/sandbox/send/:id', async (c) => {
    const sample = (await deps.samples()).find(({ id }) => id === c.req.param('id'));
    if (!sample) return c.text('no such sample', 404);
    answer = await deps.send(sample);
    return c.redirect('/sandbox', 303);
  });
  app.post('/sandbox/bad-day', async (c) => {
    const { partner, day } = await c.req.parseBody();
    const atDoor = AT_THE_DOOR.find(({ id }) => id === day);
    const atPartner = AT_A_PARTNER.find(({ id }) => id === day);
    if (partner === '' && atDoor) deps.badDayAtDoor(atDoor);
    else if (atPartner && deps.partners.includes(String(partner)))
      await deps.badDayAtPartner(String(partner), atPartner);
    else return c.text('no such bad day', 404);
    return c.redirect('/sandbox', 303);
  });
  app.post('/sandbox/reset', (c) => {
    answer = undefined;
    deps.reset();
    return c.redirect('/sandbox', 303);
  });
  return app;
}

function addressesPart(say: Say, { url }: SandboxDeps): Html {
  return html`<section class="card"><dl class="facts"><dt>${say('Địa chỉ của trục', 'Address of the hub')}</dt><dd><code>${url}</code></dd>
<dt>${say('Tài liệu giao diện', 'Interface')}</dt><dd><a href="/docs">/docs</a></dd>
<dt>${say('Màn hình điều hành', 'Console')}</dt><dd><a href="/console">/console</a></dd></dl></section>`;
}

function keysPart(say: Say, { keys }: SandboxDeps): Html {
  return html`<h2>${say('Tài khoản', 'Keys')}</h2>
${table({
  caption: say(`${keys().length} tài khoản, giữ nguyên khi làm lại`, `${keys().length} keys, the same after a reset`),
  empty: say('Chưa có tài khoản nào.', 'No key yet.'),
  items: keys(),
  columns: [
    { head: say('Tên', 'Id'), cell: ({ id }) => html`<code>${id}</code>` },
    { head: say('Mật khẩu', 'Secret'), cell: ({ secret }) => html`<code>${secret}</code>` },
    { head: say('Quyền', 'Scopes'), cell: ({ scopes }) => html`<code>${scopes.join(' ')}</code>` },
  ],
})}`;
}

function messagesPart(say: Say, messages: readonly SeenMessage[]): Html {
  return html`<h2>${say('Thông điệp gần nhất', 'Last messages')}</h2>
${table({
  caption: say(
    `${messages.length} thông điệp, mới nhất trước`,
    `${counted(messages.length, 'message', 'messages')}, the newest first`,
  ),
  empty: say('Chưa có thông điệp nào. Hãy gửi thử một mẫu ở trên.', 'No message yet. Send one of the samples above.'),
  items: messages,
  columns: [
    { head: say('Lúc', 'At'), cell: ({ id, at }) => html`<a href="/console/messages/${id}">${at}</a>` },
    { head: say('Bên gửi', 'From'), cell: ({ party }) => (party === null ? '–' : html`<code>${party}</code>`) },
    { head: say('Cổng', 'Door'), cell: ({ door }) => doorOf({ say }, door) },
    { head: say('Nội dung', 'Operation'), cell: ({ operation }) => word(say, OPERATIONS, operation) },
    { head: say('Kết quả', 'Outcome'), cell: ({ outcome }) => badge(say, MESSAGE_OUTCOMES, outcome) },
    {
      head: say('Trục đã đọc', 'What the hub read'),
      cell: ({ said }) =>
        said.length === 0
          ? '–'
          : html`${said.map(({ code, outcome, problem }) => html`<div><span class="code">${code}</span> ${badge(say, ITEM_OUTCOMES, outcome)}${problem && html`<br><span class="note words">${problem}</span>`}</div>`)}`,
    },
  ],
})}`;
}

function certificatesPart(
  say: Say,
  certificates: readonly { readonly party: string; readonly cases: readonly Case[] }[],
): Html {
  const states = {
    passed: badgeOf('good', say('Đạt', 'Passed')),
    failed: badgeOf('bad', say('Chưa đạt', 'Failed')),
    open: badgeOf('plain', say('Chưa thử', 'Not tried')),
  };
  return html`<h2>${say('Kết quả kiểm thử kết nối', 'Certificates')}</h2>
${certificates.map(({ party, cases }) => {
  const passed = cases.filter(({ state }) => state === 'passed').length;
  const part = say(`đạt ${passed} trong ${cases.length}`, `${passed} of ${cases.length} passed`);
  return html`<details class="card"><summary>${party} <span class="note">${part}</span></summary>
${table({
  caption: part,
  empty: say('Trục chưa sẵn sàng.', 'The hub is not ready.'),
  items: cases,
  columns: [
    { head: say('Trường hợp', 'Case'), cell: ({ vi, en }) => capitalised(say(vi, en)) },
    { head: say('Kết quả', 'State'), cell: ({ state }) => states[state] },
    {
      head: say('Ví dụ', 'Example'),
      cell: ({ example }) => (example === undefined ? '–' : html`<span class="code">${example}</span>`),
    },
  ],
})}</details>`;
})}`;
}

function badDaysPart(say: Say, { partners }: SandboxDeps): Html {
  const options = (days: readonly BadDay[]): Html =>
    html`${days.map(({ id, vi, en }) => html`<option value="${id}">${say(vi, en)}</option>`)}`;
  return html`<h2>${say('Tình huống xấu', 'Bad days')}</h2>
<form class="card fields" method="post" action="/sandbox/bad-day"><input type="hidden" name="partner" value="">
<label class="wide">${say('Khi hệ thống của đơn vị gửi dữ liệu đến trục', 'The hub, towards your system')}
<select name="day">${options(AT_THE_DOOR)}</select></label>
<button>${say('Bắt đầu', 'Begin')}</button></form>
<form class="card fields" method="post" action="/sandbox/bad-day">
<label>${say('Hệ thống nhận dữ liệu từ trục', 'Another system')}
<select name="partner">${partners.map((name) => html`<option>${name}</option>`)}</select></label>
<label class="wide">${say('Tình huống', 'Situation')} <select name="day">${options(AT_A_PARTNER)}</select></label>
<button>${say('Bắt đầu', 'Begin')}</button></form>`;
}

function samplesPart(say: Say, url: string, samples: readonly Sample[]): Html {
  return html`<h2>${say('Thông điệp mẫu', 'Samples')}</h2>
${samples.map(
  (sample) => html`<details class="card"><summary>${capitalised(say(sample.vi, sample.en))}</summary>
<pre>${curlOf(sample, url)}</pre>
<form method="post" action="/sandbox/send/${sample.id}"><button>${say('Gửi thử', 'Send it')}</button></form></details>`,
)}`;
}
