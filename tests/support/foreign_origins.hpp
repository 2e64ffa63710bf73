// What the Origin of a foreign page may look like: as near as it gets to one that is let in.
#pragma once

#include <string>
#include <vector>

namespace linnet::test {

inline const std::vector<std::string>& listed_origins() {
  static const std::vector<std::string> all{"https://app.example", "https://app.example:8443",
                                            "https://xn--mller-kva.example",
                                            "https://[2001:db8::1]:8443"};
  return all;
}

// Foreign to a server that lists those above and is called by the name `host` ("im.example:8081").
inline std::vector<std::string> foreign_origins(const std::string& host) {
  const auto name = host.substr(0, host.find(':'));
  return {
      "null", "NULL", "", "*", "undefined", "https://evil.example",
      // Another scheme.
      "http://app.example", "HTTPS://app.example", "//app.example", "app.example", "ws://" + host,
      "wss://" + host, "ftp://" + host, "https:app.example", "https:/app.example",
      "https:\\\\app.example", "file://", "chrome-extension://abcdef", "data:text/html,x",
      "javascript:alert(1)", "blob:https://app.example", "about:blank",
      // Another port; it is compared as it is written.
      "https://app.example:443", "https://app.example:8444",
      "https://app.example:", "https://app.example:08443", "https://app.example:8443:443",
      "http://" + name, "http://" + name + ":80", "https://" + name + ":443",
      "http://" + host + "0",
      // More before or behind it.
      "https://app.example.evil.test", "https://evilapp.example", "https://sub.app.example",
      "https://app.example.", "https://app.examplee", "https://app.exampl", "https://app-example",
      "https://appxexample", "http://" + host + ".evil.test", "http://evil." + host,
      "http://evil.test/" + host, "http://" + name + ".evil.test:8081", "http://" + name + ".:8081",
      // More than an origin.
      "https://app.example/", "https://app.example/path", "https://app.example?x",
      "https://app.example#x", "https://app.example\\x", "https://app.example;x",
      "http://" + host + "/", "http://" + host + "#" + host,
      // Names before the name.
      "https://app.example@evil.test", "https://evil.test@app.example",
      "https://user:pass@app.example", "https://@app.example", "http://" + host + "@evil.test",
      "http://evil.test#@" + host, "http://user@" + host,
      // Another spelling.
      "https://APP.example", "https://App.Example", "https://app%2eexample",
      "https://app.example%00", "https://%61pp.example", "https://app.example%2f.evil.test",
      "https://app\xe3\x80\x82"
      "example",
      "https://\xd0\xb0pp.example", "https://xn--pp-7ka.example", "https://m\xc3\xbcller.example",
      "https://XN--mller-kva.example", "https://app\xc2\xad.example",
      // IPv6.
      "https://[2001:DB8::1]:8443", "https://[2001:db8:0:0:0:0:0:1]:8443",
      "https://[2001:0db8::1]:8443", "https://2001:db8::1:8443", "https://[2001:db8::1]",
      "https://[2001:db8::1%25eth0]:8443", "https://[2001:db8::1]:8443]", "https://[::1]",
      "https://[::ffff:127.0.0.1]:8443", "http://[::ffff:127.0.0.1]:8081",
      // Several.
      "https://app.example https://evil.test", "https://app.example,https://evil.test",
      "https://evil.test, https://app.example", "https://app.example, https://app.example",
      "https://app.example null"};
}

}  // namespace linnet::test
