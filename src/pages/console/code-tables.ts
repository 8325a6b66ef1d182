import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { emptyState } from '../parts/parts.ts';
import { table } from '../parts/table.ts';
import { counted, number } from '../words.ts';
import { everyPage, queryText, segment } from './api.ts';
import { previewForm } from './code-preview.ts';
import { orderForm } from './forms.ts';
import { tableAddress } from './mappings.ts';
import { meaning, partyLink, queryOf, type Slice, sliceOf, slicePager } from './parts.ts';
import type { CodeEntry, CodeTable } from './records.ts';
import { refusalNote, refusedOrder } from './refusals.ts';
import type { Site } from './site.ts';
import { timeOf } from './times.ts';
import { may, titleOf, type Visit } from './visit.ts';
import { MEANINGS, tableTitle, word } from './words.ts';

const MOST_LINES = 200;

/** Shows the code tables of each party, and adds lines in advance. */
export function addCodeTables(site: Site): void {
  site.screen('/code-tables', async (visit) => {
    const { say, api } = visit;
    const { table: only, ...query } = queryOf(visit, ['party', 'table']);
    const { body: items = [], problem } = await everyPage<CodeTable>(api, 'code-tables', query);
    return {
      title: query.party
        ? say(`Bảng mã của ${titleOf(visit, query.party)}`, `Code tables of ${titleOf(visit, query.party)}`)
        : say('Bảng mã', 'Code tables'),
      body: html`<p><a href="/console/mappings">${say('Thay đổi bảng mã, phê duyệt', 'Changes and approvals')}</a></p>${refusalNote(say, problem)}${query.party ? tablesOfParty(visit, items, only) : allParties(visit, items)}`,
    };
  });
  site.order('/code-tables/:party/:table', async ({ c, say, api }, form) => {
    const { party, table } = c.req.param() as { party: string; table: string };
    const to = `/console/code-tables${queryText({ party })}`;
    const line = { from: form('from'), to: form('to'), why: form('why') };
    const { body, problem } = await api.post<CodeEntry>(`code-tables/${segment(party)}/${segment(table)}`, line);
    if (!body) return refusedOrder(say, to, problem);
    return {
      to,
      isDone: true,
      text: say(
        `Đã thêm: ${body.from} → ${body.to} (bản ${body.version}).`,
        `Entered: ${body.from} → ${body.to} (version ${body.version}).`,
      ),
    };
  });
}

/** @param only the one table to show, with all of its lines page by page */
function tablesOfParty(visit: Visit, items: readonly CodeTable[], only: string | undefined): Html {
  const { say } = visit;
  const shown = only === undefined ? items : items.filter(({ table: name }) => name === only);
  const up =
    only === undefined
      ? html`<a href="/console/code-tables">${say('« Mọi bên', '« All parties')}</a>`
      : html`<a href="/console/code-tables${queryText({ party: items[0]?.party })}">${say('« Mọi bảng của bên này', '« All tables of this party')}</a>`;
  return html`<p>${up}</p>${
    shown.length === 0
      ? emptyState('inbox', say('Không có bảng mã nào.', 'There are no code tables.'))
      : shown.map((one, at) => tableOf(visit, one, at, only !== undefined))
  }`;
}

/** Every party has about twenty tables, so the user first chooses a party. */
function allParties(visit: Visit, items: readonly CodeTable[]): Html {
  const { say } = visit;
  const of = (owner: string): readonly CodeTable[] => items.filter(({ party }) => party === owner);
  const owners = [...new Set(items.map(({ party }) => party))];
  return html`${table<string>({
    caption: say(
      `${owners.length} bên; chọn một bên để xem bảng mã và thêm dòng`,
      `${counted(owners.length, 'party', 'parties')}. Choose one to see its tables and to enter lines`,
    ),
    empty: say('Không có bảng mã nào.', 'There are no code tables.'),
    items: owners,
    columns: [
      {
        head: say('Bên kết nối', 'Party'),
        cell: (owner) =>
          html`<a href="/console/code-tables${queryText({ party: owner })}">${titleOf(visit, owner)}</a> <code class="note">${owner}</code>`,
      },
      { head: say('Số bảng', 'Tables'), cell: (owner) => of(owner).length, isNumber: true },
      {
        head: say('Dòng cán bộ thêm', 'Lines entered'),
        cell: (owner) => of(owner).reduce((sum, { entered }) => sum + entered.length, 0),
        isNumber: true,
      },
    ],
  })}
<h2>${say('Cán bộ đã thêm', 'Entered by operators')}</h2>
${enteredTable(
  visit,
  items.flatMap(({ entered }) => entered),
)}`;
}

