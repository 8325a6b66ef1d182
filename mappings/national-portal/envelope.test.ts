import { describe, expect, test } from 'vitest';
import {
  isAlreadyThere,
  isDossierUnknown,
  isSessionError,
  isTemporary,
  type PortalError,
  parseReply,
} from './envelope.ts';

const wrap = (inner: unknown, outer: object = {}): string =>
  JSON.stringify({ ...outer, message: JSON.stringify(inner) });

describe('a reply of the national portal', () => {
  test.each([
    ['{"error_code":0,"result":[]}', []],
    ['{"error_code":"0"}', []],
    ['{"error_code":"00","result":null}', []],
    ['{"error_code":0,"result":[{"a":1}]}', [{ a: 1 }]],
    ['{"error_code":0,"result":{"a":1}}', [{ a: 1 }]],
    ['{"error_code":0,"result":""}', []],
    ['\ufeff{"error_code":0,"message":"Thành công"}', []],
    [wrap({ error_code: '0', result: [1] }), [1]],
    [wrap({ result: [1] }, { error_code: '0' }), [1]],
    [wrap({ message: JSON.stringify({ error_code: 0, result: [2] }) }), [2]],
  ])('%s is success', (body, result) => {
    expect(parseReply(Buffer.from(body))).toMatchObject({ kind: 'ok', result });
  });

  test.each([
    ['{"error_code":"3","message":"Hồ sơ đã tồn tại"}', '3', 'Hồ sơ đã tồn tại'],
    ['{"error_code":-1,"message":null}', '-1', ''],
    ['{"error_code":-1,"message":"{không phải JSON}"}', '-1', '{không phải JSON}'],
    ['{"error_code":-1,"message":"{\\"loi\\":1}"}', '-1', '{"loi":1}'],
    ['{"error_code":-1,"message":{"loi":"thiếu trường"}}', '-1', '{"loi":"thiếu trường"}'],
    ['{"error_code":-1,"message":{"toString":1}}', '-1', '{"toString":1}'],
    [wrap({ error_code: '-3', message: 'Lỗi' }), '-3', 'Lỗi'],
    [wrap({ error_code: '-3', message: 'Lỗi' }, { error_code: '0' }), '-3', 'Lỗi'],
  ])('%s is an error', (body, code, message) => {
    expect(parseReply(body)).toEqual({ kind: 'error', code, message });
  });

  test.each([
    [''],
    ['  '],
    ['{}'],
    ['[]'],
    ['null'],
    ['"0"'],
    ['{"result":[]}'],
    ['{"error_code":null}'],
    ['{"error_code":""}'],
    ['{"error_code":true}'],
    ['{"error_code":0,"resu'],
    ['<!DOCTYPE html><html lang="vi"></html>'],
    ['<soap:Envelope/>'],
    ['Service Unavailable'],
    [wrap({ error_code: 0 }, { error_code: -1 })],
    [wrap({ message: wrap({ message: wrap({ error_code: 0 }) }) })],
  ])('%s is no reply, and never success', (body) => {
    expect(parseReply(body)).toMatchObject({ kind: 'not-a-reply', why: { code: expect.any(String) } });
  });

  test('bytes are read as UTF-8', () => {
    expect(parseReply(Buffer.from('{"error_code":-1,"message":"Lỗi đồng bộ"}'))).toMatchObject({
      message: 'Lỗi đồng bộ',
    });
  });

  test('members beside the result stay: a login returns its session there', () => {
    expect(parseReply('{"session":"s-test","error_code":0}')).toMatchObject({ raw: { session: 's-test' } });
  });
});

describe('the subject of an error', () => {
  const error = (code: string, message: string): PortalError => ({ kind: 'error', code, message });

  test.each([
    ['3', 'Hồ sơ ĐÃ TỒN TẠI trong hệ thống', true],
    ['-3', 'ho so da ton tai', true],
    ['-3', 'Hồ sơ đã tồn tại'.normalize('NFD'), true],
    ['-3', 'Dữ liệu không hợp lệ', false],
    ['-1', 'Hồ sơ đã tồn tại', false],
  ])('%s %s means already there: %s', (code, message, expected) => {
    expect(isAlreadyThere(error(code, message))).toBe(expected);
  });

  test.each([
    ['Session không hợp lệ', true],
    ['Phiên làm việc đã hết hạn', true],
    ['Vui lòng đăng nhập lại', true],
    ['Token không hợp lệ hoặc đã hết hạn', true],
    ["Token 's-1' không hợp lệ", true],
    ['Unauthorized', true],
    ['Phiên bản không hợp lệ', false],
    ['Hồ sơ hết hạn', false],
    ["TrichYeuHoSo 'Gia hạn USB Token' không hợp lệ", false],
    ['Tệp “Session 1.pdf” không tải được', false],
  ])('%s is about the session: %s', (message, expected) => {
    expect(isSessionError(error('-1', message))).toBe(expected);
  });

  test('sent texts that a portal repeats are not about the session', () => {
    const sent = { data: [{ TrichYeuHoSo: 'Gia hạn USB Token', MaHoSo: 'session' }] };
    const message = 'TrichYeuHoSo GIA HẠN USB TOKEN không hợp lệ';
    expect(isSessionError(error('-3', message))).toBe(true);
    expect(isSessionError(error('-3', message), undefined, sent)).toBe(false);
    expect(isSessionError(error('-1', 'Token t-1234 không hợp lệ'), undefined, { session: 't-1234' })).toBe(true);
  });

  test('a party may name its own codes', () => {
    expect(isSessionError(error('-9', ''), { codes: ['-9'], texts: [] })).toBe(true);
  });

  test.each([
    ['Hồ sơ H60.01-250812-0035 không tồn tại', true],
    ['Không tìm thấy hồ sơ', true],
    ['Không tìm thấy thông tin hồ sơ H60.01-250812-0035', true],
    ['Mã hồ sơ: H60.01-250812-0035 không tồn tại', true],
    ['Hồ sơ không tồn tại trên hệ thống của đơn vị', true],
    ['Lỗi nghiệp vụ. Hồ sơ chưa được đồng bộ', true],
    ['Không tồn tại hồ sơ', true],
    ['Đơn vị xử lý của hồ sơ không tồn tại', false],
    ['Mã thủ tục của hồ sơ H60.01-250812-0035 không tồn tại', false],
    ['Hồ sơ H60.01-250812-0035: Mã thủ tục không tồn tại', false],
    ['Đơn vị tiếp nhận hồ sơ không tồn tại', false],
    ['Mã thủ tục không tồn tại', false],
    ['Trạng thái hồ sơ không tồn tại', false],
    ['Không tìm thấy thành phần hồ sơ', false],
    ['Hồ sơ đã tồn tại', false],
  ])('%s means an unknown dossier: %s', (message, expected) => {
    expect(isDossierUnknown(error('-1', message))).toBe(expected);
  });

  test.each([
    ['Hệ thống tạm thời gián đoạn', true],
    ['He thong qua tai', true],
    ['Gateway Timeout', true],
    ['Vui lòng thử lại sau', true],
    ['Thiếu trường TenTTHC', false],
  ])('%s is temporary: %s', (message, expected) => {
    expect(isTemporary(error('-1', message))).toBe(expected);
  });
});
