import { serviceKey } from '#kit';
import type { SimulatorContext } from '#kit/testing';
import { writeAgency, writeField, writeListed } from '#mappings/national-portal/dictionaries';
import { writeProcedure } from '#mappings/national-portal/procedure-writing';
import type { Catalogue } from './catalogue.ts';
import { dossierFault, stepFault } from './checks.ts';
import { QUESTION_SERVICES, REPORT_SERVICES } from './questions.ts';
import type { PortalOptions, PortalState, Reply } from './state.ts';

interface Call {
  readonly body: Readonly<Record<string, unknown>>;
  readonly context: SimulatorContext<PortalState>;
  readonly options: PortalOptions;
  readonly catalogue: Catalogue;
}

type Item = Readonly<Record<string, unknown>>;

/** The portal's services, by the name in `service`. */
export const SERVICES: Readonly<Record<string, (call: Call) => Reply>> = {
  TraCuuHoSo: ({ body, context, options }) => {
    const record = context.state.dossiers.get(String(body.mahoso));
    return { code: 0, result: record ? [shown(record, context.state, options)] : [] };
  },
  DongBoHoSoMC: ({ body, context, options }) => {
    if (body.isUpdating !== 'True' && body.isUpdating !== 'False')
      return { code: -1, message: 'isUpdating phải là "True" hoặc "False"' };
    const items = itemsOf(body.data);
    if (!items) return { code: -1, message: 'Thiếu data' };
    const faults = items.map(
      (item) => dossierFault(item, options.strict ?? false) ?? existence(item, String(body.isUpdating), context.state),
    );
    const first = faults.find((fault) => fault !== undefined);
    if (first && !options.each) return first;
    for (const [at, item] of items.entries()) {
      if (faults[at]) continue;
      context.state.dossiers.set(String(item.MaHoSo), item);
      context.ledger.recordState('dossier', String(item.MaHoSo), item);
    }
    if (!options.each) return { code: 0, message: 'Thành công', result: [] };
    if (options.each === 'nameless')
      return {
        code: 0,
        message: 'Thành công',
        result: faults.flatMap((one) => (one ? [{ error_code: one.code, message: one.message }] : [])),
      };
    const result = items.map(({ MaHoSo }, at) => ({
      MaHoSo,
      error_code: faults[at]?.code ?? 0,
      message: faults[at]?.message ?? '',
    }));
    return { code: first ? -1 : 0, message: first?.message ?? 'Thành công', result };
  },
  CapNhatTienDoHoSoMC: ({ body, context }) => {
    const steps = itemsOf(body.data);
    if (!steps) return { code: -1, message: 'Thiếu data' };
    if (steps.length > 10) return { code: -1, message: 'Mỗi lần gửi tối đa 10 tiến trình' };
    for (const step of steps) {
      const fault = stepFault(step);
      if (fault) return fault;
      if (!context.state.dossiers.has(String(step.MaHoSo))) return unknownDossier(step);
    }
    for (const step of steps) {
      const code = String(step.MaHoSo);
      context.state.steps.set(code, [...(context.state.steps.get(code) ?? []), step]);
      context.ledger.record('progress', code, step);
    }
    return { code: 0, message: 'Thành công', result: [] };
  },
  LayDanhSachTTHC: ({ catalogue }) => ({ code: 0, result: catalogue.services.map(writeListed) }),
  LayThuTuc: ({ body, catalogue }) => {
    const key = serviceKey(String(body.maTTHC));
    const service = catalogue.services.find((one) => serviceKey(one.code) === key);
    return { code: 0, result: service ? [writeProcedure(service)] : [] };
  },
  // An entry has no member for its state: what is dissolved has left the list.
  LayDanhMucCoQuan: ({ catalogue }) => ({ code: 0, result: catalogue.agencies.filter(isInForce).map(writeAgency) }),
  LayDanhMucLinhVuc: ({ catalogue }) => ({ code: 0, result: catalogue.fields.filter(isInForce).map(writeField) }),
  ...QUESTION_SERVICES,
  ...REPORT_SERVICES,
};

const isInForce = ({ inForce }: { readonly inForce: boolean }): boolean => inForce;

function shown(record: Item, state: PortalState, { lookup = 'steps' }: PortalOptions): Item {
  if (lookup === 'code') return { MaHoSo: record.MaHoSo };
  if (lookup === 'record') return record;
  return { ...record, TienDoXuLy: state.steps.get(String(record.MaHoSo)) ?? [] };
}

function existence(item: Item, isUpdating: string, state: PortalState): Reply | undefined {
  const isThere = state.dossiers.has(String(item.MaHoSo));
  if (isThere && isUpdating === 'False') return { code: -3, message: `Hồ sơ ${item.MaHoSo} đã tồn tại trên hệ thống` };
  return isThere || isUpdating === 'False' ? undefined : unknownDossier(item);
}

function unknownDossier(item: Item): Reply {
  return { code: -1, message: `Hồ sơ ${item.MaHoSo} không tồn tại trên hệ thống` };
}

function itemsOf(data: unknown): readonly Item[] | undefined {
  const isList = Array.isArray(data) && data.length > 0;
  return isList && data.every((one) => typeof one === 'object' && one !== null) ? data : undefined;
}
