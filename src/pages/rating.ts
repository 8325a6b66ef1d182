import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { typedCode } from '#core/identifiers/identifiers';
import { storable } from '#core/vietnamese/text';
import type { Bilingual } from '#messages/message';
import { RATING_LEVELS, type Rating } from '#schemas/rating.v1';
import { parameterOf, type Say } from './language.ts';
import type { Html, Shown } from './layout.ts';
import { readOwnForm, trapField, unreadPage } from './own-form.ts';
import type { ShowPage } from './page-context.ts';
import { callPublic, type PublicAnswer, troubleOf, troubleStatus } from './public-api.ts';

const LEVEL: Readonly<Record<Rating['level'], Bilingual>> = {
  'very-satisfied': ['Rất hài lòng', 'Very satisfied'],
  satisfied: ['Hài lòng', 'Satisfied'],
  dissatisfied: ['Không hài lòng', 'Dissatisfied'],
};
const LONGEST_CODE = 100;

type Field = 'code' | 'proof' | 'level' | 'reason';

/** What a citizen typed. The digits are never shown again. */
interface Typed {
  readonly code: string;
  readonly level?: string | undefined;
  readonly reason?: string | undefined;
  readonly wrong?: Field | undefined;
}

/** The reply of the public API: the outcome, or a problem. */
interface Reply {
  readonly problems?: readonly { readonly path: string; readonly code: string }[];
}

/** A citizen rates a finished dossier. The digits are asked for again, because no page contains them. */
export function addRatingPage(pages: Hono, app: Hono, page: ShowPage): void {
  pages.get('/rating', (c) => {
    const code = (parameterOf(c, 'code') ?? '').slice(0, LONGEST_CODE);
    return page(c, (say) => ({ title: title(say), body: ratingForm(say, { code }) }));
  });
  pages.post('/rating', async (c) => {
    const sent = await readOwnForm(c);
    if (typeof sent === 'string') return page(c, (say) => ({ ...unreadPage(say, sent), asked: {} }));
    const given = typedCode(sent.get('code') ?? '');
    const typed: Typed = {
      // Cut for the form alone: it would be another code, and may end in half a pair, which no address can hold.
      code: given.length > LONGEST_CODE ? storable(given.slice(0, LONGEST_CODE)) : given,
      level: sent.get('level') ?? undefined,
      reason: sent.get('reason')?.trim() || undefined,
    };
    const asked: Record<string, string> = typed.code === '' ? {} : { code: typed.code };
    const wrong = wrongField({ ...typed, code: given });
    if (wrong) return page(c, (say) => ({ ...failed(say, { ...typed, wrong }, whatIsWrong(say, wrong)), asked }));
    const { code, level, reason } = typed;
    const proof = (sent.get('proof') ?? '').replace(/\s/g, '');
    const path = `/api/public/dossiers/${encodeURIComponent(code)}/rating`;
    const answer = await callPublic<Reply>(app, c, path, { proof, level, reason });
    return page(c, (say) => ({ ...answered(c, say, typed, answer), asked }));
  });
}

function wrongField({ code, level, reason }: Typed): Field | undefined {
  if (code === '' || code.length > LONGEST_CODE || /\p{Cc}/u.test(code)) return 'code';
  if (!(RATING_LEVELS as readonly (string | undefined)[]).includes(level)) return 'level';
  return level === 'dissatisfied' && reason === undefined ? 'reason' : undefined;
}

type Page = Pick<Shown, 'title' | 'body' | 'status'>;

function answered(c: Context, say: Say, typed: Typed, answer: PublicAnswer<Reply>): Page {
  const { status, body } = answer;
  if (status === 200 || status === 201 || status === 202) return thanks(say, status === 202);
  if (status === 404)
    return failed(
      say,
      typed,
      say(
        'Không tìm thấy hồ sơ với mã và 4 số này. Vui lòng kiểm tra lại.',
        'There is no dossier with this code and these four digits. Please check both.',
      ),
      404,
    );
  if (status === 422) return failed(say, typed, refusal(say, body), 422);
  if (status !== 400) return failed(say, typed, troubleOf(say, answer), troubleStatus(c, answer));
  const wrong = body.problems?.some(({ path }) => path === '/reason') ? 'reason' : 'proof';
  return failed(say, { ...typed, wrong }, whatIsWrong(say, wrong));
}

