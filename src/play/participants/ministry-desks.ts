import axios from 'axios';
import { WSSecurity } from 'soap';
import { parseInstant, parseLocal } from '#core/dates/dates';
import type { Status } from '#schemas/dossier.upsert.v1';
import agriculture from '../../../adapters/rest-ministry/parties/agriculture.json' with { type: 'json' };
import health from '../../../adapters/rest-ministry/parties/health.json' with { type: 'json' };
import { healthAt } from '../../../adapters/rest-ministry/simulator/connect.ts';
import construction from '../../../adapters/soap-ministry/parties/construction.json' with { type: 'json' };
import transport from '../../../adapters/soap-ministry/parties/transport.json' with { type: 'json' };
import { nodesAt, readXml, textAt } from '../../kit/xml/read-xml.ts';
import { ANSWERS_WITHIN_MS, call, soapClient } from '../clients/soap-client.ts';
import { NotAcknowledged } from '../clients/until-acknowledged.ts';
import type { Applicant } from '../day/people.ts';
import type { FiledAt, FiledAtName } from './participants.ts';
import {
  addressOf,
  IGATE_CLIENT,
  IGATE_STATUSES,
  IGATE_TOKEN_PATH,
  MINISTRY_PASSWORD,
  MINISTRY_TOKEN,
  wsdlOf,
} from './parties.ts';

/** A citizen's application to a ministry. */
export interface Application {
  readonly code: string;
  readonly service: { readonly code: string; readonly name: string };
  readonly agency: string;
  readonly applicant: Applicant;
}

export interface Step {
  readonly status: Status;
  readonly at: string;
  /** The dossier stands so, without a step of its own. */
  readonly isState?: true;
}

/** A ministry's own operations for citizens, without the hub. Throws `NotAcknowledged` without an answer. */
export interface Desk {
  file(application: Application): Promise<void>;
  /** The steps of a dossier in order; empty for an unknown dossier. */
  steps(code: string): Promise<readonly Step[]>;
}

export const openDesk = (at: FiledAt[FiledAtName], signal: AbortSignal): Promise<Desk> =>
  DESKS[at.name](at.url, signal);

const DESKS: Readonly<Record<FiledAtName, (url: string, signal: AbortSignal) => Promise<Desk>>> = {
  async construction(url, signal) {
    const client = await soapClient(wsdlOf({ name: 'construction', url }), { signal });
    const ask = async (operation: string, args: object): Promise<unknown> => {
      const answer = await call<Record<string, string>>(client, operation, args, signal);
      return readXml(answer[`${operation}Result`] ?? '');
    };
    const logIn = async (): Promise<string | undefined> =>
      textAt(await ask('DangNhap', { tenDangNhap: 'demo', matKhau: 'demo' }), 'KetQua.Phien');
    let session: Promise<string | undefined> | undefined;
    return {
      async file(application) {
        await call(client, 'NopHoSo', { duLieu: constructionForm(application) }, signal);
      },
      async steps(maHoSo) {
        session ??= logIn();
        const answer = await ask('TraCuuTienDo', { phien: await session, maHoSo });
        return nodesAt(answer, 'KetQua.DanhSach.TienDo').map((step) => {
          const at = parseLocal('dd/MM/yyyy HH:mm:ss', textAt(step, 'ThoiDiem') ?? '') as { readonly instant: string };
          return { status: statusOf(construction, textAt(step, 'TrangThai')), at: at.instant };
        });
      },
    };
  },

  async transport(url, signal) {
    const client = await soapClient(wsdlOf({ name: 'transport', url }), { signal, version: '1.2' });
    return {
      async file(application) {
        await call(client, 'nopHoSo', { hoSo: transportForm(application) }, signal);
      },
      async steps(maHoSo) {
        client.setSecurity(new WSSecurity('demo', MINISTRY_PASSWORD, { passwordType: 'PasswordDigest' }));
        interface Reported {
          readonly trangThai: string;
          // node-soap makes a Date of it, for the same moment.
          readonly thoiDiem: string | Date;
        }
        const { return: answer } = await call<{ return: { tienDo?: readonly Reported[] } }>(
          client,
          'xemTienDo',
          { maHoSo },
          signal,
        );
        return (answer.tienDo ?? []).map(({ trangThai, thoiDiem }) => ({
          status: statusOf(transport, trangThai),
          at: parseInstant(thoiDiem instanceof Date ? thoiDiem.toISOString() : thoiDiem) as string,
        }));
      },
    };
  },

  async agriculture(url, signal) {
    const client = axios.create({
      baseURL: addressOf({ name: 'agriculture', url }),
      headers: { Authorization: `Bearer ${MINISTRY_TOKEN}` },
      timeout: ANSWERS_WITHIN_MS,
      proxy: false,
      signal,
    });
    const ask = askingOf('the agriculture ministry', signal);
    return {
      async file(application) {
        await ask(client.post('applications', agricultureForm(application)));
      },
      async steps(code) {
        const steps = await ask(
          client.get<readonly { status: string; at: string }[]>(`dossiers/${encodeURIComponent(code)}/steps`),
        );
        return steps.map(({ status, at }) => ({
          status: statusOf(agriculture, status),
          at: parseInstant(at) as string,
        }));
      },
    };
  },

  async health(url, signal) {
    const { headers, security } = healthAt(url);
    const client = axios.create({ baseURL: url, timeout: ANSWERS_WITHIN_MS, proxy: false, signal });
    const ask = askingOf('the health ministry', signal);
    const logIn = async (): Promise<object> => {
      const login = { auth: { username: security.clientId, password: security.clientSecret } };
      const { access_token: token } = await ask<{ access_token: string }>(
        client.post('lgsp/token', 'grant_type=client_credentials', login),
      );
      return { headers: { ...headers, Authorization: `Bearer ${token}` }, baseURL: addressOf({ name: 'health', url }) };
    };
    let session: Promise<object> | undefined;
    return {
      async file(application) {
        session ??= logIn();
        await ask(client.post('NopHoSo', healthForm(application), await session));
      },
      async steps(code) {
        session ??= logIn();
        const { data } = await ask<{ data?: { TienDo: readonly { TrangThai: string; ThoiDiem: string }[] } }>(
          client.post('TraCuuTienDo', { MaHoSo: code }, await session),
        );
        return (data?.TienDo ?? []).map(({ TrangThai, ThoiDiem }) => {
          const at = parseLocal('yyyyMMddHHmmss', ThoiDiem) as { readonly instant: string };
          return { status: statusOf(health, TrangThai), at: at.instant };
        });
      },
    };
  },

  async igate(url, signal) {
    const client = axios.create({ baseURL: url, timeout: ANSWERS_WITHIN_MS, proxy: false, signal });
    const ask = askingOf('iGate', signal);
    return {
      async file({ code, service, agency, applicant }) {
        const { name, identityNumber, phone } = applicant;
        await ask(client.post('pa/dossier/--apply-online/', { code, name, identityNumber, phone, agency, service }));
      },
      async steps(code) {
        const { clientId: username, clientSecret: password } = IGATE_CLIENT;
        const login = { auth: { username, password } };
        const { access_token: token } = await ask<{ access_token: string }>(
          client.post(IGATE_TOKEN_PATH, 'grant_type=client_credentials', login),
        );
        const found = await ask<{ content: readonly IGateRow[] }>(
          client.get('pa/dossier/search', {
            params: { 'code-match': code, page: 0, size: 1 },
            headers: { Authorization: `Bearer ${token}` },
          }),
        );
        return found.content.flatMap(igateSteps);
      },
    };
  },
};

