// The configuration: every way in, what wins, and that each mistake is one clear line.
#include "linnet/app/config.hpp"

#include "config_table.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

using namespace linnet;
using namespace linnet::app;

namespace {

using Arguments = std::vector<std::string>;

std::string write_file(const TempDir& dir, const std::string& text) {
  auto path = (dir.path() / "linnet.toml").string();
  std::ofstream(path) << text;
  return path;
}

}  // namespace

TEST_CASE("without anything said the defaults hold") {
  auto command = parse_command_line({}, {});

  CHECK(command.action == CommandLine::Action::kServe);
  CHECK(command.config.tcp.listen == "127.0.0.1:8080");
  CHECK(command.config.http.listen == "127.0.0.1:8081");
  CHECK(command.config.limits.enabled);
}

TEST_CASE("`linnet serve` is the same as `linnet`, flags on either side") {
  CHECK(parse_command_line({"serve"}, {}).action == CommandLine::Action::kServe);
  CHECK(parse_command_line({"serve", "--data-dir", "d"}, {}).config.server.data_dir == "d");
  CHECK(parse_command_line({"--data-dir", "d", "serve"}, {}).config.server.data_dir == "d");
}

TEST_CASE("a flag wins over the environment, that over the file, that over the default") {
  TempDir dir;
  auto file = write_file(dir,
                         "[tcp]\nlisten = \"127.0.0.1:1\"\n[http]\nlisten = \"127.0.0.1:1\"\n"
                         "[user]\ndev_code = \"1111\"\n[limits]\nenabled = false\n");
  Environment environment{
      {"LINNET_TCP_LISTEN", "127.0.0.1:2"}, {"LINNET_HTTP_LISTEN", "127.0.0.1:2"}, {"HOME", "/"}};
  auto command = parse_command_line(
      {"--config", file, "--tcp-listen", "[::1]:3", "--set", "store.batch=7"}, environment);

  REQUIRE(command.action == CommandLine::Action::kServe);
  CHECK(command.config.tcp.listen == "[::1]:3");
  CHECK(command.config.http.listen == "127.0.0.1:2");
  CHECK(command.config.user.dev_code == "1111");
  CHECK(command.config.store.batch == 7);
  CHECK_FALSE(command.config.limits.enabled);
}

