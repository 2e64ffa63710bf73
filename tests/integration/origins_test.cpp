// Pages of other origins, with good credentials at every door that a page can knock at: only the
// server's own and the listed ones come in, to the letter, whether any are listed or not.
#include "stream_client.hpp"
#include "support/foreign_origins.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace linnet;
using namespace linnet::test;

namespace {

// A browser's answer is as good as its page may read it.
struct Answered {
  int status = 0;
  std::string allowed;  // the origin that may read
};

struct OriginHouse {
  explicit OriginHouse(const std::vector<std::string>& listed)
      : server(dir.path() / "data", arguments(listed)), anna(sign_in(server.http_port(), "100")) {}

  static std::vector<std::string> arguments(const std::vector<std::string>& listed) {
    std::vector<std::string> all{"--set", "limits.enabled=false"};
    std::string list;
    for (const auto& origin : listed)
      list += (list.empty() ? "" : ",") + origin;
    if (!list.empty()) all.insert(all.end(), {"--set", "http.allowed_origins=" + list});
    return all;
  }
  std::string own() const { return "http://" + server.http_address(); }

  // A request with these lines for its origin. An answer begins a stream, or has a length.
  Answered ask(const std::string& first, const std::string& rest, const std::string& lines) const {
    Stream stream(server.http_port(),
                  first + " HTTP/1.1\r\nHost: " + server.http_address() + "\r\n" + lines + rest);
    const auto& head = stream.head();
    const std::string name = "Access-Control-Allow-Origin: ";
    const auto at = head.find(name);
    Answered answered{std::stoi(head.substr(9, 3)), {}};
    if (at != std::string::npos)
      answered.allowed = head.substr(at + name.size(), head.find('\r', at) - at - name.size());
    return answered;
  }
  Answered web_socket(const std::string& lines) const {
    return ask("GET /ws?token=" + anna.token,
               "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
               lines);
  }
  Answered events(const std::string& lines) const {
    return ask("GET /events?token=" + anna.token, "\r\n", lines);
  }
  Answered call(const std::string& lines) const {
    return ask("POST /pb.LogicExt/GetFriends",
               "Authorization: Bearer " + anna.token +
                   "\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
               lines);
  }
  Answered preflight(const std::string& lines) const {
    return ask("OPTIONS /pb.LogicExt/GetFriends",
               "Access-Control-Request-Method: POST\r\n"
               "Access-Control-Request-Headers: authorization\r\n\r\n",
               lines);
  }

  void let_in(const std::string& lines, const std::string& may_read) const {
    CAPTURE(lines);
    CHECK(web_socket(lines).status == 101);
    for (const auto& answered : {events(lines), call(lines)}) {
      CHECK(answered.status == 200);
      CHECK(answered.allowed == may_read);
    }
    CHECK(preflight(lines).allowed == may_read);
  }
  void keep_out(const std::string& lines) const {
    CAPTURE(lines);
    for (const auto& answered : {web_socket(lines), events(lines), call(lines)}) {
      CHECK((answered.status == 403 || answered.status == 400));
      CHECK(answered.allowed.empty());
    }
    CHECK(preflight(lines).allowed.empty());
  }

  TempDir dir;
  ServerProcess server;
  TestUser anna;
};

std::string line(const std::string& origin) {
  return "Origin: " + origin + "\r\n";
}

}  // namespace

TEST_CASE("a page comes in by an origin that is the server's own or listed, and by no other") {
  const bool lists = GENERATE(false, true);
  CAPTURE(lists);
  const OriginHouse house(lists ? listed_origins() : std::vector<std::string>());

  for (const auto& origin : foreign_origins(house.server.http_address()))
    house.keep_out(line(origin));
  const auto port = house.own().substr(house.own().rfind(':'));
  for (const char* elsewhere : {"localhost", "127.1", "2130706433", "0x7f000001", "127.0.0.2",
                                "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "127.0.0.1."})
    house.keep_out(line("http://" + std::string(elsewhere) + port));
  const auto& listed = listed_origins().front();
  for (const auto& several :
       {line(house.own()) + line("https://evil.example"), line(listed) + line(listed),
        line("https://evil.example") + line(listed), line("null") + line(house.own()),
        line(house.own()) + "origin: https://evil.example\r\n",
        "Origin: " + listed + "\r\n https://evil.example\r\n", "Origin : " + listed + "\r\n",
        line(listed + std::string(1, '\0'))})
    house.keep_out(several);

  house.let_in("", "");
  house.let_in(line(house.own()), "");
  house.let_in(line("https://" + house.server.http_address()), "");
  for (const auto& origin : listed_origins()) {
    if (!lists) house.keep_out(line(origin));
    if (lists) house.let_in(line(origin), origin);
    // Blanks around a value are not part of it.
    if (lists) house.let_in("ORIGIN:\t " + origin + " \t\r\n", origin);
  }
}