/** Asks with axios. A citizen who gets no answer tries again. */
const askingOf =
  (who: string, signal: AbortSignal) =>
  async <T>(asked: Promise<{ readonly data: T }>): Promise<T> => {
    const { data } = await asked.catch((error: Error) => {
      if (signal.aborted) throw error;
      throw new NotAcknowledged(`${who}: ${error.message}`);
    });
    return data;
  };

interface IGateRow {
  readonly dossierStatus: { readonly id: number };
  readonly updatedDate: string;
  readonly task: readonly { readonly createdDate: string }[];
}

/** The tasks are steps, and the result is a state of the dossier alone. */
function igateSteps({ dossierStatus, updatedDate, task }: IGateRow): readonly Step[] {
  const steps = task.map(
    ({ createdDate }): Step => ({ status: 'processing', at: parseInstant(createdDate) as string }),
  );
  const isDone = String(dossierStatus.id) in IGATE_STATUSES;
  return isDone ? [...steps, { status: 'resolved', at: parseInstant(updatedDate) as string, isState: true }] : steps;
}

function statusOf({ codes }: { readonly codes: { readonly status: object } }, code: string | undefined): Status {
  return (codes.status as Readonly<Record<string, Status>>)[code ?? ''] as Status;
}

function constructionForm({ code, service, agency, applicant }: Application): string {
  const texts = { MaHoSo: code, MaThuTuc: service.code, TenThuTuc: service.name, MaCoQuan: agency };
  const { name, identityNumber, phone } = applicant;
  const person = elements({ HoTen: name, SoGiayTo: identityNumber, DienThoai: phone });
  return `<HoSo>${elements(texts)}<ChuHoSo Loai="1">${person}</ChuHoSo></HoSo>`;
}

function elements(texts: Readonly<Record<string, string>>): string {
  const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return Object.entries(texts)
    .map(([name, text]) => `<${name}>${escaped(text)}</${name}>`)
    .join('');
}

function transportForm({ code, service, agency, applicant }: Application): object {
  const { name, identityNumber, phone } = applicant;
  return {
    maHoSo: code,
    maThuTuc: service.code,
    tenThuTuc: service.name,
    maCoQuan: agency,
    trangThai: 'TIEP_NHAN',
    thoiDiemCapNhat: new Date().toISOString(),
    nguoiNop: { hoTen: name, cccd: identityNumber, dienThoai: phone },
    noiDung: askedFor(service),
  };
}

function healthForm({ code, service, agency, applicant }: Application): object {
  const { name, identityNumber, phone } = applicant;
  return {
    MaHoSo: code,
    MaTTHC: service.code,
    TenTTHC: service.name,
    MaCoQuan: agency,
    TrangThai: '1',
    ChuHoSo: { HoTen: name, SoGiayTo: identityNumber, DienThoai: phone },
    TrichYeu: askedFor(service),
  };
}

function agricultureForm({ code, service, agency, applicant }: Application): object {
  const { name, identityNumber, phone } = applicant;
  return {
    code,
    procedure: service,
    agency,
    status: 'RECEIVED',
    statusAt: new Date().toISOString(),
    applicant: { name, identityNumber, phone },
    summary: askedFor(service),
  };
}

const askedFor = ({ name }: Application['service']): string => `Đề nghị giải quyết: ${name}`;
