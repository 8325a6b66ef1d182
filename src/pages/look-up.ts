import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { typedCode } from '#core/identifiers/identifiers';
import { readForm } from '../http/body.ts';
import type { Refusal } from '../http/problem.ts';
import { dossierView, type PublicDossier } from './dossier.ts';
import { paymentsView, postView } from './dossier-records.ts';
import { type HomeHub, homeView, readGlance } from './home.ts';
import { parameterOf, type Say } from './language.ts';
import type { Html, Shown } from './layout.ts';
import type { PageContext, ShowPage } from './page-context.ts';
import { callPublic, waitIn } from './public-api.ts';
import { ratingForm } from './rating.ts';
import { STATUS } from './words.ts';

const MOST_BYTES = 4 * 1024;
const LONGEST_CODE = 100;

/** The invalid field of the form. */
type Wrong = 'code' | 'proof';

type Found =
  | { readonly kind: 'dossier'; readonly dossier: PublicDossier }
  | { readonly kind: 'wrong'; readonly field: Wrong }
  | { readonly kind: 'none' | 'away' | 'fault' }
  | { readonly kind: 'too-often'; readonly waitS: number };

/**
 * A citizen looks up a dossier.
 *
 * The proof is posted, so it appears in no URL, history or log. The page calls the public API with the citizen's
 * own connection, so its limits, masking and timing apply here too. Nothing changes state and no cookie
 * identifies anybody. Therefore a portal may send its visitors here with its own form.
 */
export function addLookUpPage(
  pages: Hono,
  app: Hono,
  page: ShowPage,
  hub: HomeHub & Pick<PageContext, 'catalogue' | 'clients' | 'workingTime'>,
): void {
  const { catalogue, clients, nowMs, workingTime } = hub;
  // A link, as on a receipt, may contain the code. It does not start a look-up.
  pages.get('/', async (c) => {
    const code = (parameterOf(c, 'code') ?? '').slice(0, LONGEST_CODE);
    const glance = await readGlance(hub);
    return page(c, (say) => ({
      title: title(say),
      body: html`${form(say, code)}
${help(say)}
${homeView(say, glance)}`,
    }));
  });
  pages.post('/', async (c) => {
    const sent = await formUnlessTooLarge(c);
    if (!sent) return page(c, (say) => ({ ...failed(say, '', { kind: 'wrong', field: 'code' }), status: 413 }));
    const code = typedCode(sent.get('code') ?? '');
    const found = await lookUp(app, c, code, (sent.get('proof') ?? '').replace(/\s/g, ''));
    // Only the code. The proof must not appear in a URL.
    const asked: Record<string, string> = code === '' ? {} : { code: code.slice(0, LONGEST_CODE) };
    if (found.kind === 'dossier') {
      const hasService = (await catalogue.one('service', found.dossier.serviceCode)) !== undefined;
      const address = `${clients.originOf(c)}/?code=${encodeURIComponent(found.dossier.code)}`;
      const known = { hasService, nowMs: nowMs(), workingTime, address };
      return page(c, (say) => ({
        title: say('Kết quả tra cứu', 'Result'),
        body: html`${dossierView(say, found.dossier, known)}
${paymentsView(say, found.dossier.payments ?? [], new URL(c.req.url).hostname)}
${postView(say, found.dossier.postalOrders ?? [])}
${ratingView(say, found.dossier)}
<section class="again"><h2>${say('Tra cứu hồ sơ khác', 'Look up another dossier')}</h2>
${form(say, '')}</section>`,
        asked,
      }));
    }
    if (found.kind === 'too-often') c.header('Retry-After', String(found.waitS));
    if (found.kind === 'away') c.header('Retry-After', '5');
    return page(c, (say) => ({ ...failed(say, code.slice(0, LONGEST_CODE), found), asked }));
  });
}

/** Only a dossier with a result is rated. */
function ratingView(say: Say, { code, status, rated }: PublicDossier): Html | string {
  if (rated)
    return html`<p class="card note">${say('Hồ sơ này đã được đánh giá. Cảm ơn ông/bà.', 'This dossier was rated. Thank you.')}</p>`;
  if (status !== 'resolved' && status !== 'returned') return '';
  return html`<section class="no-print"><h2>${say('Đánh giá việc giải quyết hồ sơ', 'Rate how the dossier was handled')}</h2>
${ratingForm(say, { code })}</section>`;
}

async function formUnlessTooLarge(c: Context): Promise<URLSearchParams | undefined> {
  return readForm(c, MOST_BYTES).catch((error) => {
    if ((error as Partial<Refusal>).kind === 'too-large') return undefined;
    throw error;
  });
}

async function lookUp(app: Hono, c: Context, code: string, proof: string): Promise<Found> {
  if (code === '' || code.length > LONGEST_CODE || /\p{Cc}/u.test(code)) return { kind: 'wrong', field: 'code' };
  const path = `/api/public/dossiers/${encodeURIComponent(code)}?${new URLSearchParams({ proof })}`;
  const { status, body, waitS } = await callPublic<PublicDossier>(app, c, path);
  if (status === 200) return { kind: 'dossier', dossier: body };
  if (status === 400) return { kind: 'wrong', field: 'proof' };
  if (status === 404) return { kind: 'none' };
  if (status === 429) return { kind: 'too-often', waitS };
  return { kind: status === 503 ? 'away' : 'fault' };
}

