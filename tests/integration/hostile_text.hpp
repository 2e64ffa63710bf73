// Texts that mean something to SQL, paths, headers, logs, terminals, formats and templates.
#pragma once

#include <string>
#include <vector>

namespace linnet::test {

inline const std::vector<std::string>& hostile() {
  static const std::vector<std::string> all{
      "'; DROP TABLE user; --",
      "' OR '1'='1",
      "\"; DELETE FROM message; --",
      "1); ATTACH DATABASE '/tmp/linnet-injected' AS x; --",
      "?1 :name @x $y",
      "../../../../etc/passwd",
      "..\\..\\x",
      "/proc/self/environ",
      "file:///etc/passwd",
      "x\r\nSet-Cookie: a=b\r\n\r\n<script>alert(1)</script>",
      "x\n2031-01-01T00:00:00.000Z ERROR forged user=1",
      "x\" forged=\"1",
      "\x1b]0;title\x07\x1b[2J\x1b[31m",
      "\xc2\x9b"
      "31m",  // a one-byte CSI, as UTF-8
      "\xe2\x80\xae"
      "txt.exe",                         // right-to-left
      std::string("before\0after", 12),  // NUL
      "%s%s%n%x",
      "${jndi:ldap://x}",
      "{{7*7}}",
      std::string(300, '\''),
  };
  return all;
}

}  // namespace linnet::test
