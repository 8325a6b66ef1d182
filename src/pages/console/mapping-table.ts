import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { type Problem, queryText, segment } from './api.ts';
import { type Form, orderForm } from './forms.ts';
import { mappingLines, mappingTable } from './mappings.ts';
import { listCaption, meaning, partyLink, queryOf, restLink, tableNamed } from './parts.ts';
import type { CodeTable, Listed, MappingChange, TableVersion } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { timeOf } from './times.ts';
import { may, type Screen, titleOf, type Visit } from './visit.ts';
import { tableTitle } from './words.ts';

interface Place {
  readonly party: string;
  readonly table: string;
}

/** Shows the versions of a code table, and drafts a change or a revert to a version. */
export function addMappingTable(site: Site): void {
  site.screen('/mappings/table', (visit) => {
    const { party = '', table: name = '' } = queryOf(visit, ['party', 'table']);
    return tableScreen(visit, { party, table: name });
  });
  site.order('/mappings', async (visit, form) => {
    const { say, api } = visit;
    const place = { party: form('party') ?? '', table: form('table') ?? '' };
    const backTo = form('backTo');
    const given = backTo === undefined ? linesIn(form('lines') ?? '') : { backTo: Number(backTo) };
    if ('wrong' in given) return tableScreen(visit, place, { form, text: wrongLine(visit, given.wrong) });
    const { body, problem } = await api.post<MappingChange>('mappings', { ...place, ...given, why: form('why') });
    if (!body) return tableScreen(visit, place, { form, problem });
    const text = say(
      `Đã soạn thay đổi ${body.id}. Hãy xem tác động rồi đề nghị phê duyệt.`,
      `Drafted the change ${body.id}. Look at its effect, then ask for approval.`,
    );
    return { to: `/console/mappings/${body.id}`, isDone: true, text };
  });
}

/** Lines as an officer writes them: `code = meaning`, and `code =` to take one out. */
function linesIn(text: string): { readonly lines: readonly object[] } | { readonly wrong: string } {
  const written = writtenLines(text);
  const wrong = written.find((line) => line.lastIndexOf('=') < 1);
  if (wrong !== undefined) return { wrong };
  return {
    lines: written.map((line) => {
      const at = line.lastIndexOf('=');
      return { from: line.slice(0, at).trim(), to: line.slice(at + 1).trim() || null };
    }),
  };
}

function writtenLines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function wrongLine({ say }: Visit, line: string): string {
  return say(`Dòng “${line}” chưa đúng; hãy viết: mã = ý nghĩa.`, `The line “${line}” is not “code = meaning”.`);
}

interface Refused {
  readonly form: Form;
  readonly problem?: Problem | undefined;
  readonly text?: string;
}

/** @param refused the form of a draft that was refused, to be corrected */
async function tableScreen(visit: Visit, place: Place, refused?: Refused): Promise<Screen> {
  const { say, api } = visit;
  const { party, table: name } = place;
  const [tables, versions, changes] = await Promise.all([
    api.get<Listed<CodeTable>>('code-tables', { party, limit: '200' }),
    api.get<{ readonly items: readonly TableVersion[] }>(`code-tables/${segment(party)}/${segment(name)}/versions`),
    api.get<Listed<MappingChange>>('mappings', { party, table: name, limit: '20' }),
  ]);
  const own = tables.body?.items.find((one) => one.table === name);
  const title = tableTitle(say, name, own?.title ?? name);
  return {
    title: say(`Thay đổi bảng mã: ${title}`, `Change a code table: ${title}`),
    status: refused ? 400 : 200,
    body: html`<p><a href="/console/mappings">${say('« Mọi thay đổi', '« All changes')}</a> · <a href="/console/code-tables${queryText({ party })}">${say(`Bảng mã của ${titleOf(visit, party)}`, `Code tables of ${titleOf(visit, party)}`)}</a></p>
<p>${partyLink(visit, party)} · ${tableNamed(visit, name)}</p>
${refusalNote(say, party === '' ? undefined : (tables.problem ?? (versions.status === 404 ? undefined : versions.problem)))}${refused ? refusedNote(visit, refused) : ''}
${may(visit, 'ops:configure') ? draftForm(visit, place, own, refused?.form) : ''}
<h2>${say('Thay đổi của bảng này', 'Changes of this table')}</h2>
${mappingTable(visit, changes.body ?? { items: [] })}${restLink(visit, changes.body ?? { items: [] }, `/console/mappings${queryText({ party, table: name })}`)}
<h2>${say('Các phiên bản', 'Versions')}</h2>
${versionTable(visit, place, versions.body?.items ?? [])}`,
  };
}

