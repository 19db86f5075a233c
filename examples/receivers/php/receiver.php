<?php
// A receiver of Spark360 webhooks as ../CONTRACT.md describes it: verified, stored once, gaps known. Needs pdo_sqlite.
//   SPARK360_SECRETS=whsec_… STORE=events.sqlite php -S 127.0.0.1:3000 receiver.php        (PHP 8.1 or newer)
declare(strict_types=1);

const TOLERANCE_SECONDS = 300;
const LARGEST_BODY = 4 * 1024 * 1024;
const SCHEMA = <<<SQL
    create table if not exists events (event_id text primary key, subject text, sequence integer, kind text, body text);
    create table if not exists subjects (subject text primary key, last integer);
    create table if not exists missing (subject text, sequence integer, primary key (subject, sequence));
    SQL;

function header_value(string $name): string
{
    return $_SERVER['HTTP_' . strtoupper(strtr($name, '-', '_'))] ?? '';
}

function is_genuine(string $body): bool
{
    $listed = header_value('webhook-signature');
    $timestamp = header_value('webhook-timestamp');
    $isRecent = ctype_digit($timestamp) && abs(time() - (int) $timestamp) <= TOLERANCE_SECONDS;
    if ($listed !== '' && !$isRecent) {
        return false;
    }
    // Without the Standard Webhooks headers, which a proxy may drop, age is unknown: duplicates are noticed all the same.
    $given = $listed !== ''
        ? explode(' ', $listed)
        : [header_value('x-spark360-signature'), header_value('x-spark360-signature-next')];
    $signed = header_value('webhook-id') . ".$timestamp.$body";
    foreach (preg_split('/ +/', getenv('SPARK360_SECRETS') ?: '', -1, PREG_SPLIT_NO_EMPTY) as $secret) {
        $key = base64_decode(preg_replace('/^whsec_/', '', $secret));
        $expected = $listed !== ''
            ? 'v1,' . base64_encode(hash_hmac('sha256', $signed, $key, true))
            : 'sha256=' . hash_hmac('sha256', $body, $secret);
        foreach ($given as $one) {
            if (hash_equals($expected, $one)) {
                return true;
            }
        }
    }
    return false;
}

function query(PDO $db, string $sql, array $values = []): PDOStatement
{
    $statement = $db->prepare($sql);
    $statement->execute($values);
    return $statement;
}

/** Stores the event and what its sequence tells, in one transaction. 204: stored, 200: known already. */
function add(PDO $db, string $body): int
{
    $event = json_decode($body, true, 512, JSON_THROW_ON_ERROR);
    $id = $event['event_id'];
    $subject = $event['data']['lead_id'] ?? $event['data']['widget']['widget_ref_id'];
    $sequence = header_value('x-spark360-sequence') === '' ? null : (int) header_value('x-spark360-sequence');
    $db->exec('begin immediate'); // One writer at a time: what is read below stays true until the commit.
    if (query($db, 'select 1 from events where event_id = ?', [$id])->fetch()) {
        $db->exec('rollback');
        return 200;
    }
    $last = (int) query($db, 'select max(last) from subjects where subject = ?', [$subject])->fetchColumn();
    $kind = match (true) {
        header_value('x-spark360-test') !== '' => 'test',
        header_value('x-spark360-resend') !== '' => 'resend',
        $sequence !== null && $sequence > $last => 'normal',
        default => 'late',
    };
    query($db, 'insert into events values (?, ?, ?, ?, ?)', [$id, $subject, $sequence, $kind, $body]);
    query($db, 'delete from missing where subject = ? and sequence = ?', [$subject, $sequence]);
    if ($kind === 'normal') {
        for ($skipped = $last + 1; $skipped < $sequence; $skipped++) {
            query($db, 'insert or ignore into missing values (?, ?)', [$subject, $skipped]);
        }
        query($db, 'insert or replace into subjects values (?, ?)', [$subject, $sequence]);
    }
    $db->exec('commit');
    return 204;
}

function respond(PDO $db): int
{
    $path = $_SERVER['REQUEST_METHOD'] . ' ' . $_SERVER['REQUEST_URI'];
    if ($path === 'GET /health') {
        echo json_encode(['stored' => query($db, 'select count(*) from events')->fetchColumn()]);
        return 200;
    }
    if ($path === 'GET /gaps') {
        $missing = query($db, 'select subject, sequence from missing order by 1, 2');
        $late = query($db, "select event_id, subject, sequence, kind from events where kind = 'late'");
        echo json_encode(['missing' => $missing->fetchAll(), 'late' => $late->fetchAll()]);
        return 200;
    }
    if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
        return 404;
    }
    // The bytes as sent: $_POST would not have them.
    $body = file_get_contents('php://input', length: LARGEST_BODY + 1);
    if (strlen($body) > LARGEST_BODY) {
        return 413;
    }
    return is_genuine($body) ? add($db, $body) : 401;
}

ini_set('display_errors', '0'); // PHP answers 500 to what is not caught then; where it displays errors it answers 200.
$options = [PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC, PDO::ATTR_TIMEOUT => 10];
$db = new PDO('sqlite:' . (getenv('STORE') ?: 'events.sqlite'), null, null, $options);
$db->exec(SCHEMA);
http_response_code(respond($db));
