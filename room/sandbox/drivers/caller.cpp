// Calls one function of the program with the arguments on standard input and writes its result to descriptor 3.
#define main room_program_main
#include ROOM_FILE
#undef main

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <unistd.h>
#include <unordered_map>
#include <utility>
#include <vector>

namespace room_caller {

// Reads JSON straight into the types that the function asks for.
struct Reader {
    const char* at;

    void skip() { while (std::isspace(static_cast<unsigned char>(*at))) ++at; }
    bool take(char c) { skip(); if (*at != c) return false; ++at; return true; }
    void want(char c) { if (!take(c)) throw std::runtime_error("the arguments do not fit the function"); }
    bool word(const char* w) { skip(); auto n = std::strlen(w); if (std::strncmp(at, w, n)) return false; at += n; return true; }

    void into(bool& to) { if (word("true")) to = true; else if (word("false")) to = false; else want('t'); }
    void into(char& to) { std::string s; into(s); to = s.empty() ? '\0' : s[0]; }
    template <class T> requires (std::is_integral_v<T> && std::is_signed_v<T>) void into(T& to) {
        skip(); char* end; to = static_cast<T>(std::strtoll(at, &end, 10)); number(end);
    }
    template <class T> requires (std::is_integral_v<T> && std::is_unsigned_v<T>) void into(T& to) {
        skip(); char* end; to = static_cast<T>(std::strtoull(at, &end, 10)); number(end);
    }
    template <class T> requires std::is_floating_point_v<T> void into(T& to) {
        skip(); char* end; to = static_cast<T>(std::strtold(at, &end)); number(end);
    }
    void number(const char* end) { if (end == at) want('0'); at = end; }

    static void utf8(std::string& to, unsigned long c) {
        if (c < 0x80) to += static_cast<char>(c);
        else if (c < 0x800) { to += static_cast<char>(0xC0 | c >> 6); to += static_cast<char>(0x80 | (c & 63)); }
        else if (c < 0x10000) { to += static_cast<char>(0xE0 | c >> 12); to += static_cast<char>(0x80 | (c >> 6 & 63)); to += static_cast<char>(0x80 | (c & 63)); }
        else { to += static_cast<char>(0xF0 | c >> 18); to += static_cast<char>(0x80 | (c >> 12 & 63)); to += static_cast<char>(0x80 | (c >> 6 & 63)); to += static_cast<char>(0x80 | (c & 63)); }
    }
    unsigned long hex() { char digits[5] = {at[0], at[1], at[2], at[3], 0}; at += 4; return std::strtoul(digits, nullptr, 16); }
    void into(std::string& to) {
        want('"');
        to.clear();
        while (*at && *at != '"') {
            if (*at != '\\') { to += *at++; continue; }
            ++at;
            switch (char c = *at++) {
                case 'n': to += '\n'; break;
                case 't': to += '\t'; break;
                case 'r': to += '\r'; break;
                case 'b': to += '\b'; break;
                case 'f': to += '\f'; break;
                case 'u': {
                    unsigned long code = hex();
                    if (code >= 0xD800 && code < 0xDC00 && at[0] == '\\' && at[1] == 'u') { at += 2; code = 0x10000 + ((code - 0xD800) << 10) + (hex() - 0xDC00); }
                    utf8(to, code);
                    break;
                }
                default: to += c;
            }
        }
        want('"');
    }
    template <class T> void into(std::vector<T>& to) {
        to.clear();
        if (word("null")) return;
        want('[');
        if (take(']')) return;
        do { T one{}; into(one); to.push_back(std::move(one)); } while (take(','));
        want(']');
    }
    template <class T> void into(std::optional<T>& to) { if (word("null")) to.reset(); else { T one{}; into(one); to = std::move(one); } }
    template <class A, class B> void into(std::pair<A, B>& to) { want('['); into(to.first); want(','); into(to.second); want(']'); }
    template <class M> void members(M& to) {
        to.clear();
        want('{');
        if (take('}')) return;
        do { std::string key; into(key); want(':'); typename M::mapped_type one{}; into(one); to[key] = std::move(one); } while (take(','));
        want('}');
    }
    template <class T> void into(std::map<std::string, T>& to) { members(to); }
    template <class T> void into(std::unordered_map<std::string, T>& to) { members(to); }
    template <class... T> void all(std::tuple<T...>& to) {
        want('[');
        std::apply([this](auto&... one) { std::size_t n = 0; (((n++ ? want(',') : void()), into(one)), ...); }, to);
        want(']');
    }
};

struct Writer {
    std::string out;

    void put(bool v) { out += v ? "true" : "false"; }
    void put(char v) { put(std::string(1, v)); }
    template <class T> requires std::is_integral_v<T> void put(T v) { out += std::to_string(v); }
    template <class T> requires std::is_floating_point_v<T> void put(T v) { char text[64]; std::snprintf(text, sizeof text, "%.17g", static_cast<double>(v)); out += text; }
    void put(const std::string& v) {
        out += '"';
        for (unsigned char c : v) {
            if (c == '"' || c == '\\') { out += '\\'; out += static_cast<char>(c); }
            else if (c < 32) { char text[8]; std::snprintf(text, sizeof text, "\\u%04x", c); out += text; }
            else out += static_cast<char>(c);
        }
        out += '"';
    }
    void put(const char* v) { put(std::string(v)); }
    template <class T> void put(const std::vector<T>& v) { out += '['; bool first = true; for (const auto& one : v) { if (!first) out += ','; first = false; put(static_cast<const T&>(one)); } out += ']'; }
    template <class T> void put(const std::optional<T>& v) { if (v) put(*v); else out += "null"; }
    template <class A, class B> void put(const std::pair<A, B>& v) { out += '['; put(v.first); out += ','; put(v.second); out += ']'; }
    template <class M> void members(const M& v) { out += '{'; bool first = true; for (const auto& [key, one] : v) { if (!first) out += ','; first = false; put(key); out += ':'; put(one); } out += '}'; }
    template <class T> void put(const std::map<std::string, T>& v) { members(v); }
    template <class T> void put(const std::unordered_map<std::string, T>& v) { members(v); }
};

template <class R, class... A> void call(R (*function)(A...), Reader reader, Writer& writer) {
    std::tuple<std::decay_t<A>...> arguments;
    reader.all(arguments);
    if constexpr (std::is_void_v<R>) { std::apply([&](auto&... one) { function(static_cast<A>(one)...); }, arguments); writer.out = "null"; }
    else writer.put(std::apply([&](auto&... one) -> R { return function(static_cast<A>(one)...); }, arguments));
}

}  // namespace room_caller

int main() {
    std::string text;
    char block[65536];
    for (ssize_t n; (n = read(0, block, sizeof block)) > 0;) text.append(block, static_cast<std::size_t>(n));
    room_caller::Writer writer;
    room_caller::call(&ROOM_FUNCTION, room_caller::Reader{text.c_str()}, writer);
    std::fflush(nullptr);
    for (std::size_t at = 0; at < writer.out.size();) {
        ssize_t n = write(3, writer.out.data() + at, writer.out.size() - at);
        if (n <= 0) return 1;
        at += static_cast<std::size_t>(n);
    }
}
