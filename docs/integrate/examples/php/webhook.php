<?php
// Receives the webhooks of the hub, with nothing but PHP 8.1 or later. Stores each event once, in a file by its
// webhook-id. Work on the files afterwards. To try it:
//
//   export WEBHOOK_SECRETS=whsec_... WEBHOOK_INBOX=inbox    # two secrets with a space between them during a rotation
//   mkdir inbox && php -S 127.0.0.1:8000 webhook.php
declare(strict_types=1);

/** Standard Webhooks. `$body` is what arrived, before any parser. */
function isFromHub(array $headers, string $body, array $secrets, int $nowS): bool
{
    $timestamp = $headers['webhook-timestamp'] ?? '';
    if (!ctype_digit($timestamp) || abs($nowS - (int) $timestamp) > 300) {
        return false;
    }
    $signed = ($headers['webhook-id'] ?? '') . ".$timestamp.$body";
    foreach ($secrets as $secret) {
        $key = str_starts_with($secret, 'whsec_') ? base64_decode(substr($secret, 6)) : $secret;
        if ($key === '') {
            continue; // anybody could sign with an empty key
        }
        $expected = 'v1,' . base64_encode(hash_hmac('sha256', $signed, $key, true));
        foreach (explode(' ', $headers['webhook-signature'] ?? '') as $given) {
            if (hash_equals($expected, $given)) {
                return true;
            }
        }
    }
    return false;
}

$headers = array_change_key_case(getallheaders());
$body = file_get_contents('php://input');
if (!isFromHub($headers, $body, explode(' ', (string) getenv('WEBHOOK_SECRETS')), time())) {
    http_response_code(401);
    return;
}
$file = getenv('WEBHOOK_INBOX') . "/{$headers['webhook-id']}.json";
if (!is_file($file)) {
    file_put_contents("$file.new", $body);
    rename("$file.new", $file);
}
http_response_code(204);
