import java.io.FileOutputStream;
import java.lang.reflect.Array;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Calls one method of the program with the arguments on standard input and writes its result to descriptor 3. */
final class RoomCaller {
    private final String text;
    private int at;

    private RoomCaller(String text) {
        this.text = text;
    }

    public static void main(String[] words) throws Throwable {
        String input = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        List<?> given = (List<?>) new RoomCaller(input).value();
        Method method = null;
        for (Method one : Class.forName(words[0]).getDeclaredMethods()) {
            if (one.getName().equals(words[1]) && one.getParameterCount() == given.size() && !one.isSynthetic()) method = one;
        }
        if (method == null) {
            System.err.println("There is no method " + words[1] + " with " + given.size() + " parameters in " + words[0] + ".");
            System.exit(1);
        }
        method.setAccessible(true);
        Type[] types = method.getGenericParameterTypes();
        Object[] arguments = new Object[types.length];
        for (int i = 0; i < types.length; i++) arguments[i] = as(given.get(i), types[i]);
        Object on = null;
        if (!Modifier.isStatic(method.getModifiers())) {
            var made = method.getDeclaringClass().getDeclaredConstructor();
            made.setAccessible(true);
            on = made.newInstance();
        }
        Object result;
        try {
            result = method.invoke(on, arguments);
        } catch (InvocationTargetException error) {
            throw error.getCause();
        }
        StringBuilder out = new StringBuilder();
        write(out, result);
        System.out.flush();
        try (FileOutputStream answer = new FileOutputStream("/dev/fd/3")) {
            answer.write(out.toString().getBytes(StandardCharsets.UTF_8));
        }
        System.exit(0);
    }

    // From JSON to the type that the method asks for.

    private static Object as(Object value, Type type) {
        if (type instanceof WildcardType wild) return as(value, wild.getUpperBounds()[0]);
        if (type instanceof GenericArrayType array) return array(value, array.getGenericComponentType());
        if (type instanceof ParameterizedType generic) {
            Type[] inner = generic.getActualTypeArguments();
            Class<?> raw = (Class<?>) generic.getRawType();
            if (raw == Optional.class) return value == null ? Optional.empty() : Optional.of(as(value, inner[0]));
            if (Map.class.isAssignableFrom(raw)) {
                Map<Object, Object> map = new LinkedHashMap<>();
                ((Map<?, ?>) value).forEach((key, one) -> map.put(key, as(one, inner[1])));
                return map;
            }
            Collection<Object> all = Set.class.isAssignableFrom(raw) ? new LinkedHashSet<>() : new ArrayList<>();
            if (value != null) for (Object one : (List<?>) value) all.add(as(one, inner[0]));
            return all;
        }
        if (!(type instanceof Class<?> wanted) || value == null) return value;
        if (wanted.isArray()) return array(value, wanted.getComponentType());
        if (value instanceof Number number) {
            if (wanted == int.class || wanted == Integer.class) return number.intValue();
            if (wanted == long.class || wanted == Long.class) return number.longValue();
            if (wanted == double.class || wanted == Double.class) return number.doubleValue();
            if (wanted == float.class || wanted == Float.class) return number.floatValue();
            if (wanted == short.class || wanted == Short.class) return number.shortValue();
            if (wanted == byte.class || wanted == Byte.class) return number.byteValue();
        }
        if ((wanted == char.class || wanted == Character.class) && value instanceof String word) return word.charAt(0);
        return value;
    }

    private static Object array(Object value, Type of) {
        List<?> given = value == null ? List.of() : (List<?>) value;
        Class<?> raw = of instanceof Class<?> plain ? plain
            : of instanceof ParameterizedType generic ? (Class<?>) generic.getRawType() : Object.class;
        Object made = Array.newInstance(raw, given.size());
        for (int i = 0; i < given.size(); i++) Array.set(made, i, as(given.get(i), of));
        return made;
    }

    // From a result to JSON.

    private static void write(StringBuilder out, Object value) throws Exception {
        if (value instanceof Optional<?> maybe) value = maybe.orElse(null);
        if (value == null || value instanceof Boolean) out.append(value);
        else if (value instanceof Number number) {
            if (number instanceof Double d && (d.isNaN() || d.isInfinite())) throw new IllegalArgumentException(d + " is no JSON");
            out.append(number);
        }
        else if (value instanceof Map<?, ?> map) {
            String before = "{";
            for (Map.Entry<?, ?> one : map.entrySet()) {
                out.append(before);
                quote(out, String.valueOf(one.getKey()));
                out.append(':');
                write(out, one.getValue());
                before = ",";
            }
            out.append(map.isEmpty() ? "{}" : "}");
        }
        else if (value instanceof Iterable<?> all) {
            out.append('[');
            boolean first = true;
            for (Object one : all) {
                if (!first) out.append(',');
                first = false;
                write(out, one);
            }
            out.append(']');
        }
        else if (value.getClass().isArray()) {
            out.append('[');
            for (int i = 0; i < Array.getLength(value); i++) {
                if (i > 0) out.append(',');
                write(out, Array.get(value, i));
            }
            out.append(']');
        }
        else if (value.getClass().isRecord()) {
            String before = "{";
            for (RecordComponent one : value.getClass().getRecordComponents()) {
                out.append(before);
                quote(out, one.getName());
                out.append(':');
                one.getAccessor().setAccessible(true);
                write(out, one.getAccessor().invoke(value));
                before = ",";
            }
            out.append('}');
        }
        else quote(out, value.toString());
    }

    private static void quote(StringBuilder out, String word) {
        out.append('"');
        for (char c : word.toCharArray()) {
            if (c == '"' || c == '\\') out.append('\\').append(c);
            else if (c < 32) out.append(String.format("\\u%04x", (int) c));
            else out.append(c);
        }
        out.append('"');
    }

    // Reading JSON.

    private char next() {
        while (Character.isWhitespace(text.charAt(at))) at++;
        return text.charAt(at);
    }

    private Object value() {
        switch (next()) {
            case '[': {
                List<Object> all = new ArrayList<>();
                at++;
                while (next() != ']') {
                    all.add(value());
                    if (next() == ',') at++;
                }
                at++;
                return all;
            }
            case '{': {
                Map<String, Object> all = new LinkedHashMap<>();
                at++;
                while (next() != '}') {
                    next();
                    String key = string();
                    next();
                    at++;
                    all.put(key, value());
                    if (next() == ',') at++;
                }
                at++;
                return all;
            }
            case '"': return string();
            case 't': at += 4; return true;
            case 'f': at += 5; return false;
            case 'n': at += 4; return null;
            default: {
                int from = at;
                while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
                String number = text.substring(from, at);
                if (number.matches("-?\\d{1,18}")) return Long.parseLong(number);
                return Double.parseDouble(number);
            }
        }
    }

    private String string() {
        StringBuilder out = new StringBuilder();
        at++;
        while (text.charAt(at) != '"') {
            char c = text.charAt(at++);
            if (c != '\\') {
                out.append(c);
                continue;
            }
            c = text.charAt(at++);
            switch (c) {
                case 'n' -> out.append('\n');
                case 't' -> out.append('\t');
                case 'r' -> out.append('\r');
                case 'b' -> out.append('\b');
                case 'f' -> out.append('\f');
                case 'u' -> {
                    out.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
                    at += 4;
                }
                default -> out.append(c);
            }
        }
        at++;
        return out.toString();
    }
}
