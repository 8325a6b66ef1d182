import java.io.IOException;
import java.io.PrintStream;
import java.net.*;
import java.net.http.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.util.*;

/**
 * Pushes, reads and follows dossiers, with nothing but Java 17 or later. First: javac *.java
 *
 *   export HUB_URL=https://hub.example.test HUB_KEY=[secret of your key] HUB_PARTY=one-stop
 *   java Hub push dossier.json outbox-4711    # the key of your outbox row, the same at every attempt
 *   java Hub receipt [id] dossier.json        # checks the signature and that the hub received this file
 *   java Hub read H60.01-250812-0035
 *   java Hub follow cursor.txt                # ends after 30 seconds without a change
 *
 * Exit codes: 0 done, 1 a person must correct something, 2 try again later with the same key.
 */
public class Hub {
    static final Map<String, String> ENV = System.getenv();
    static final String PARTY = "/api/v1/parties/" + ENV.getOrDefault("HUB_PARTY", "one-stop");
    static final long[] RETRY_DELAYS_S = {5, 15, 60, 300};
    static final Set<Integer> PASSING = Set.of(408, 429, 500, 502, 503, 504);
    static final HttpClient HTTP = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
    static final Base64.Decoder BASE64 = Base64.getUrlDecoder();
    static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] args) throws Exception {
        switch (args.length < 2 ? "" : args[0]) {
            case "push" -> push(Path.of(args[1]), args[2]);
            case "receipt" -> receipt(args[1], Path.of(args[2]));
            case "read" -> read(args[1]);
            case "follow" -> follow(Path.of(args[1]), args.length > 2 ? args[2] : "30");
            default -> OUT.println("usage: java Hub push|receipt|read|follow ..., see the comment in Hub.java");
        }
    }

    /** Sends until the answer is final. A repeat has the same body and the same Idempotency-Key, so it is harmless. */
    static HttpResponse<String> send(HttpRequest.Builder request) throws InterruptedException {
        request.header("Authorization", "Bearer " + ENV.get("HUB_KEY")).timeout(Duration.ofSeconds(90));
        for (int attempt = 0; ; attempt++) {
            String why, retryAfter = "";
            try {
                var answer = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
                if (!PASSING.contains(answer.statusCode())) return answer;
                why = "the hub answered " + answer.statusCode();
                retryAfter = answer.headers().firstValue("Retry-After").orElse("");
            } catch (IOException error) {
                why = "no answer (" + error + ")";
            }
            if (attempt == RETRY_DELAYS_S.length) {
                System.err.println(why + "; keep the item and its key, and try again later");
                System.exit(2);
            }
            long waitS = retryAfter.matches("\\d+") ? Long.parseLong(retryAfter) : RETRY_DELAYS_S[attempt];
            System.err.println(why + "; next attempt in " + waitS + " s");
            Thread.sleep(waitS * 1000);
        }
    }

    static HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(URI.create(ENV.getOrDefault("HUB_URL", "http://127.0.0.1:8080") + path));
    }

    static String encode(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** The hub refused the whole request. The same request would be refused again. */
    static void refuse(HttpResponse<String> answer) {
        var problem = answer.body().startsWith("{") ? new Json(answer.body()).object() : Map.of();
        String name = String.valueOf(problem.get("type")).replaceFirst(".*#problem-", "");
        OUT.println("refused " + answer.statusCode() + " " + name + ": " + problem.get("detail"));
        System.exit(1);
    }

    static String get(String path, String type) throws InterruptedException {
        var answer = send(to(path).header("Accept", type));
        if (answer.statusCode() != 200) refuse(answer);
        return answer.body();
    }

    static void push(Path file, String key) throws Exception {
        var answer = send(to(PARTY + "/dossiers").header("Content-Type", "application/json").header("Idempotency-Key", key)
            .POST(HttpRequest.BodyPublishers.ofByteArray(Files.readAllBytes(file))));
        var reply = answer.body().startsWith("{") ? new Json(answer.body()).object() : Map.<String, Object>of();
        if (!reply.containsKey("results")) refuse(answer);
        var results = Json.objects(reply.get("results"));
        for (var result : results) {
            // accepted, duplicate and stale are done. The hub keeps a quarantined item: never send it again.
            OUT.println(result.getOrDefault("code", "item " + result.get("index")) + " " + result.get("outcome"));
            for (var list : List.of("problems", "warnings"))
                for (var remark : Json.objects(result.get(list)))
                    OUT.println("  " + remark.get("path") + ": " + remark.get("message"));
        }
        OUT.println("receipt " + reply.getOrDefault("receipt", "none"));
        System.exit(results.stream().anyMatch(result -> "invalid".equals(result.get("outcome"))) ? 1 : 0);
    }

    /** Store the keys with the receipt: then it can be checked without the hub, also years later. */
    static void receipt(String id, Path file) throws Exception {
        String[] parts = get(PARTY + "/receipts/" + encode(id), "application/jose").trim().split("\\.");
        var head = new Json(new String(BASE64.decode(parts[0]), StandardCharsets.UTF_8)).object();
        var content = new Json(new String(BASE64.decode(parts[1]), StandardCharsets.UTF_8)).object();
        byte[] sha256 = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
        var signature = Signature.getInstance("Ed25519");
        signature.initVerify(publicKey((String) head.get("kid")));
        signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
        boolean isProof = signature.verify(BASE64.decode(parts[2])) && "lienthong-receipt.v1+jws".equals(head.get("typ"))
            && HexFormat.of().formatHex(sha256).equals(content.get("sha256"));
        OUT.println("receipt " + id + (isProof ? " proves " : " does not prove ") + file.getFileName());
        System.exit(isProof ? 0 : 1);
    }

    static PublicKey publicKey(String kid) throws Exception {
        for (var key : Json.objects(new Json(get("/.well-known/jwks.json", "application/json")).object().get("keys")))
            if (kid.equals(key.get("kid"))) {
                // An X.509 key: a fixed prefix and the 32 bytes (RFC 8410).
                String hex = "302a300506032b6570032100" + HexFormat.of().formatHex(BASE64.decode((String) key.get("x")));
                return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(HexFormat.of().parseHex(hex)));
            }
        throw new GeneralSecurityException("the hub does not publish the key " + kid);
    }

    static void read(String code) throws Exception {
        var dossier = new Json(get("/api/v1/dossiers/" + encode(code), "application/json")).object();
        var applicant = (Map<?, ?>) dossier.getOrDefault("applicant", Map.of());
        for (var member : List.of("code", "status", "statusAt")) OUT.print(dossier.get(member) + " ");
        OUT.println(applicant.get("name"));
    }

    static void follow(Path file, String waitS) throws Exception {
        for (boolean more = true; more; ) {
            String cursor = Files.exists(file) ? "&cursor=" + encode(Files.readString(file)) : "";
            var page = new Json(get("/api/v1/changes?wait=" + waitS + cursor, "application/json")).object();
            if (page.get("gap") == Boolean.TRUE) OUT.println("gap: changes may be missing; read /api/v1/snapshot as well");
            var changes = Json.objects(page.get("items"));
            // Your work. It may run twice for the changes of one page if this process is killed before the cursor is stored.
            for (var change : changes) OUT.println("changed " + change.get("code") + " " + change.get("status"));
            Path whole = Files.writeString(Path.of(file + ".new"), (String) page.get("next"));
            Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            more = !changes.isEmpty();
        }
    }
}
