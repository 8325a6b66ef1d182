<?php
// A ministry on PHP's own SoapServer: /1.1 and /1.2, document/literal by the WSDL beside it, kept in a file.
$version = str_starts_with($_SERVER['REQUEST_URI'], '/1.2') ? SOAP_1_2 : SOAP_1_1;
$kept = getenv('MINISTRY_FILE');

class Ministry {
    public function __construct(private string $kept, private int $version) {}

    private function rows(): array {
        return is_file($this->kept) ? json_decode(file_get_contents($this->kept), true) : [];
    }

    private function fault(bool $ours, string $text, ?object $detail = null): SoapFault {
        $code = $this->version === SOAP_1_2 ? ($ours ? 'Receiver' : 'Sender') : ($ours ? 'Server' : 'Client');
        return new SoapFault($code, $text, null, $detail);
    }

    public function guiHoSo($args) {
        $row = json_decode(json_encode($args->hoSo), true);
        if ($row['maHoSo'] === 'H60.01-250812-0500') throw $this->fault(true, 'Cơ sở dữ liệu đang bận');
        if ($row['maHoSo'] === 'H60.01-250812-0400') throw $this->fault(false, 'Thiếu mã thủ tục', (object) ['ma' => '012', 'truong' => 'maThuTuc']);
        $rows = $this->rows();
        $rows[$row['maHoSo']] = $row;
        file_put_contents($this->kept, json_encode($rows, JSON_UNESCAPED_UNICODE));
        return ['return' => ['maLoi' => 0, 'moTa' => 'Thành công']];
    }

    public function layDanhSachHoSo($args) {
        $rows = array_values($this->rows());
        $page = array_slice($rows, ($args->trang - 1) * $args->kichThuoc, $args->kichThuoc);
        $brief = array_map(fn($row) => ['maHoSo' => $row['maHoSo'], 'trangThai' => $row['trangThai'], 'thoiDiemCapNhat' => $row['thoiDiemCapNhat']], $page);
        return ['return' => ['ketQua' => ['maLoi' => 0, 'tongSo' => count($rows)], 'hoSo' => $brief]];
    }

    public function xemHoSo($args) {
        $row = $this->rows()[$args->maHoSo] ?? null;
        if ($row === null) return ['return' => ['ketQua' => ['maLoi' => 4, 'moTa' => 'Không tìm thấy']]];
        return ['return' => ['ketQua' => ['maLoi' => 0], 'hoSo' => $row]];
    }
}

$server = new SoapServer(__DIR__ . '/../../adapters/soap-ministry/parties/transport.wsdl', [
    'soap_version' => $version,
    'cache_wsdl' => WSDL_CACHE_NONE,
    'encoding' => 'UTF-8',
]);
$server->setObject(new Ministry($kept, $version));
$server->handle();
