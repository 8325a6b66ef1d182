import { html } from 'hono/html';
import type { Say } from './language.ts';
import type { Html } from './layout.ts';
import { type IconName, icon } from './parts/icon.ts';

/** What happens in a life or a business, with the words that find its services. */
const EVENTS: readonly (readonly [IconName, vietnamese: string, english: string, words: string])[] = [
  ['baby', 'Sinh con, nhận con', 'A child is born', 'khai sinh'],
  ['heart', 'Kết hôn, gia đình', 'Marriage and family', 'kết hôn'],
  ['graduation-cap', 'Học tập', 'School', 'giáo dục'],
  ['briefcase', 'Việc làm', 'Work', 'việc làm'],
  ['house', 'Đất đai, nhà ở', 'Land and housing', 'đất'],
  ['car', 'Lái xe, phương tiện', 'Driving and vehicles', 'lái xe'],
  ['landmark', 'Hộ kinh doanh, doanh nghiệp', 'Running a business', 'kinh doanh'],
  ['hand-coins', 'Trợ cấp, bảo trợ', 'Benefits and support', 'trợ cấp'],
  ['shield-check', 'Cư trú, giấy tờ', 'Residence and papers', 'cư trú'],
  ['scroll-text', 'Người thân qua đời', 'A death in the family', 'khai tử'],
];

/** Services by what happened to the reader. */
export function lifeEvents(say: Say): Html {
  return html`<ul class="tiles">${EVENTS.map(
    ([name, vi, en, words]) =>
      html`<li><a class="card" href="/services?${new URLSearchParams({ q: words })}">${icon(name)} ${say(vi, en)}</a></li>
`,
  )}</ul>`;
}
