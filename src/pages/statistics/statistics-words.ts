import { html } from 'hono/html';
import { CHANNEL } from '#core/catalogue/service-words';
import type { Group } from '#core/statistics/columns';
import type { Rule } from '#core/statistics/rules';
import type { StatisticsReport } from '../../statistics/statistics.ts';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { vietnamese } from '../words.ts';

export function lineName(say: Say, by: Group, { key, name }: StatisticsReport['items'][number]): Html {
  if (key === null) return html`${say('Chưa rõ', 'Not known')}`;
  if (by === 'channel') return html`${say(...CHANNEL[key as keyof typeof CHANNEL])}`;
  if (by === 'month') return html`${key.slice(5)}/${key.slice(0, 4)}`;
  if (name === null) return html`${by === 'agency' ? namelessAgency(say, key) : key}`;
  return html`${vietnamese(name)}<br><span class="note">${key}</span>`;
}

/** An agency that the catalogue lacks. */
export const namelessAgency = (say: Say, key: string | null): string =>
  key === null ? say('Chưa rõ', 'Not known') : say(`Cơ quan mã ${key}`, `Agency ${key}`);

export function periodName(say: Say, period: string): string {
  const [year, quarter] = period.split('-Q');
  return quarter ? say(`Quý ${quarter}/${year}`, `Quarter ${quarter} of ${year}`) : say(`Năm ${year}`, `Year ${year}`);
}

export function groupName(say: Say, group: Group): string {
  return {
    agency: say('Cơ quan', 'Agency'),
    field: say('Lĩnh vực', 'Field'),
    service: say('Thủ tục', 'Service'),
    month: say('Tháng', 'Month'),
    channel: say('Kênh thực hiện', 'Channel'),
  }[group];
}

export function ruleName(say: Say, rule: Rule): string {
  return {
    '766': say('Bộ chỉ số 766', 'Index 766'),
    opencps: 'OpenCPS',
    td: say('Theo ngày', 'By days'),
  }[rule];
}

export function ruleMeans(say: Say, rule: Rule): string {
  return {
    '766': say(
      'Tính theo Quyết định 766/QĐ-TTg: tính đến giờ, phút; trừ thời gian chờ bổ sung một lần; bổ sung từ lần thứ hai tính là quá hạn; tính cả hồ sơ không được tiếp nhận.',
      'Counted by Decision 766/QĐ-TTg, to the minute. The wait for one supplement is deducted; a second supplement counts as late. Refused dossiers count.',
    ),
    opencps: say(
      'Tính theo OpenCPS: không tính hồ sơ không được tiếp nhận; trước hạn là trả kết quả trước ngày hẹn trả.',
      'Counted like OpenCPS: without refused dossiers. Early means that the result was handed over before the due date.',
    ),
    td: say(
      'Tính theo ngày, không theo giờ; không tính hồ sơ không được tiếp nhận; hồ sơ chờ bổ sung, rút hoặc dừng xử lý nằm trong cột đúng hạn.',
      'Counted by days, not by hours, without refused dossiers. Dossiers that wait for a supplement, or were withdrawn or stopped, count as on time.',
    ),
  }[rule];
}
