<?php
// Speaks to the hub's SOAP door as PHP's SoapClient reads its WSDL: address, user, password, code prefix, SOAP version.

[, $wsdl, $user, $password, $prefix, $version] = $argv;
$hub = new SoapClient($wsdl, [
    'login' => $user,
    'password' => $password,
    'soap_version' => $version === '1.2' ? SOAP_1_2 : SOAP_1_1,
    'cache_wsdl' => WSDL_CACHE_NONE,
    'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
]);

function dossier(string $number, array $more = []): array
{
    global $prefix;
    return [
        'code' => "$prefix-$number",
        'serviceCode' => '1.013225',
        'agencyCode' => 'H60.01',
        'status' => 'received',
        'statusAt' => '2025-08-12T08:15:00+07:00',
    ] + $more;
}

$full = dossier('0002', [
    'applicant' => ['name' => 'Nguyễn Thị Ánh Tuyết & "Đức"', 'identityNumber' => '001000000001'],
    'note' => '12345678901234567.89',
    'documents' => [['id' => '007', 'name' => 'Đơn xin cấp', 'digitised' => true], ['id' => '008', 'digitised' => false]],
    'fees' => [['amountVnd' => 20000]],
    'databases' => ['dân cư', 'đất đai'],
]);
$oneOfEach = dossier('0003', ['documents' => [['id' => '1']], 'fees' => [], 'databases' => ['một']]);
$pushed = $hub->PushDossiers(['dossier' => [dossier('0001'), $full, $oneOfEach]]);
$single = $hub->PushDossiers(['dossier' => [dossier('0004')]]);
$read = $hub->GetDossier(['code' => "$prefix-0002"])->dossier;
$bare = $hub->GetDossier(['code' => "$prefix-0001"])->dossier;
try {
    $hub->GetDossier(['code' => "$prefix-9999"]);
    $fault = null;
} catch (SoapFault $error) {
    // In 1.1 PHP reads a detail without the schema: one problem is no list.
    $problems = $error->detail->HubFault->problems;
    $fault = [
        'code' => $error->faultcode,
        'reason' => $error->faultstring,
        'problem' => (is_array($problems) ? $problems[0] : $problems)->message,
    ];
}

echo json_encode([
    'version' => $hub->Ping()->version,
    'outcomes' => array_map(fn ($result) => $result->outcome, $pushed->result),
    'single' => $single->result[0]->outcome,
    'read' => [
        'name' => $read->applicant->name,
        'identityNumber' => $read->applicant->identityNumber,
        'note' => $read->note,
        'documents' => array_map(fn ($document) => [$document->id, $document->digitised], $read->documents),
        'amounts' => array_map(fn ($fee) => $fee->amountVnd, $read->fees),
        'databases' => $read->databases,
        'at' => strtotime($read->statusAt),
    ],
    'bare' => [
        !isset($bare->note),
        count($bare->documents ?? []),
        count($bare->fees ?? []),
        count($bare->databases ?? []),
    ],
    'fault' => $fault,
]);