function thanks(say: Say, isHeld: boolean): Page {
  const held = say(
    'Đánh giá đang chờ cán bộ xem xét; ông/bà không cần gửi lại.',
    'An officer will review the rating. You do not need to send it again.',
  );
  return {
    title: say('Đã ghi nhận đánh giá', 'Rating received'),
    body: html`<p class="card" role="status">${say(
      'Cảm ơn ông/bà đã đánh giá việc giải quyết hồ sơ.',
      'Thank you for rating how the dossier was handled.',
    )}${isHeld && html` ${held}`}</p>
<p><a href="/">${say('Tra cứu hồ sơ khác', 'Look up another dossier')}</a></p>`,
  };
}

function refusal(say: Say, { problems = [] }: Reply): string {
  if (problems.some(({ code }) => code === 'already-rated'))
    return say(
      'Hồ sơ này đã được đánh giá. Mỗi hồ sơ chỉ được đánh giá một lần.',
      'This dossier was rated before. A dossier is rated once.',
    );
  if (problems.some(({ code }) => code === 'no-result'))
    return say(
      'Hồ sơ chưa có kết quả. Ông/bà đánh giá được khi hồ sơ đã giải quyết xong.',
      'The dossier has no result yet. You can rate it when it is resolved.',
    );
  return say(
    'Đánh giá này không được chấp nhận. Vui lòng kiểm tra lại thông tin, hoặc liên hệ nơi đã nộp hồ sơ.',
    'The rating was not accepted. Please check what you entered, or ask where you filed the dossier.',
  );
}

function whatIsWrong(say: Say, field: Field): string {
  return {
    code: say(
      'Mã hồ sơ: nhập mã ghi trên Giấy tiếp nhận hồ sơ và hẹn trả kết quả.',
      'Dossier code: enter the code on your receipt.',
    ),
    proof: say('4 số cuối: nhập đúng 4 chữ số.', 'Last four digits: enter only four digits.'),
    level: say('Mức độ: chọn một trong ba mức.', 'Level: choose one of the three.'),
    reason: say('Lý do: cho biết lý do không hài lòng.', 'Reason: say why you are dissatisfied.'),
  }[field];
}

function failed(say: Say, typed: Typed, text: string, status: Page['status'] = 400): Page {
  return {
    title: say('Chưa gửi được đánh giá', 'The rating was not sent'),
    status,
    body: typed.wrong
      ? ratingForm(say, typed, text)
      : html`<p class="card" role="alert">${text}</p>
${ratingForm(say, typed)}`,
  };
}

const title = (say: Say): string => say('Đánh giá việc giải quyết hồ sơ', 'Rate how the dossier was handled');

/** The form, with an error beside its field. */
export function ratingForm(say: Say, { code, level, reason, wrong }: Typed, error?: string): Html {
  const beside = (field: Field) =>
    wrong === field ? html`<span class="bad" role="alert" id="rating-wrong">${error}</span>` : '';
  const mark = (field: Field) =>
    wrong === field ? html` aria-invalid="true" aria-describedby="rating-wrong" autofocus` : '';
  return html`<form class="card entries" method="post" action="/rating">
<label>${say('Mã hồ sơ', 'Dossier code')}
<input name="code" value="${code}" required maxlength="${LONGEST_CODE}" autocomplete="off" spellcheck="false"${mark('code')}>${beside('code')}</label>
<label>${say('4 số cuối của số điện thoại hoặc số giấy tờ', 'Last four digits of the phone or identity number')}
<input name="proof" required inputmode="numeric" pattern="[0-9]{4}" maxlength="4" autocomplete="off"${mark('proof')}>${beside('proof')}</label>
<fieldset><legend>${say('Mức độ hài lòng', 'How satisfied are you?')}</legend>
${RATING_LEVELS.map((one) => html`<label class="choice"><input type="radio" name="level" value="${one}" required${one === level ? html` checked` : ''}> ${say(...LEVEL[one])}</label>`)}${beside('level')}</fieldset>
<label>${say('Lý do (bắt buộc nếu không hài lòng)', 'Reason (needed when dissatisfied)')}
<textarea name="reason" rows="3" maxlength="2000"${mark('reason')}>${reason ?? ''}</textarea>${beside('reason')}</label>
${trapField(say)}
<button>${say('Gửi đánh giá', 'Send the rating')}</button>
</form>`;
}