function tableOf(visit: Visit, one: CodeTable, at: number, isAlone: boolean): Html {
  const { say } = visit;
  const { party, table: name, title, bothWays, entries, entered } = one;
  // An unmapped entry without a code is not a line yet.
  const lines = entries.filter(({ code }) => code !== '');
  const inForce = entered.filter(({ supersededAt }) => supersededAt === null).length;
  return html`<details class="card"${isAlone ? html` open` : ''}><summary><strong>${tableTitle(say, name, title)}</strong> <span class="note"><code>${name}</code> · ${say(
    `${number(say, lines.length)} dòng có sẵn, ${number(say, inForce)} dòng cán bộ thêm`,
    `${counted(lines.length, 'built-in line', 'built-in lines')}, ${number(say, inForce)} entered`,
  )}</span></summary>
<p>${say('Bên kết nối', 'Party')}: ${partyLink(visit, party)}${
    bothWays ? html` <span class="note">${say('(đọc hai chiều)', '(read both ways)')}</span>` : ''
  }</p>
<p><a href="${tableAddress({ party, table: name })}">${say('Phiên bản, soạn thay đổi', 'Versions, draft a change')}</a></p>
${entered.length > 0 ? enteredTable(visit, entered) : ''}
${ownTable(visit, one, lines, isAlone)}
${may(visit, 'ops:configure') ? enterForm(visit, party, name, entries, at) : ''}
</details>`;
}

function enteredTable(visit: Visit, entered: readonly CodeEntry[]): Html {
  const { say } = visit;
  return table<CodeEntry>({
    caption: say(
      `${number(say, entered.length)} dòng do cán bộ thêm; với mỗi mã, dòng mới nhất có hiệu lực`,
      `${counted(entered.length, 'line', 'lines')} entered by operators; the newest line of a code counts`,
    ),
    empty: say('Cán bộ chưa thêm dòng nào.', 'No lines were entered yet.'),
    items: entered,
    columns: [
      {
        head: say('Bên, bảng', 'Party, table'),
        cell: (one) =>
          html`${titleOf(visit, one.party)}<br><span class="note">${tableTitle(say, one.table, one.table)}</span>`,
      },
      { head: say('Mã', 'Code'), cell: ({ from }) => html`<code>${from}</code>` },
      {
        head: say('Ý nghĩa', 'Meaning'),
        cell: ({ to }) => (to === null ? say('bỏ dòng đã thêm', 'taken out') : meaning(visit, to)),
      },
      { head: say('Bản', 'Version'), cell: ({ version }) => version, isNumber: true },
      { head: say('Dùng từ', 'In force'), cell: ({ inForceAt }) => timeOf(inForceAt) },
      { head: say('Thay lúc', 'Superseded'), cell: ({ supersededAt }) => timeOf(supersededAt) },
      {
        head: say('Người, lý do', 'Who, why'),
        cell: ({ who, why }) => html`${who}<br><span class="note words">${why}</span>`,
      },
    ],
  });
}

/** The first lines of each table, and every line of a table that stands alone. */
function ownTable(visit: Visit, of: CodeTable, lines: CodeTable['entries'], isAlone: boolean): Html {
  const { say } = visit;
  const slice = isAlone ? sliceOf(visit, lines, MOST_LINES) : firstLines(lines);
  const { items, from, to, total } = slice;
  const address = { party: of.party, table: of.table };
  const [first, last] = [number(say, from + 1), number(say, to)];
  const part = say(`, hiện dòng ${first}–${last}`, `, here ${first} to ${last}`);
  const all = say(`Xem đủ ${number(say, total)} dòng`, `See all ${number(say, total)} lines`);
  return html`${table<CodeTable['entries'][number]>({
    caption: say(
      `${number(say, total)} dòng có sẵn của bộ chuyển đổi${items.length < total ? part : ''}`,
      `${counted(total, 'line', 'lines')} from the adapter${items.length < total ? part : ''}`,
    ),
    empty: say('Bảng này không có dòng sẵn.', 'The table has no built-in lines.'),
    items,
    columns: [
      { head: say('Mã', 'Code'), cell: ({ code }) => html`<code>${code}</code>` },
      { head: say('Ý nghĩa', 'Meaning'), cell: ({ is }) => html`<code>${is}</code>` },
      { head: say('Tên', 'Words'), cell: ({ is, label }) => (label === is ? word(say, MEANINGS, is) : label) },
    ],
  })}${isAlone ? slicePager(visit, slice, address) : ''}${
    !isAlone && to < total ? html`<p><a href="/console/code-tables${queryText(address)}">${all}</a></p>` : ''
  }`;
}

function firstLines(all: CodeTable['entries']): Slice<CodeTable['entries'][number]> {
  const items = all.slice(0, MOST_LINES);
  return { items, from: 0, to: items.length, total: all.length };
}

function enterForm(visit: Visit, party: string, name: string, entries: CodeTable['entries'], at: number): Html {
  const { say } = visit;
  const list = `meanings-${at}`;
  const meanings = [...new Set(entries.map(({ is }) => is))].slice(0, MOST_LINES);
  return html`<h3>${say('Thêm một dòng', 'Enter a line')}</h3>
<datalist id="${list}">${meanings.map((is) => html`<option value="${is}"></option>`)}</datalist>
${previewForm(visit, party, name, list)}
${orderForm(visit, {
  to: `/console/code-tables/${segment(party)}/${segment(name)}`,
  button: say('Thêm', 'Enter'),
  why: 'must',
  fields: html`<label>${say('Mã', 'Code')}<input name="from" required maxlength="60" autocomplete="off"></label>
<label>${say('Ý nghĩa', 'Meaning')}<input name="to" required maxlength="60" autocomplete="off" list="${list}"></label>`,
})}`;
}
