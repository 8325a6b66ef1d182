<?php
// Pushes, reads and follows dossiers, with nothing but PHP 8.1 or later.
//
//   export HUB_URL=https://hub.example.test HUB_KEY=<secret of your key> HUB_PARTY=one-stop
//   php hub.php push dossier.json outbox-4711    # the key of your outbox row, the same at every attempt
//   php hub.php receipt <id> dossier.json        # checks the signature and that the hub received this file
//   php hub.php read H60.01-250812-0035
//   php hub.php follow cursor.txt                # ends after 30 seconds without a change
//
// Exit codes: 0 done, 1 a person must correct something, 2 try again later with the same key.
declare(strict_types=1);

const RETRY_DELAYS_S = [5, 15, 60, 300];
const PASSING = [408, 429, 500, 502, 503, 504];

/** Sends until the answer is final. A repeat has the same body and the same Idempotency-Key, so it is harmless. */
function send(string $method, string $path, string $body = '', array $headers = []): array
{
    $sent = ['Authorization: Bearer ' . getenv('HUB_KEY'), 'Content-Type: application/json', ...$headers];
    $http = ['method' => $method, 'header' => $sent, 'content' => $body, 'ignore_errors' => true,
        'follow_location' => 0, 'timeout' => 90];
    foreach ([...RETRY_DELAYS_S, null] as $delayS) {
        [$status, $text, $retryAfter] = attempt($path, stream_context_create(['http' => $http]));
        if ($status !== 0 && !in_array($status, PASSING, true)) {
            return [$status, $text];
        }
        $why = $status === 0 ? 'no answer' : "the hub answered $status";
        if ($delayS === null) {
            fwrite(STDERR, "$why; keep the item and its key, and try again later\n");
            exit(2);
        }
        $waitS = ctype_digit($retryAfter) ? (int) $retryAfter : $delayS;
        fwrite(STDERR, "$why; next attempt in $waitS s\n");
        sleep($waitS);
    }
}

/** The status is 0 when the answer was lost. */
function attempt(string $path, $context): array
{
    $stream = @fopen((getenv('HUB_URL') ?: 'http://127.0.0.1:8080') . $path, 'r', false, $context);
    $text = $stream === false ? false : stream_get_contents($stream);
    if ($text === false) {
        return [0, '', ''];
    }
    $meta = stream_get_meta_data($stream);
    $status = (int) explode(' ', $meta['wrapper_data'][0])[1];
    $headers = implode("\n", $meta['wrapper_data']);
    // PHP returns half an answer without an error.
    preg_match('/^Content-Length: *(\d+)/mi', $headers, $length);
    $isWhole = !$meta['timed_out'] && (int) ($length[1] ?? strlen($text)) === strlen($text);
    preg_match('/^Retry-After: *(\d+)/mi', $headers, $retryAfter);
    return $isWhole ? [$status, $text, $retryAfter[1] ?? ''] : [0, '', ''];
}

/** The hub refused the whole request. The same request would be refused again. */
function refuse(int $status, string $text): never
{
    $problem = json_decode($text, true) ?? [];
    $name = explode('#problem-', $problem['type'] ?? '')[1] ?? '';
    echo "refused $status $name: ", $problem['detail'] ?? '', "\n";
    exit(1);
}

function partyPath(string $rest): string
{
    return '/api/v1/parties/' . rawurlencode(getenv('HUB_PARTY') ?: 'one-stop') . $rest;
}

function push(string $file, string $key): void
{
    [$status, $text] = send('POST', partyPath('/dossiers'), file_get_contents($file), ["Idempotency-Key: $key"]);
    $reply = json_decode($text, true);
    if (!isset($reply['results'])) {
        refuse($status, $text);
    }
    foreach ($reply['results'] as $result) {
        // accepted, duplicate and stale are done. The hub keeps a quarantined item: never send it again.
        echo $result['code'] ?? "item {$result['index']}", " {$result['outcome']}\n";
        foreach ([...$result['problems'] ?? [], ...$result['warnings'] ?? []] as $remark) {
            echo "  {$remark['path']}: {$remark['message']}\n";
        }
    }
    echo 'receipt ', $reply['receipt'] ?? 'none', "\n";
    exit(in_array('invalid', array_column($reply['results'], 'outcome'), true) ? 1 : 0);
}

function get(string $path, string $accept = 'application/json'): string
{
    [$status, $text] = send('GET', $path, '', ["Accept: $accept"]);
    return $status === 200 ? $text : refuse($status, $text);
}

/** Store the keys with the receipt: then it can be checked without the hub, also years later. */
function receipt(string $id, string $file): void
{
    [$head, $content, $signature] = explode('.', get(partyPath('/receipts/' . rawurlencode($id)), 'application/jose'));
    $decode = fn (string $text): string => base64_decode(strtr($text, '-_', '+/'));
    ['typ' => $type, 'kid' => $kid] = json_decode($decode($head), true);
    $keys = array_column(json_decode(get('/.well-known/jwks.json'), true)['keys'], 'x', 'kid');
    $isProof = $type === 'lienthong-receipt.v1+jws' && isset($keys[$kid])
        && sodium_crypto_sign_verify_detached($decode($signature), "$head.$content", $decode($keys[$kid]))
        && json_decode($decode($content), true)['sha256'] === hash_file('sha256', $file);
    echo "receipt $id ", $isProof ? 'proves' : 'does not prove', ' ', basename($file), "\n";
    exit($isProof ? 0 : 1);
}

function read(string $code): void
{
    $dossier = json_decode(get('/api/v1/dossiers/' . rawurlencode($code)), true);
    echo "{$dossier['code']} {$dossier['status']} {$dossier['statusAt']} ", $dossier['applicant']['name'] ?? '', "\n";
}

function follow(string $file, string $waitS = '30'): void
{
    do {
        $cursor = is_file($file) ? ['cursor' => file_get_contents($file)] : [];
        $page = json_decode(get('/api/v1/changes?' . http_build_query([...$cursor, 'wait' => $waitS])), true);
        echo ($page['gap'] ?? false) ? "gap: changes may be missing; read /api/v1/snapshot as well\n" : '';
        foreach ($page['items'] as $change) {
            // Your work. It may run twice for the changes of one page if this process is killed before `replace`.
            echo "changed {$change['code']} {$change['status']}\n";
        }
        replace($file, $page['next']);
    } while ($page['items'] !== []);
}

/** Writes the whole file or nothing. */
function replace(string $file, string $content): void
{
    file_put_contents("$file.new", $content);
    rename("$file.new", $file);
}

match ($argv[1] ?? '') {
    'push' => push($argv[2], $argv[3]),
    'receipt' => receipt($argv[2], $argv[3]),
    'read' => read($argv[2]),
    'follow' => follow($argv[2], $argv[3] ?? '30'),
    default => exit("usage: php hub.php push|receipt|read|follow ..., see the first lines of this file\n"),
};