TEST_CASE("a mistake is one line that names the key, the value, the place and what is allowed") {
  struct Case {
    Arguments arguments;
    Environment environment;
    int status;
    std::string says;
  };
  auto c = GENERATE(values<Case>({
      {{"--tcp-listen", "nonsense"}, {}, 78, "tcp.listen = 'nonsense': must be HOST:PORT"},
      {{"--tcp-listen", "127.0.0.1:70000"}, {}, 78, "must be HOST:PORT"},
      {{"--io-threads", "-1"}, {}, 78, "a number from 0 to 256"},
      {{"--io-threads", "many"}, {}, 78, "server.io_threads = 'many'"},
      {{"--dev-code", "12"}, {}, 78, "4 to 12 digits"},
      {{"--log-level", "loud"}, {}, 78, "debug, info, warn, error or off"},
      {{"--set", "store.batch=0"}, {}, 78, "--set: store.batch = '0'"},
      {{"--set", "store.batch"}, {}, 78, "must be section.key=value"},
      {{"--set", "store.bach=1"}, {}, 78, "there is no setting 'store.bach'"},
      {{"--set", "store.batch=1 "}, {}, 78, "must be a number"},
      {{"--set", "limits.enabled=maybe"}, {}, 78, "true or false"},
      {{"--set", "http.allowed_origins=example.com"}, {}, 78, "https://example.com"},
      {{"--set", "http.allowed_origins=https://"}, {}, 78, "https://example.com"},
      {{"--set", "http.allowed_origins=https://a.example/"}, {}, 78, "https://example.com"},
      {{"--set", "http.allowed_origins=https://*"}, {}, 78, "https://example.com"},
      {{"--set", "user.hook=http://users.example/x?k=v"}, {}, 78, "without a query"},
      {{"--tcp-listen", "::1:8080"}, {}, 78, "must be HOST:PORT or [IPv6]:PORT"},
      {{"--tcp-listen", "127.0.0.1:"}, {}, 78, "must be HOST:PORT"},
      {{"--tcp-listen", "127.0.0.1:80\n80"}, {}, 78, "tcp.listen = '127.0.0.1:80?80'"},
      {{"--data-dir", ""}, {}, 78, "server.data_dir = ''"},
      {{"--data-dir", "a\nb"}, {}, 78, "server.data_dir = 'a?b'"},
      {{"--data-dir", "a\xff"}, {}, 78, "server.data_dir"},
      {{"--set", "store.batch=99999999999999999999"}, {}, 78, "a number from 1 to"},
      {{"--set", "store.batch=1.5"}, {}, 78, "a number from 1 to"},
      {{"--set", "a\nb=1"}, {}, 78, "there is no setting 'a?b'"},
      {{}, {{"LINNET_STORE_BATCH", "x"}}, 78, "environment LINNET_STORE_BATCH"},
      {{}, {{"LINNET_STORE_BACH", "1"}}, 78, "LINNET_STORE_BACH is no setting"},
      {{}, {{"LINNET_A\nB", "1"}}, 78, "LINNET_A?B is no setting"},
      {{}, {{"LINNET_PORT", "8081"}}, 78, "LINNET_PORT is no setting"},
      {{}, {{"LINNET_TCP_PORT", "8080"}}, 78, "LINNET_TCP_PORT is no setting"},
      {{}, {{"LINNET_PORT_", "1"}}, 78, "LINNET_PORT_ is no setting"},
      {{}, {{"LINNET_SERVICES", "1"}}, 78, "LINNET_SERVICES is no setting"},
      {{"--config", "/no/such/file"}, {}, 78, "cannot read '/no/such/file'"},
      {{"--config", "/"}, {}, 78, "cannot read '/'"},
      {{"--config", "/dev/zero"}, {}, 78, "of at most 1 MiB"},
      {{"--nonsense"}, {}, 2, "--nonsense"},
      {{"frobnicate"}, {}, 2, "frobnicate"},
      {{"frob\nnicate"}, {}, 2, "frob?nicate"},
      {{"--data-dir"}, {}, 2, "--data-dir"},
      {{"--data-dir", "a", "--data-dir", "b"}, {}, 2, "--data-dir"},
      {{"serve", "config"}, {}, 2, "config"},
  }));
  CAPTURE(c.says);
  auto command = parse_command_line(c.arguments, c.environment);

  CHECK(command.action == CommandLine::Action::kFail);
  CHECK(command.exit_status == c.status);
  CHECK_THAT(command.text, Catch::Contains(c.says));
  CHECK(command.text.find('\n') == std::string::npos);
}

TEST_CASE("what Kubernetes tells a pod of Services with the server's name is passed over") {
  const Environment pod{{"LINNET_SERVICE_HOST", "10.0.0.7"},
                        {"LINNET_SERVICE_PORT", "8080"},
                        {"LINNET_SERVICE_PORT_HTTP", "8081"},
                        {"LINNET_PORT", "tcp://10.0.0.7:8080"},
                        {"LINNET_PORT_8081_TCP", "tcp://10.0.0.7:8081"},
                        {"LINNET_PORT_8081_TCP_PROTO", "tcp"},
                        {"LINNET_PORT_8081_TCP_PORT", "8081"},
                        {"LINNET_PORT_8081_TCP_ADDR", "10.0.0.7"},
                        {"LINNET_HTTP_SERVICE_HOST", "10.0.0.8"},
                        {"LINNET_HTTP_SERVICE_PORT", "8081"},
                        {"LINNET_HTTP_PORT", "tcp://10.0.0.8:8081"},
                        {"LINNET_HTTP_PORT_8081_TCP_ADDR", "10.0.0.8"}};
  for (const Arguments& arguments : {Arguments{}, {"key", "list"}, {"backup", "b"}, {"check"}}) {
    auto command = parse_command_line(arguments, pod);
    CAPTURE(command.text);
    CHECK(command.action != CommandLine::Action::kFail);
    CHECK(to_toml(command.config) == to_toml(Config{}));
  }
}

TEST_CASE("no setting has a name that Kubernetes gives to what it tells of a Service") {
  for (const auto& setting : settings()) {
    const auto name = environment_name(setting);
    CAPTURE(name);
    CHECK(name.find("_SERVICE_") == std::string::npos);
    CHECK((name + "_").find("_PORT_") == std::string::npos);
  }
}

