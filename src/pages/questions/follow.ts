import type { Hono } from 'hono';
import { html } from 'hono/html';
import { typedCode } from '#core/identifiers/identifiers';
import { storable } from '#core/vietnamese/text';
import { parameterOf, type Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { readOwnForm, unreadPage } from '../own-form.ts';
import type { PageContext, ShowPage } from '../page-context.ts';
import { callPublic, troubleOf, troubleStatus } from '../public-api.ts';
import { heldGuidance, type PublicQuestion, questionView, withAgencyNames } from './question.ts';

const LONGEST_CODE = 100;

/** An asker follows a question by its code and a proof of phone number or e-mail address, which is posted. */
export function addFollowPage(
  pages: Hono,
  app: Hono,
  page: ShowPage,
  hub: Pick<PageContext, 'catalogue' | 'kinds' | 'records'>,
): void {
  const { catalogue } = hub;
  pages.get('/questions/follow', (c) => {
    const code = (parameterOf(c, 'code') ?? '').slice(0, LONGEST_CODE);
    return page(c, (say) => ({ title: title(say), body: followForm(say, code) }));
  });
  pages.post('/questions/follow', async (c) => {
    const sent = await readOwnForm(c);
    if (typeof sent === 'string') return page(c, (say) => ({ ...unreadPage(say, sent), asked: {} }));
    const given = typedCode(sent.get('code') ?? '');
    // Cut for the form alone: it would be another code, and may end in half a pair, which no address can hold.
    const code = given.length > LONGEST_CODE ? storable(given.slice(0, LONGEST_CODE)) : given;
    const asked: Record<string, string> = code === '' ? {} : { code };
    const proof = (sent.get('proof') ?? '').replace(/\s/g, '');
    if (given === '' || given.length > LONGEST_CODE || /\p{Cc}/u.test(given) || !/^[^\s]{4}$/.test(proof))
      return page(c, (say) => ({ ...failed(say, code, whatIsWrong(say)), status: 400, asked }));
    const path = `/api/public/questions/${encodeURIComponent(code)}?proof=${encodeURIComponent(proof)}`;
    const answer = await callPublic<PublicQuestion>(app, c, path);
    if (answer.status === 200) {
      const names = await withAgencyNames(catalogue, await catalogue.offered(), [answer.body]);
      const dismissed = await isDismissed(hub, answer.body);
      return page(c, (say) => ({
        title: say('Câu hỏi của ông/bà', 'Your question'),
        body: html`${answer.body.state === 'held' && heldGuidance(say, dismissed)}
${questionView(say, answer.body, names, { isDismissed: dismissed })}`,
        asked,
      }));
    }
    if (answer.status === 404) return page(c, (say) => ({ ...failed(say, code, notFound(say)), status: 404, asked }));
    const status = troubleStatus(c, answer);
    return page(c, (say) => ({ ...failed(say, code, troubleOf(say, answer)), status, asked }));
  });
}

/** Whether an officer decided that a question stays held. The public interface shows the state alone. */
async function isDismissed(
  { kinds, records }: Pick<PageContext, 'kinds' | 'records'>,
  { code, state }: PublicQuestion,
) {
  const kind = kinds.byName('question');
  const queued = kind && state === 'held' ? await records.queued(kind, code) : undefined;
  return queued?.state === 'held' && queued.causeId === null;
}

const title = (say: Say): string => say('Theo dõi câu hỏi', 'Follow a question');

const whatIsWrong = (say: Say): string =>
  say(
    'Nhập mã câu hỏi và 4 số cuối của số điện thoại đã khai; nếu chỉ khai thư điện tử, nhập 4 ký tự đầu của thư điện tử.',
    'Enter the code of the question, and the last four digits of your phone number. If you gave only an e-mail address, enter its first four characters.',
  );

const notFound = (say: Say): string =>
  say(
    'Không tìm thấy câu hỏi với mã và 4 ký tự này. Vui lòng kiểm tra lại mã được cấp khi gửi câu hỏi, và 4 số cuối của số điện thoại đã khai; nếu chỉ khai thư điện tử, 4 ký tự đầu của thư điện tử.',
    'There is no question with this code and these four characters. Check the code that you got when you sent it, and the last four digits of your phone number. If you gave only an e-mail address, enter its first four characters.',
  );

function failed(say: Say, code: string, text: string): { readonly title: string; readonly body: Html } {
  return {
    title: say('Chưa xem được câu hỏi', 'The question was not found'),
    body: html`<p class="card" role="alert" id="wrong">${text}</p>
${followForm(say, code)}`,
  };
}

function followForm(say: Say, code: string): Html {
  return html`<form class="card fields look-up" method="post" action="/questions/follow">
<label class="wide">${say('Mã câu hỏi', 'Code of the question')}
<input name="code" value="${code}" required maxlength="${LONGEST_CODE}" autocomplete="off" autocapitalize="characters" spellcheck="false">
<small>${say('được cấp khi gửi câu hỏi', 'given when you sent it')}</small></label>
<label>${say('4 số cuối điện thoại', 'Last four digits')}
<input name="proof" required minlength="4" maxlength="4" size="6" autocomplete="off" autocapitalize="none" spellcheck="false">
<small>${say('đã khai khi hỏi; nếu chỉ khai thư điện tử: 4 ký tự đầu', 'of your phone number; with an e-mail address alone, its first four characters')}</small></label>
<button>${say('Xem', 'Show')}</button>
</form>`;
}