function refusedNote({ say }: Visit, { form, problem, text }: Refused): Html {
  if (text !== undefined) return html`<p class="card" role="alert">${text}</p>`;
  const written = writtenLines(form('lines') ?? '');
  // A line as the officer wrote it, where the API names its place.
  const detail = problem?.detail.replace(/\/lines\/(\d+)(\/\w+)?/g, (place, at) =>
    written[at] === undefined ? place : say(`dòng “${written[at]}”`, `the line “${written[at]}”`),
  );
  return refusalNote(say, problem && { ...problem, detail: detail ?? '' });
}

function draftForm(visit: Visit, place: Place, own: CodeTable | undefined, form: Form | undefined): Html {
  const { say } = visit;
  const meanings = [...new Set((own?.entries ?? []).map(({ is }) => is))];
  const meaningsNote =
    meanings.length === 0
      ? ''
      : html`<p class="note">${say('Các ý nghĩa', 'Meanings')}: ${meanings.map((one, at) => html`${at > 0 ? ', ' : ''}${meaning(visit, one)}`)}</p>`;
  return html`<section class="card"><h2>${say('Soạn thay đổi', 'Draft a change')}</h2>
<p>${say(
    'Mỗi dòng một mã: mã = ý nghĩa. Để trống ý nghĩa thì bỏ dòng do cán bộ thêm.',
    'One code a line: code = meaning. Without a meaning, the entered line is taken out.',
  )}</p>${meaningsNote}
${orderForm(visit, {
  to: '/console/mappings',
  button: say('Soạn thay đổi', 'Draft the change'),
  why: 'must',
  whyGiven: form?.('why'),
  hidden: { party: place.party, table: place.table },
  fields: html`<label>${say('Các dòng', 'Lines')}<textarea name="lines" rows="4" required maxlength="40000" spellcheck="false">${form?.('lines') ?? ''}</textarea></label>`,
})}</section>`;
}

function versionTable(visit: Visit, place: Place, versions: readonly TableVersion[]): Html {
  const { say } = visit;
  const [newest] = versions;
  const mayChange = may(visit, 'ops:configure');
  return table<TableVersion>({
    caption: listCaption(
      visit,
      { items: versions },
      ['phiên bản', 'version', 'versions'],
      ['mới nhất trước', 'the newest first'],
    ),
    empty: say('Cán bộ chưa thêm dòng nào vào bảng này.', 'No lines were entered in this table yet.'),
    items: versions,
    columns: [
      { head: say('Phiên bản', 'Version'), cell: ({ version }) => version, isNumber: true },
      { head: say('Dùng từ', 'In force'), cell: ({ inForceAt }) => timeOf(inForceAt) },
      { head: say('Các dòng', 'Lines'), cell: ({ lines }) => mappingLines(visit, lines) },
      {
        head: say('Người, lý do', 'Who, why'),
        cell: ({ who, why }) => html`${who}<br><span class="note words">${why}</span>`,
      },
      {
        head: say('Quay lại bản trước', 'Undo'),
        cell: ({ version }) => (!mayChange || version !== newest?.version ? '–' : backForm(visit, place, version - 1)),
      },
    ],
  });
}

function backForm(visit: Visit, { party, table: name }: Place, newest: number): Html {
  const { say } = visit;
  return orderForm(visit, {
    to: '/console/mappings',
    button: say('Soạn thay đổi để quay lại', 'Draft a revert'),
    why: 'must',
    isQuiet: true,
    hidden: { party, table: name },
    fields: html`<label>${say('Về phiên bản', 'To version')}<select name="backTo">${Array.from(
      { length: newest + 1 },
      (_, at) => html`<option value="${newest - at}">${newest - at}</option>`,
    )}</select></label>`,
  });
}