TEST_CASE("a mistake in the file is named with its line") {
  struct Case {
    std::string file;
    std::string says;
  };
  auto c = GENERATE(values<Case>({
      {"[tcp]\nlisten = 5\n", "toml:2: tcp.listen = '5'"},
      {"[tcp]\n\nlitsen = \"127.0.0.1:1\"\n", "toml:3: there is no setting 'tcp.litsen'"},
      {"listen = \"127.0.0.1:1\"\n", "toml:1: 'listen' stands outside a [section]"},
      {"[tcp\n", "toml:1: "},
      {"[store]\nbatch = 1.5\n", "toml:2: store.batch is neither"},
      {"[http]\nallowed_origins = \"https://a.example\"\n", "toml:2: http.allowed_origins"},
      {"[tcp]\nlisten = [\"127.0.0.1:1\"]\n", "toml:2: tcp.listen"},
      {"[tcp.listen]\nx = 1\n", "toml:1: tcp.listen is neither"},
      {"[http]\nallowed_origins = [\"https://a,https://b\"]\n", "toml:2: http.allowed_origins"},
      {"[tcp]\nlisten = \"a:1\"\nlisten = \"b:1\"\n", "toml:3: "},
      {"[user]\ndev_code = 2026-01-01\n", "toml:2: user.dev_code is neither"},
      {"[server]\ndata_dir = \"\xff\"\n", "toml:2: "},
      {"[server]\ndata_dir = \"a\\nb\"\n", "toml:2: server.data_dir = 'a?b'"},
  }));
  CAPTURE(c.file);
  Config config;
  auto read = read_toml(config, c.file, "file.toml");

  REQUIRE_FALSE(read);
  CHECK_THAT(read.error().message(), Catch::Contains(c.says));
  CHECK(read.error().message().find('\n') == std::string::npos);
}

TEST_CASE("an empty file is a configuration that changes nothing") {
  TempDir dir;
  auto command = parse_command_line({"--config", write_file(dir, "")}, {});

  CHECK(command.action == CommandLine::Action::kServe);
  CHECK(to_toml(command.config) == to_toml(Config{}));
}

TEST_CASE("a truth value may be written in six ways") {
  for (std::string yes : {"true", "1", "on"})
    CHECK(parse_command_line({"--set", "limits.enabled=" + yes}, {}).config.limits.enabled);
  for (std::string no : {"false", "0", "off"})
    CHECK_FALSE(parse_command_line({"--set", "limits.enabled=" + no}, {}).config.limits.enabled);
}

TEST_CASE("what help and version print needs no valid configuration") {
  const Environment broken{{"LINNET_STORE_BATCH", "x"}};
  for (const Arguments& arguments : {Arguments{"--help"}, {"--version"}, {"version"}}) {
    auto command = parse_command_line(arguments, broken);
    CHECK(command.action == CommandLine::Action::kPrint);
    CHECK_THAT(command.text, Catch::Contains("innet"));
  }
}

TEST_CASE("the configuration that is printed says the same when it is read") {
  auto changed = parse_command_line(
      {"--dev-code", "123456", "--log-level", "warn", "--set",
       "http.allowed_origins=https://a.example,https://b.example", "--data-dir", "a \"b\" \\c"},
      {});
  auto text = to_toml(changed.config);

  Config read;
  REQUIRE(read_toml(read, text, "printed"));
  CHECK(to_toml(read) == text);
  CHECK(read.http.allowed_origins.size() == 2);
  CHECK(read.server.data_dir == "a \"b\" \\c");
}

TEST_CASE("every default is allowed, and every key has its name in the environment") {
  const Config defaults;
  for (const auto& setting : settings()) {
    CAPTURE(setting.key);
    Config config;
    CHECK(setting.set(config, setting.get(defaults)));
    auto command = parse_command_line({}, {{environment_name(setting), setting.get(defaults)}});
    CHECK(command.action == CommandLine::Action::kServe);
  }
}

TEST_CASE("docs/configuration.md is what `linnet config --docs` prints") {
  std::ifstream file(std::string(LINNET_SOURCE_DIR) + "/docs/configuration.md");
  std::stringstream text;
  text << file.rdbuf();
  CHECK(text.str() == parse_command_line({"config", "--docs"}, {}).text);
}
