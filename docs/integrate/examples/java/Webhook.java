import com.sun.net.httpserver.*;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.util.Base64;
import java.util.concurrent.Executors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Receives the webhooks of the hub, with nothing but Java 17 or later. Stores each event once, in a file by its
 * webhook-id. Work on the files afterwards. First: javac *.java
 *
 *   export WEBHOOK_SECRETS=whsec_...    # two secrets with a space between them during a rotation
 *   mkdir inbox && java Webhook 8000 inbox
 */
public class Webhook {
    public static void main(String[] args) throws IOException {
        String[] secrets = System.getenv("WEBHOOK_SECRETS").split(" ");
        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(receive(exchange, secrets, Path.of(args[1])), -1);
            } catch (GeneralSecurityException error) {
                throw new IOException(error);
            }
        });
        server.setExecutor(Executors.newFixedThreadPool(4));
        server.start();
    }

    static int receive(HttpExchange exchange, String[] secrets, Path inbox)
        throws IOException, GeneralSecurityException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        if (!isFromHub(exchange.getRequestHeaders(), body, secrets, System.currentTimeMillis() / 1000)) return 401;
        Path file = inbox.resolve(exchange.getRequestHeaders().getFirst("webhook-id") + ".json");
        if (!Files.exists(file)) {
            Path whole = Path.of(file + ".new");
            Files.write(whole, body);
            Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
        }
        return 204;
    }

    /** Standard Webhooks. `body` is what arrived, before any parser. */
    static boolean isFromHub(Headers headers, byte[] body, String[] secrets, long nowS) throws GeneralSecurityException {
        String id = headers.getFirst("webhook-id");
        String timestamp = headers.getFirst("webhook-timestamp");
        String signatures = headers.getFirst("webhook-signature");
        if (id == null || timestamp == null || signatures == null) return false;
        if (!timestamp.matches("\\d{1,12}") || Math.abs(nowS - Long.parseLong(timestamp)) > 300) return false;
        for (String secret : secrets) {
            byte[] key = secret.startsWith("whsec_")
                ? Base64.getDecoder().decode(secret.substring(6))
                : secret.getBytes(StandardCharsets.UTF_8);
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
            byte[] expected = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body))).getBytes(StandardCharsets.UTF_8);
            for (String given : signatures.split(" "))
                if (MessageDigest.isEqual(expected, given.getBytes(StandardCharsets.UTF_8))) return true;
        }
        return false;
    }
}
