using System;
using System.Collections.Specialized;
using System.IO;
using System.Linq;
using System.Net;
using System.Security.Cryptography;
using System.Text;

/// <summary>Receives the webhooks of the hub, with nothing but Mono or .NET Framework 4.7 or later. Stores each event
/// once, in a file by its webhook-id. Work on the files afterwards.</summary>
/// <example>
///   export WEBHOOK_SECRETS=whsec_...    # two secrets with a space between them during a rotation
///   mkdir inbox &amp;&amp; webhook.exe 8000 inbox
/// </example>
static class Webhook
{
    static void Main(string[] args)
    {
        var secrets = Environment.GetEnvironmentVariable("WEBHOOK_SECRETS").Split(' ');
        var listener = new HttpListener();
        listener.Prefixes.Add("http://127.0.0.1:" + args[0] + "/");
        listener.Start();
        while (true)
        {
            var context = listener.GetContext();
            try
            {
                context.Response.StatusCode = Receive(context.Request, secrets, args[1]);
                context.Response.Close();
            }
            catch (Exception error) when (error is IOException || error is HttpListenerException)
            {
                // No answer: the hub sends the event again, under the same webhook-id.
                Console.Error.WriteLine(error.Message);
                context.Response.Abort();
            }
        }
    }

    static int Receive(HttpListenerRequest request, string[] secrets, string inbox)
    {
        var content = new MemoryStream();
        request.InputStream.CopyTo(content);
        var body = content.ToArray();
        if (!IsFromHub(request.Headers, body, secrets, DateTimeOffset.UtcNow.ToUnixTimeSeconds())) return 401;
        var file = Path.Combine(inbox, request.Headers["webhook-id"] + ".json");
        if (!File.Exists(file))
        {
            File.WriteAllBytes(file + ".new", body);
            File.Move(file + ".new", file);
        }
        return 204;
    }

    /// <summary>Standard Webhooks.</summary>
    /// <param name="body">what arrived, before any parser</param>
    static bool IsFromHub(NameValueCollection headers, byte[] body, string[] secrets, long nowS)
    {
        if (!long.TryParse(headers["webhook-timestamp"], out var timestamp)) return false;
        if (timestamp < nowS - 300 || timestamp > nowS + 300) return false;
        var head = Encoding.UTF8.GetBytes(headers["webhook-id"] + "." + headers["webhook-timestamp"] + ".");
        var given = (headers["webhook-signature"] ?? "").Split(' ');
        return secrets.Any(secret =>
        {
            var key = secret.StartsWith("whsec_") ? Convert.FromBase64String(secret.Substring(6)) : Encoding.UTF8.GetBytes(secret);
            if (key.Length == 0) return false; // anybody could sign with an empty key
            using (var hmac = new HMACSHA256(key))
            {
                var expected = "v1," + Convert.ToBase64String(hmac.ComputeHash(head.Concat(body).ToArray()));
                return given.Any(one => IsEqual(one, expected));
            }
        });
    }

    /// <summary>Takes the same time wherever the texts differ.</summary>
    static bool IsEqual(string one, string other)
    {
        return one.Length == other.Length && one.Zip(other, (a, b) => a ^ b).Aggregate(0, (all, bits) => all | bits) == 0;
    }
}
