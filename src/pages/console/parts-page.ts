import { html } from 'hono/html';
import { lineChart } from '../charts/line-chart.ts';
import { stackedColumns } from '../charts/stacked-columns.ts';
import { heatMap, rankedBars } from '../charts/table-charts.ts';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { type IconName, icon } from '../parts/icon.ts';
import { badgeOf, bar, emptyState, figures, type Tone, timeline } from '../parts/parts.ts';
import { table } from '../parts/table.ts';
import { number, percent } from '../words.ts';
import { facts } from './parts.ts';
import type { Site } from './site.ts';

/** Every part of the pages in every state, for those who build pages. */
export function addPartsPage(site: Site): void {
  site.screen('/parts', async ({ say }) => ({
    title: say('Các thành phần giao diện', 'Parts of the pages'),
    body: html`<p class="note">${say(
      'Dữ liệu trên trang này là ví dụ.',
      'All data on this page are examples.',
    )}</p>${words(say)}${lists(say)}${forms(say)}${charts(say)}`,
  }));
}

const TONES: readonly (readonly [Tone, string, string, IconName])[] = [
  ['plain', 'bình thường', 'plain', 'info'],
  ['now', 'hiện tại', 'now', 'clock'],
  ['good', 'tốt', 'good', 'circle-check'],
  ['warn', 'cần chú ý', 'warning', 'triangle-alert'],
  ['bad', 'hỏng', 'bad', 'circle-x'],
];

function words(say: Say): Html {
  return html`<h2>${say('Nhãn và số', 'Badges and figures')}</h2>
<p class="acts">${TONES.map(([tone, vi, en, name]) => html`${badgeOf(tone, say(vi, en))} ${badgeOf(tone, say(vi, en), name)} `)}</p>
${figures(TONES.map(([tone, vi, en], at) => ({ value: number(say, 1234 * at), what: say('hồ sơ', 'dossiers'), more: say(vi, en), tone, href: at === 1 ? '/console/parts' : undefined })))}
<p class="card" role="status">${say('Đã thực hiện.', 'Done.')}</p>
<p class="card" role="alert">${say('Chưa thực hiện được.', 'Not done.')}</p>
${TONES.map(([tone, vi, en], at) => html`<p>${bar(at / 4, say(vi, en), tone)}</p>`)}`;
}

function lists(say: Say): Html {
  const rows = ['H60.01-250812-0035', 'H60.01-250812-0036'];
  const columns = [
    {
      head: say('Mã hồ sơ', 'Dossier'),
      cell: (code: string) => html`<a class="code" href="/console/parts">${code}</a>`,
    },
    { head: say('Trạng thái', 'Status'), cell: () => badgeOf('good', say('đã chuyển', 'delivered')) },
    { head: say('Số lần', 'Attempts'), cell: () => 3, isNumber: true },
  ];
  const shown = {
    caption: say('2 hồ sơ', '2 dossiers'),
    empty: say('Chưa có hồ sơ nào.', 'No dossiers yet.'),
    columns,
  };
  return html`<h2>${say('Danh sách', 'Lists')}</h2>${table({ ...shown, items: rows })}${table({ ...shown, items: [] })}
${emptyState('search', say('Không tìm thấy.', 'Nothing found.'), html`<a class="button quiet" href="/console/parts">${say('Bỏ lọc', 'Clear')}</a>`)}
<section class="card">${facts([
    [say('Cơ quan', 'Agency'), 'Sở Tư pháp'],
    [say('Lĩnh vực', 'Field'), 'Hộ tịch'],
  ])}</section>
<section class="card">${timeline(say('Tiến trình', 'Progress'), [
    { state: 'done', name: say('Được tiếp nhận', 'Received'), when: '12/08/2025 08:15' },
    { state: 'now', name: say('Đang xử lý', 'Being processed'), when: 'Sở Tư pháp' },
    { state: 'ahead', name: say('Đã trả kết quả', 'Returned'), when: say('chưa tới', 'to come') },
  ])}</section>
<section class="card">${timeline(
    say('Tiến trình', 'Progress'),
    TONES.slice(2).map(([tone, vi, en]) => ({ state: 'now', tone, name: say(vi, en), when: '12/08/2025 08:15' })),
  )}</section>`;
}

function forms(say: Say): Html {
  return html`<h2>${say('Biểu mẫu', 'Forms')}</h2>
<form class="card fields" method="get" action="/console/parts">
<label class="wide">${say('Ô chữ', 'Text')}<input name="text" placeholder="H60.01-250812-0035"></label>
<label>${say('Ô sai', 'Invalid')}<input name="wrong" aria-invalid="true" value="12a4"></label>
<label>${say('Danh sách', 'Select')}<select name="choice"><option>${say('Tất cả', 'All')}</option></select></label>
<label class="choice"><input type="checkbox" name="yes" checked> ${say('Có', 'Yes')}</label>
<button>${icon('check')} ${say('Nút chính', 'Main')}</button> <button class="quiet">${say('Nút phụ', 'Quiet')}</button>
<button disabled>${say('Không bấm được', 'Disabled')}</button></form>`;
}

function charts(say: Say): Html {
  const months = ['01/26', '02/26', '03/26', '04/26', '05/26', '06/26'];
  const format = (value: number) => number(say, value);
  const series = [
    { name: say('Trực tuyến', 'Online'), values: [120, 180, null, 260, 310, 405] },
    { name: say('Trực tiếp', 'At the counter'), values: [300, 280, 240, 210, 190, 160] },
    { name: say('Bưu chính', 'By post'), values: [40, 42, 38, 45, 50, 47] },
    { name: say('Khác', 'Other'), values: [10, 8, 9, 12, 7, 6] },
  ];
  const description = say('Trực tuyến tăng, trực tiếp giảm.', 'Online rises, the counter falls.');
  const shown = { description, head: say('Tháng', 'Month'), labels: months, series, format };
  return html`<h2>${say('Biểu đồ', 'Charts')}</h2>
${lineChart(say, { ...shown, id: 'lines', title: say('Đường', 'Lines') })}
${stackedColumns(say, { ...shown, id: 'columns', title: say('Cột chồng', 'Stacked columns') })}
${rankedBars({
  id: 'bars',
  title: say('Thanh xếp hạng', 'Ranked bars'),
  description,
  head: say('Cơ quan', 'Agency'),
  valueHead: say('Tỷ lệ', 'Share'),
  full: 100,
  format: (value) => percent(say, value),
  rows: [
    { name: 'Sở Tư pháp', value: 99.5, tone: 'good' },
    { name: 'Ủy ban nhân dân phường Minh Xuân', value: 91, tone: 'warn' },
    { name: 'Sở Xây dựng', value: 72.25, tone: 'bad' },
    { name: 'Sở Y tế', value: null },
  ],
})}
${heatMap({
  id: 'heat',
  title: say('Bản đồ nhiệt', 'Heat map'),
  description,
  head: say('Cơ quan', 'Agency'),
  columns: months,
  levelOf: (value) => Math.min(4, Math.floor((100 - value) / 5)) as 0 | 1 | 2 | 3 | 4,
  legend: ['96–100 %', '91–95 %', '86–90 %', '81–85 %', say('dưới 81 %', 'below 81 %')],
  format,
  rows: ['Sở Tư pháp', 'Sở Xây dựng'].map((name, row) => ({
    name,
    values: months.map((_, at) => (at === 2 && row === 1 ? null : 100 - 4 * at * (row + 0.5))),
  })),
})}`;
}