const title = (say: Say): string => say('Tra cứu hồ sơ', 'Look up a dossier');

const STATUSES = { wrong: 400, none: 404, 'too-often': 429, away: 503, fault: 500 } as const;

function failed(
  say: Say,
  code: string,
  found: Exclude<Found, { kind: 'dossier' }>,
): Pick<Shown, 'title' | 'body' | 'status'> {
  const wrong = found.kind === 'wrong' ? found.field : undefined;
  return {
    // A different title, because screen readers announce it first.
    title:
      found.kind === 'none'
        ? say('Chưa tìm thấy hồ sơ', 'No dossier found')
        : say('Chưa tra cứu được hồ sơ', 'The look-up failed'),
    status: STATUSES[found.kind],
    body: html`<p class="card" role="alert" id="wrong">${explained(say, found)}</p>
${form(say, code, wrong)}
${help(say)}`,
  };
}

function explained(say: Say, found: Exclude<Found, { kind: 'dossier' }>): string {
  switch (found.kind) {
    case 'wrong':
      return found.field === 'code'
        ? say(
            'Mã hồ sơ: nhập mã ghi trên Giấy tiếp nhận hồ sơ và hẹn trả kết quả.',
            'Dossier code: enter the code printed on your receipt.',
          )
        : say(
            '4 số cuối: nhập đúng 4 chữ số, không nhập toàn bộ số điện thoại hoặc số giấy tờ.',
            'Last four digits: enter only four digits, not the whole phone or identity number.',
          );
    case 'none':
      return say(
        'Không tìm thấy hồ sơ với mã và 4 số này. Vui lòng kiểm tra lại mã trên Giấy tiếp nhận hồ sơ và hẹn trả kết quả, và 4 số cuối của số điện thoại hoặc số giấy tờ đã khai khi nộp hồ sơ.',
        'There is no dossier with this code and these four digits. Check the code on your receipt, and the last four digits of the phone or identity number that you gave when you filed it.',
      );
    case 'too-often':
      return say(
        `Đã tra cứu quá số lần cho phép. Vui lòng thử lại sau ${waitIn(say, found.waitS)}.`,
        `There were too many look-ups. Please try again in ${waitIn(say, found.waitS)}.`,
      );
    case 'away':
      return say(
        'Hiện chưa tra cứu được. Hồ sơ không bị ảnh hưởng; vui lòng thử lại sau ít phút.',
        'Dossiers cannot be looked up at the moment. Yours is not affected; please try again in a few minutes.',
      );
    case 'fault':
      return say('Hệ thống gặp lỗi. Vui lòng thử lại sau.', 'Something went wrong here. Please try again later.');
  }
}

function form(say: Say, code: string, wrong?: Wrong): Html {
  const mark = (field: Wrong) => (field === wrong ? html` aria-invalid="true"` : '');
  return html`<form class="card fields look-up" method="post" action="/">
<label class="wide">${say('Mã hồ sơ', 'Dossier code')}
<input name="code" value="${code}" required maxlength="${LONGEST_CODE}" autocomplete="off" autocapitalize="characters" spellcheck="false" aria-describedby="code-hint${wrong === 'code' ? ' wrong' : ''}"${mark('code')}>
<small id="code-hint">${say('Ghi trên Giấy tiếp nhận hồ sơ và hẹn trả kết quả, ví dụ', 'Printed on your receipt, such as')} <span class="code">H60.01-250812-0035</span></small></label>
<label>${say('4 số cuối', 'Last four digits')}
<input name="proof" required inputmode="numeric" pattern="[0-9]{4}" minlength="4" maxlength="4" size="6" autocomplete="off" aria-describedby="proof-hint${wrong === 'proof' ? ' wrong' : ''}"${mark('proof')}>
<small id="proof-hint">${say('của số điện thoại hoặc số giấy tờ (CCCD, mã số thuế…) đã khai trong hồ sơ', 'of the phone or identity number given in the dossier')}</small></label>
<button>${say('Tra cứu', 'Look up')}</button>
</form>`;
}

function help(say: Say): Html {
  const statuses = Object.values(STATUS);
  return html`<section class="card">
<p>${say(
    'Kết quả tra cứu gồm tình trạng giải quyết, việc cần làm và ngày hẹn trả. Họ tên người nộp được che; 4 số đã nhập không được lưu lại.',
    'The result shows where the dossier is, what to do and when it is due. The applicant’s name is masked, and the four digits are not stored.',
  )}</p>
<p>${say('Chưa nộp hồ sơ? Xem', 'Not filed yet? See')} <a href="/services">${say(
    'giấy tờ, thời hạn và phí của từng thủ tục',
    'the papers, time and fees of each service',
  )}</a>.</p>
<details><summary>${say('Các trạng thái của hồ sơ', 'What the statuses mean')}</summary>
<dl class="facts">${statuses.map(({ name, meaning }) => html`<dt>${say(...name)}</dt><dd>${say(...meaning)}</dd>`)}</dl></details>
</section>`;
}
