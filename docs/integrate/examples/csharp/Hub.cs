using System;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Runtime.Serialization.Json;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using System.Xml;
using System.Xml.Linq;

/// <summary>Pushes, reads and follows dossiers, with nothing but Mono or .NET Framework 4.7 or later.</summary>
/// <example>
///   export HUB_URL=https://hub.example.test HUB_KEY=[secret of your key] HUB_PARTY=one-stop
///   hub.exe push dossier.json outbox-4711    # the key of your outbox row, the same at every attempt
///   hub.exe read H60.01-250812-0035
///   hub.exe follow cursor.txt                # ends after 30 seconds without a change
/// Exit codes: 0 done, 1 a person must correct something, 2 try again later with the same key.
/// </example>
static class Hub
{
    static readonly int[] RetryDelaysS = { 5, 15, 60, 300 };
    static readonly int[] Passing = { 408, 429, 500, 502, 503, 504 };
    static readonly HttpClient Http = new HttpClient { Timeout = TimeSpan.FromSeconds(90) };

    static int Main(string[] args)
    {
        Console.OutputEncoding = new UTF8Encoding(false);
        switch (args.Length < 2 ? "" : args[0])
        {
            case "push": return Push(args[1], args[2]);
            case "read": return Read(args[1]);
            case "follow": return Follow(args[1], args.Length > 2 ? args[2] : "30");
            default: Console.WriteLine("usage: hub.exe push|read|follow ..., see the comment in Hub.cs"); return 1;
        }
    }

    static string Env(string name, string otherwise) => Environment.GetEnvironmentVariable(name) ?? otherwise;

    /// <summary>Sends until the answer is final. A repeat has the same body and Idempotency-Key: it is harmless.</summary>
    static (int Status, string Text) Send(HttpMethod method, string path, byte[] body = null, string key = null)
    {
        for (var attempt = 0; ; attempt++)
        {
            var (status, text, why, retryAfter) = Attempt(method, path, body, key);
            if (why == null) return (status, text);
            if (attempt == RetryDelaysS.Length)
            {
                Console.Error.WriteLine(why + "; keep the item and its key, and try again later");
                Environment.Exit(2);
            }
            var wait = retryAfter ?? TimeSpan.FromSeconds(RetryDelaysS[attempt]);
            Console.Error.WriteLine(why + "; next attempt in " + wait.TotalSeconds + " s");
            Thread.Sleep(wait);
        }
    }

    static (int, string, string Why, TimeSpan?) Attempt(HttpMethod method, string path, byte[] body, string key)
    {
        var request = new HttpRequestMessage(method, Env("HUB_URL", "http://127.0.0.1:8080") + path);
        request.Headers.Add("Authorization", "Bearer " + Env("HUB_KEY", ""));
        if (key != null) request.Headers.Add("Idempotency-Key", key);
        if (body != null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.Add("Content-Type", "application/json");
        }
        try
        {
            using (var answer = Http.SendAsync(request).GetAwaiter().GetResult())
            {
                var status = (int)answer.StatusCode;
                var text = answer.Content.ReadAsStringAsync().GetAwaiter().GetResult();
                var isPassing = Passing.Contains(status);
                return (status, text, isPassing ? "the hub answered " + status : null, answer.Headers.RetryAfter?.Delta);
            }
        }
        catch (Exception error) when (error is HttpRequestException || error is IOException || error is TaskCanceledException)
        {
            return (0, "", "no answer (" + error.Message + ")", null);
        }
    }

    /// <summary>The hub refused the whole request. The same request would be refused again.</summary>
    static int Refuse(int status, string text)
    {
        var problem = Json(text);
        var name = Regex.Replace((string)problem.Element("type") ?? "", ".*#problem-", "");
        Console.WriteLine("refused " + status + " " + name + ": " + (string)problem.Element("detail"));
        return 1;
    }

    /// <summary>Every member is an element, and every item of a list is an element "item".</summary>
    static XElement Json(string text)
    {
        if (!text.StartsWith("{")) return new XElement("root");
        var bytes = Encoding.UTF8.GetBytes(text);
        return XElement.Load(JsonReaderWriterFactory.CreateJsonReader(bytes, XmlDictionaryReaderQuotas.Max));
    }

    static int Push(string file, string key)
    {
        var path = "/api/v1/parties/" + Uri.EscapeDataString(Env("HUB_PARTY", "one-stop")) + "/dossiers";
        var (status, text) = Send(HttpMethod.Post, path, File.ReadAllBytes(file), key);
        var reply = Json(text);
        if (reply.Element("results") == null) return Refuse(status, text);
        foreach (var result in reply.Element("results").Elements())
        {
            // accepted, duplicate and stale are done. The hub keeps a quarantined item: never send it again.
            var code = (string)result.Element("code") ?? "item " + (string)result.Element("index");
            Console.WriteLine(code + " " + (string)result.Element("outcome"));
            foreach (var remark in result.Elements("problems").Concat(result.Elements("warnings")).Elements())
                Console.WriteLine("  " + (string)remark.Element("path") + ": " + (string)remark.Element("message"));
        }
        Console.WriteLine("receipt " + ((string)reply.Element("receipt") ?? "none"));
        return reply.Element("results").Elements().Any(result => (string)result.Element("outcome") == "invalid") ? 1 : 0;
    }

    static int Read(string code)
    {
        var (status, text) = Send(HttpMethod.Get, "/api/v1/dossiers/" + Uri.EscapeDataString(code));
        if (status != 200) return Refuse(status, text);
        var dossier = Json(text);
        foreach (var member in new[] { "code", "status", "statusAt" }) Console.Write((string)dossier.Element(member) + " ");
        Console.WriteLine((string)dossier.Element("applicant")?.Element("name"));
        return 0;
    }

    static int Follow(string file, string waitS)
    {
        while (true)
        {
            var cursor = File.Exists(file) ? "&cursor=" + Uri.EscapeDataString(File.ReadAllText(file)) : "";
            var (status, text) = Send(HttpMethod.Get, "/api/v1/changes?wait=" + waitS + cursor);
            if (status != 200) return Refuse(status, text);
            var page = Json(text);
            if ((string)page.Element("gap") == "true")
                Console.WriteLine("gap: changes may be missing; read /api/v1/snapshot as well");
            // Your work. It may run twice for the changes of one page if this process is killed before the cursor is stored.
            foreach (var change in page.Element("items").Elements())
                Console.WriteLine("changed " + (string)change.Element("code") + " " + (string)change.Element("status"));
            File.WriteAllText(file + ".new", (string)page.Element("next"));
            if (File.Exists(file)) File.Replace(file + ".new", file, null);
            else File.Move(file + ".new", file);
            if (!page.Element("items").HasElements) return 0;
        }
    }
}
