// <lienthong-dossier>: looks up a dossier from the page of any portal. The hub puts the words of the statuses before
// this text. Nothing is stored, and the four digits go to the hub alone.
const WORDS = {
  vi: {
    code: 'Mã hồ sơ',
    codeHint: 'Ghi trên Giấy tiếp nhận hồ sơ và hẹn trả kết quả, ví dụ H60.01-250812-0035',
    proof: '4 số cuối',
    proofHint: 'của số điện thoại hoặc số giấy tờ đã khai trong hồ sơ',
    find: 'Tra cứu',
    busy: 'Đang tra cứu…',
    since: 'từ',
    todo: 'Việc cần làm:',
    service: 'Thủ tục',
    agency: 'Cơ quan',
    due: 'Ngày hẹn trả',
    steps: 'Quá trình giải quyết',
    none: 'Không tìm thấy hồ sơ với mã và 4 số này. Vui lòng kiểm tra lại.',
    often: 'Đã tra cứu quá số lần cho phép. Vui lòng thử lại sau.',
    away: 'Hiện chưa tra cứu được. Hồ sơ không bị ảnh hưởng; vui lòng thử lại sau ít phút.',
  },
  en: {
    code: 'Dossier code',
    codeHint: 'Printed on your receipt, such as H60.01-250812-0035',
    proof: 'Last four digits',
    proofHint: 'of the phone or identity number given in the dossier',
    find: 'Look up',
    busy: 'Looking up…',
    since: 'since',
    todo: 'What to do:',
    service: 'Service',
    agency: 'Agency',
    due: 'Due',
    steps: 'What happened',
    none: 'There is no dossier with this code and these four digits. Please check both.',
    often: 'There were too many look-ups. Please try again later.',
    away: 'Dossiers cannot be looked up at the moment. Yours is not affected; please try again in a few minutes.',
  },
};

// A sheet that is built by script needs no permission for inline styles in the policy of the portal.
const SHEET = new CSSStyleSheet();
SHEET.replaceSync(`
:host { display: block; color: inherit; font: inherit; line-height: 1.5; --accent: var(--lienthong-accent, #9b1c22); }
form, .result { display: grid; gap: 12px; max-width: 40em; }
label { display: grid; gap: 2px; font-weight: 600; }
small { font-weight: 400; opacity: .8; }
input { font: inherit; padding: 8px 10px; border: 1px solid currentcolor; border-radius: 6px; background: transparent; color: inherit; }
button { justify-self: start; font: inherit; font-weight: 600; padding: 8px 20px; border: 0; border-radius: 6px; background: var(--accent); color: #fff; cursor: pointer; }
:focus-visible { outline: 3px solid #1664c0; outline-offset: 2px; }
.result { margin-top: 18px; }
.result:empty { display: none; }
h2, h3, p, dl, ol { margin: 0; }
h2, h3 { font-size: 1.1em; }
.stamp { padding: 8px 12px; border-left: 5px solid #56616f; font-weight: 600; }
.stamp.good { border-color: #1a6b3c; }
.stamp.warn { border-color: #b07400; }
.stamp.bad { border-color: #a4161a; }
dl { display: grid; grid-template-columns: minmax(6em, 9em) 1fr; gap: 4px 12px; }
dt { opacity: .8; }
dd { margin: 0; }
`);

/** `12/08/2025 08:15`: the hub sends times of Vietnam. */
function timeOf(instant) {
  const [date, time] = instant.split('T');
  return `${date.split('-').reverse().join('/')} ${time.slice(0, 5)}`;
}

/** The day alone where a source gave no time: the hub sends such a day as its midnight. */
function dayOrTimeOf(instant) {
  return instant.slice(11, 19) === '00:00:00' ? timeOf(instant).slice(0, 10) : timeOf(instant);
}

/** An element with text or children. Texts of a dossier never become markup. */
function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter(Boolean));
  return element;
}

class LienthongDossier extends HTMLElement {
  static observedAttributes = ['lang'];
  /** How many look-ups there were. */
  asked = 0;

