import java.util.*;

/** Reads JSON, because Java has no reader of its own. Use the library of your project instead, such as Jackson. */
class Json {
    private final String text;
    private int at = 0;

    Json(String text) {
        this.text = text;
    }

    @SuppressWarnings("unchecked")
    Map<String, Object> object() {
        return (Map<String, Object>) value();
    }

    /** The objects of a list; none where the member is absent. */
    @SuppressWarnings("unchecked")
    static List<Map<String, Object>> objects(Object list) {
        return list == null ? List.of() : (List<Map<String, Object>>) list;
    }

    private Object value() {
        switch (next()) {
            case '{' -> {
                var members = new LinkedHashMap<String, Object>();
                for (at++; next() != '}'; ) {
                    if (next() == ',') at++;
                    next();
                    String name = string();
                    next();
                    at++;
                    members.put(name, value());
                }
                at++;
                return members;
            }
            case '[' -> {
                var items = new ArrayList<Object>();
                for (at++; next() != ']'; ) {
                    if (next() == ',') at++;
                    items.add(value());
                }
                at++;
                return items;
            }
            case '"' -> {
                return string();
            }
            default -> {
                int from = at;
                while (at < text.length() && ",]} \t\r\n".indexOf(text.charAt(at)) < 0) at++;
                String word = text.substring(from, at);
                return switch (word) {
                    case "null" -> null;
                    case "true", "false" -> Boolean.valueOf(word);
                    default -> new java.math.BigDecimal(word);
                };
            }
        }
    }

    /** The next character that is not a space. */
    private char next() {
        while (Character.isWhitespace(text.charAt(at))) at++;
        return text.charAt(at);
    }

    private String string() {
        var read = new StringBuilder();
        while (text.charAt(++at) != '"') {
            char one = text.charAt(at);
            if (one == '\\') {
                one = text.charAt(++at);
                int control = "bfnrt".indexOf(one);
                if (control >= 0) one = "\b\f\n\r\t".charAt(control);
                if (one == 'u') {
                    one = (char) Integer.parseInt(text.substring(at + 1, at + 5), 16);
                    at += 4;
                }
            }
            read.append(one);
        }
        at++;
        return read.toString();
    }
}
