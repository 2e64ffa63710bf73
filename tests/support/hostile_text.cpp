#include "hostile_text.hpp"

#include <map>
#include <set>
#include <string_view>

namespace linnet::test {
namespace {

using Parts = std::vector<std::string>;

// Every body in every frame: `?` stands for the body, as often as it is there.
void add(std::vector<HostileText>& all, const char* family, const Parts& frames,
         const Parts& bodies, bool utf8 = true) {
  for (const auto& frame : frames) {
    for (const auto& body : bodies) {
      std::string text;
      for (char c : frame) {
        if (c == '?') {
          text += body;
        } else {
          text += c;
        }
      }
      all.push_back({family, std::move(text), utf8});
    }
  }
}

void add_sql(std::vector<HostileText>& all) {
  add(all, "sql", {"'? --", "\"? --", "')? --", "`? /*", "\\'?;", "1? #"},
      {" OR '1'='1", " OR 1=1", "; DROP TABLE user;", "; DELETE FROM message",
       "; ATTACH DATABASE '/tmp/linnet-injected' AS x", "; VACUUM INTO '/tmp/linnet-injected'",
       "; PRAGMA writable_schema=1", " UNION SELECT sql FROM sqlite_master",
       " AND randomblob(1000000000)", "; CREATE TABLE forged (x)",
       "||load_extension('/tmp/linnet-injected')"});
  add(all, "sql", {"?"}, {"?1 :name @x $y", "%' ESCAPE '", "X'00'", "_%", "char(39)||char(59)"});
}

void add_paths(std::vector<HostileText>& all) {
  add(all, "path",
      {"../../../../../../?", "..\\..\\..\\..\\?", "....//....//....//?", "%2e%2e%2f%2e%2e%2f?",
       "..%2f..%2f..%2f?", "%252e%252e%252f?", "..;/..;/?", "/?", "./../?", "~/?"},
      {"etc/passwd", "linnet.db", "proc/self/environ", "tmp/linnet-injected", "linnet.mark"});
  add(all, "path", {"?"},
      {"file:///etc/passwd", "\\\\host\\share\\x", "C:\\boot.ini", "CON", "linnet.db-wal", ".",
       "..", "-rf", "--data-dir=/tmp/linnet-injected"});
}

void add_log_lines(std::vector<HostileText>& all) {
  // Whatever is the end of a line for somebody, then a line.
  add(all, "log",
      {"x\n?", "x\r\n?", "x\r?", "x\xc2\x85?", "x\xe2\x80\xa8?", "x\xe2\x80\xa9?", "x\v?", "x\f?",
       "x\\n?", "x%0a?", "x%0d%0a?"},
      {"2031-01-01T00:00:00.000Z ERROR forged user=1", "2031-01-01T00:00:00.000Z INFO  forged",
       "*** forged", "forged=1"});
  add(all, "log", {"?"},
      {"x\" forged=\"1", "x\\\" forged=\\\"1", "x\\\\\" forged=\"1", "\" forged=1 \"", "x forged=1",
       "\\x0a\\x0dforged=1"});
}

void add_headers(std::vector<HostileText>& all) {
  add(all, "header",
      {"x\r\n?\r\n", "x\n?\n", "x\r?\r", "x%0d%0a?", "x\xe5\x98\x8a\xe5\x98\x8d?", "x\\r\\n?",
       "x\r\n ?\r\n\r\n<script>alert(1)</script>"},
      {"Set-Cookie: a=b", "HTTP/1.1 200 OK", "Location: //evil.test", "Content-Length: 0",
       "Access-Control-Allow-Origin: *", "Transfer-Encoding: chunked"});
}

void add_broken_utf8(std::vector<HostileText>& all) {
  add(all, "overlong", {"?", "a?", "?/etc/passwd"},
      {"\xc0\x80",
       "\xc0\xaf",
       "\xc0\xae\xc0\xae\xc0\xaf",
       "\xc1\xbf",
       "\xe0\x80\xaf",
       "\xe0\x80\x80",
       "\xe0\x9f\xbf",
       "\xf0\x80\x80\xaf",
       "\xf0\x8f\xbf\xbf",
       "\xed\xa0\x80",
       "\xed\xbf\xbf",
       "\xed\xa0\x80\xed\xb0\x80",
       "\xf4\x90\x80\x80",
       "\xf8\x88\x80\x80\x80",
       "\xfc\x84\x80\x80\x80\x80",
       "\xfe",
       "\xff",
       "\x80",
       "\xbf",
       "\xc2",
       "\xe2\x80",
       "\xf0\x9f\x98",
       "\xef\xbb"},
      false);
}

void add_zeros(std::vector<HostileText>& all) {
  const std::string zero(1, '\0');
  add(all, "nul",
      {"?" + zero, zero + "?", "?" + zero + "after", "?" + zero + zero + zero, "?%00", "?\\0",
       "?\\u0000", "?&#0;"},
      {"", "before", "100", "linnet.db", "'", "x.jpg"});
}

void add_terminal(std::vector<HostileText>& all) {
  const Parts one_byte_and_two{"\x1b[?", "\xc2\x9b?"};
  add(all, "terminal", one_byte_and_two,
      {"2J", "31m", "6n", "20A", "0c", "1049h", "3J\x1b[H", "8m", "4i", "21t"});
  add(all, "terminal", {"\x1b]?", "\xc2\x9d?"},
      {"0;title\x07", "52;c;eA==\x07", "8;;http://evil.test\x1b\\", "4;1;rgb:0/0/0\x07",
       "1337;File=:AAAA\x07"});
  add(all, "terminal", {"?", "a?b"},
      {"\x1bP+q544e\x1b\\", "\x1b_x\x1b\\", "\x1b[", "\x07", "\b\b\b", "\x7f\x7f", "\x0e", "\x1a",
       "\x05"});
  // A CSI where a terminal is not in UTF-8.
  add(all, "terminal", {"\x9b?"}, {"2J", "31m"}, false);
}

void add_markup(std::vector<HostileText>& all) {
  add(all, "markup", {"?", "\">?", "'>?", "</title>?"},
      {"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>",
       "{{7*7}}", "${7*7}", "<%= 7*7 %>", "javascript:alert(1)", "]]>", "<!--",
       "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>", "[x](javascript:alert(1))",
       "&lt;script&gt;"});
}

void add_formats(std::vector<HostileText>& all) {
  add(all, "format", {"?", "x??", "'?'"},
      {"%s%s%n%x", "%99999d", "{0.__class__}", "${jndi:ldap://x}", "$(touch /tmp/linnet-injected)",
       "`touch /tmp/linnet-injected`", "|touch /tmp/linnet-injected",
       "&& touch /tmp/linnet-injected", "; touch /tmp/linnet-injected",
       "\ntouch /tmp/linnet-injected\n", "$IFS", "%x%n", "!!", "=cmd|'/C calc'!A0", "@SUM(1)",
       "*)(uid=*))(|(uid=*"});
}

void add_characters(std::vector<HostileText>& all) {
  add(all, "unicode", {"?", "?txt.exe", "a?b", "???"},
      {"\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x80\x8b", "\xe2\x80\x8d", "\xef\xbb\xbf", "\xc2\xad",
       "\xef\xbf\xbe", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf", "\xf3\xa0\x80\x81",
       "\xcc\x81\xcc\x81\xcc\x81\xcc\x81", "\xef\xb7\xba", "\xee\x80\x80", "\xef\xbf\xbd",
       "\xc2\xa0", "\xef\xbc\x87"});
}

void add_json(std::vector<HostileText>& all) {
  add(all, "json", {"?", "\"?", "\"}?{\""},
      {"\"}", "\",\"userId\":\"2\",\"x\":\"", "\\u0027", "\\ud800", "{\"$gt\":\"\"}", "[]", "null",
       "true", "1e999", "NaN", "{\"__proto__\":{}}", "\\", "\\\"", "/**/"});
}

void add_runs(std::vector<HostileText>& all) {
  for (char c : std::string_view("'\"\\%;<{[(-./ \t\n\r\0\x1b", 18))
    for (std::size_t count : {99U, 120U})
      all.push_back({"run", std::string(count, c)});
}

std::vector<HostileText> make_all() {
  std::vector<HostileText> all;
  for (auto* add_family :
       {add_sql, add_paths, add_log_lines, add_headers, add_broken_utf8, add_zeros, add_terminal,
        add_markup, add_formats, add_characters, add_json, add_runs})
    add_family(all);
  std::set<std::string_view> seen;
  std::vector<HostileText> distinct;
  for (const auto& one : all)
    if (seen.insert(one.text).second) distinct.push_back(one);
  return distinct;
}

}  // namespace

const std::vector<HostileText>& hostile_texts() {
  static const auto all = make_all();
  return all;
}

std::vector<HostileText> hostile_texts_for(std::size_t field) {
  static const auto families = [] {
    std::map<std::string_view, std::vector<HostileText>> by_name;
    for (const auto& one : hostile_texts())
      by_name[one.family].push_back(one);
    return by_name;
  }();
  std::vector<HostileText> some;
  for (const auto& [name, texts] : families)
    for (std::size_t i = 0; i < 2; ++i)
      some.push_back(texts[(2 * field + i) % texts.size()]);
  return some;
}

}  // namespace linnet::test