  connectedCallback() {
    if (!this.shadowRoot) this.attachShadow({ mode: 'open' }).adoptedStyleSheets = [SHEET];
    this.draw();
  }

  attributeChangedCallback() {
    if (this.shadowRoot) this.draw();
  }

  /** 0 for Vietnamese, 1 for English: the place of a word in its pair. */
  get place() {
    return this.getAttribute('lang') === 'en' ? 1 : 0;
  }

  get words() {
    return WORDS[this.place === 1 ? 'en' : 'vi'];
  }

  /** The address of the hub: that of this script, or the attribute `hub`. */
  get hub() {
    return this.getAttribute('hub') || new URL(import.meta.url).origin;
  }

  draw() {
    const { words } = this;
    const code = make('input', {
      name: 'code',
      required: '',
      maxlength: '100',
      autocomplete: 'off',
      spellcheck: 'false',
    });
    code.value = this.getAttribute('code') || '';
    const digits = { name: 'proof', required: '', inputmode: 'numeric', pattern: '[0-9]{4}', maxlength: '4' };
    const proof = make('input', { ...digits, autocomplete: 'off' });
    const form = make(
      'form',
      {},
      make('label', {}, words.code, code, make('small', {}, words.codeHint)),
      make('label', {}, words.proof, proof, make('small', {}, words.proofHint)),
      make('button', {}, words.find),
    );
    const result = make('div', { class: 'result', 'aria-live': 'polite' });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.find(code.value.trim(), proof.value, result);
    });
    this.shadowRoot.replaceChildren(form, result);
  }

  async find(code, proof, result) {
    const { words } = this;
    const number = ++this.asked;
    result.replaceChildren(make('p', {}, words.busy));
    const url = `${this.hub}/api/public/dossiers/${encodeURIComponent(code)}?${new URLSearchParams({ proof })}`;
    const answer = await fetch(url, { credentials: 'omit', referrerPolicy: 'no-referrer' }).catch(() => undefined);
    // The connection may break off inside of an answer.
    const dossier = answer?.ok ? await answer.json().catch(() => undefined) : undefined;
    // An older answer may come after a newer one.
    if (number !== this.asked) return;
    if (dossier) {
      result.replaceChildren(...this.shown(dossier));
      this.dispatchEvent(
        new CustomEvent('lienthong-found', { detail: { code: dossier.code, status: dossier.status } }),
      );
      return;
    }
    const text = { 400: words.none, 404: words.none, 429: words.often }[answer?.status] ?? words.away;
    result.replaceChildren(make('p', { role: 'alert' }, text));
  }

  shown(dossier) {
    const { words, place } = this;
    const { name, meaning, next, tone } = STATUS[dossier.status];
    // A repeat of the status moves `statusAt`.
    const last = (dossier.steps ?? []).at(-1);
    const since = last?.status === dossier.status ? last.at : dossier.statusAt;
    const fact = (term, value) => (value ? [make('dt', {}, term), make('dd', { lang: 'vi' }, value)] : []);
    const steps = (dossier.steps ?? []).map(({ status, at, unit }) =>
      make('li', {}, `${STATUS[status].name[place]}, ${timeOf(at)}${unit ? `, ${unit}` : ''}`),
    );
    return [
      make('h2', {}, dossier.code),
      make('p', { class: `stamp ${tone}` }, `${name[place]} ${words.since} ${timeOf(since)}`),
      make('p', {}, meaning[place]),
      next && make('p', {}, make('strong', {}, words.todo), ` ${next[place]}`),
      make(
        'dl',
        {},
        ...fact(words.service, dossier.serviceName ?? dossier.serviceCode),
        ...fact(words.agency, dossier.agencyName ?? dossier.agencyCode),
        ...fact(words.due, dossier.dueAt && dayOrTimeOf(dossier.dueAt)),
      ),
      steps.length > 0 && make('h3', {}, words.steps),
      steps.length > 0 && make('ol', {}, ...steps),
    ].filter(Boolean);
  }
}

customElements.define('lienthong-dossier', LienthongDossier);
