// How much every field that can be long takes: each text, bytes and list in the request of every
// method has a size in one table (field_sizes.hpp), which docs/protocol.md repeats. Exactly that
// much is taken, more is refused with a code that says why; a field that is in no row fails.
#include "field_sizes.hpp"
#include "pb/linnet.pb.h"
#include "room_client.hpp"
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <regex>
#include <set>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;
using Json = nlohmann::json;

namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

// A field that can be long, wherever in a request it stands.
struct LongField {
  std::string path;          // as JSON names it, from the request down: "item/name"
  std::vector<int> numbers;  // the same in protobuf
  const FieldDescriptor* field;
};

void add_long_fields(const Descriptor& type, const LongField& above, std::vector<LongField>& all) {
  REQUIRE(above.numbers.size() < 8);  // a type within itself
  for (int i = 0; i < type.field_count(); ++i) {
    LongField one = above;
    one.field = type.field(i);
    one.path += (above.path.empty() ? "" : "/") + one.field->json_name();
    one.numbers.push_back(one.field->number());
    if (one.field->is_repeated() || one.field->cpp_type() == FieldDescriptor::CPPTYPE_STRING)
      all.push_back(one);
    if (const auto* inner = one.field->message_type()) add_long_fields(*inner, one, all);
  }
}

struct Served {
  const MethodDescriptor* method;
  std::string name;  // "LogicExt/SendMessage"
  pb::Access access;
  std::vector<LongField> fields;
};

std::vector<Served> served() {
  std::vector<Served> all;
  for (const char* file : {"pb/logic.ext.proto", "pb/user.ext.proto", "pb/room.ext.proto",
                           "pb/logic.int.proto", "pb/user.int.proto", "pb/room.int.proto"}) {
    const auto* found = DescriptorPool::generated_pool()->FindFileByName(file);
    REQUIRE(found != nullptr);
    for (int s = 0; s < found->service_count(); ++s)
      for (int m = 0; m < found->service(s)->method_count(); ++m) {
        const auto* method = found->service(s)->method(m);
        Served one{method,
                   found->service(s)->name() + "/" + method->name(),
                   method->options().GetExtension(pb::access),
                   {}};
        add_long_fields(*method->input_type(), {}, one.fields);
        all.push_back(std::move(one));
      }
  }
  return all;
}

std::string refusal_in(const HttpAnswer& answer) {
  if (answer.status == 200) return "SUCCESS";
  auto reason = Json::parse(answer.body).at("details").at(0).at("debug").at("reason");
  return reason.get<std::string>().substr(3);
}

bool has_text(const Json& where, const std::string& text) {
  if (where.is_string()) return where.get<std::string>() == text;
  return where.is_structured() && std::any_of(where.begin(), where.end(),
                                              [&](const Json& one) { return has_text(one, text); });
}

// So many bytes, but a third of the characters.
std::string euros(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes / 3; ++i)
    text += "\xe2\x82\xac";
  return text + std::string(bytes % 3, 'x');
}

// So many zeros, in base64.
std::string zeros(std::size_t bytes) {
  const std::vector<std::string> ends{"", "AA==", "AAA="};
  return std::string(bytes / 3 * 4, 'A') + ends[bytes % 3];
}

// Who may carry out each call of the table.
class Stand {
 public:
  Stand()
      : data_((dir_.path() / "data").string()),
        server_(data_, {"--set", "rooms.create=anyone", "--set", "user.passwords=true"}) {
    const auto made =
        run_program(LINNET_BINARY,
                    {"key", "create", "test", "--scope", "users", "--scope", "groups", "--scope",
                     "messages", "--scope", "rooms", "--scope", "broadcast", "--data-dir", data_});
    REQUIRE(made.status == 0);
    tokens_["key"] = made.out.substr(0, made.out.size() - 1);
    for (const char* name : {"anna", "ben", "carl"}) {
      people_[name] = sign_in(port(), std::to_string(100 * (people_.size() + 1)));
      tokens_[name] = people_[name].token;
      names_[name] = std::to_string(people_[name].id.value());
    }
    make_friends(port(), people_["anna"], people_["ben"]);
    names_["device"] = std::to_string(new_device(port()).value());
    names_["group"] = must({"anna", "LogicExt/CreateGroup", "{}"})["groupId"];
    names_["others"] = must({"ben", "LogicExt/CreateGroup", "{}"})["groupId"];
    must({"ben", "LogicExt/SetGroupSettings", R"({"groupId":"$others","joinMode":"JM_APPROVAL"})"});
    names_["room"] = must({"anna", "RoomExt/CreateRoom", "{}"})["roomId"];
    visitor_.emplace(
        LongConnection::sign_in(Door::kTcp, server_.tcp_port(), port(), sign_in(port(), "100")));
    visitor_->enter(std::stoll(names_["room"]));
  }

  std::uint16_t port() const { return server_.http_port(); }
  ServerProcess& server() { return server_; }
  const TestUser& person(const std::string& name) const { return people_.at(name); }

  Json read(std::string body) {
    names_["next"] = std::to_string(++next_);
    for (const auto& [name, value] : names_)
      for (auto at = body.find('$' + name); at != std::string::npos; at = body.find('$' + name))
        body.replace(at, name.size() + 1, value);
    return Json::parse(body);
  }
  HttpAnswer send(const std::string& who, const std::string& method, const std::string& body,
                  const std::string& type = "application/json") const {
    Headers headers{{"Content-Type", type}};
    if (!who.empty()) headers.emplace_back("Authorization", "Bearer " + tokens_.at(who));
    return http(port(), "POST", "/pb." + method, headers, body);
  }
  Json must(const SizedStep& step) {
    const auto answer = send(step.who, step.method, read(step.body).dump());
    CAPTURE(step.who, step.method, step.body, answer.body);
    REQUIRE(answer.status == 200);
    return Json::parse(answer.body);
  }

  Json value(FieldKind kind, std::size_t size) const {
    if (kind == FieldKind::kBytes) return zeros(size);
    if (kind == FieldKind::kDigits) return std::string(size, '7');
    if (kind == FieldKind::kNumbers) return std::vector<std::string>(size, names_.at("ben"));
    return euros(size);
  }
  HttpAnswer with(const SizedCall& row, const FieldSize& field, const Json& value) {
    for (const auto& step : row.before)
      must(step);
    auto body = read(row.call.body);
    body[Json::json_pointer("/" + std::string(field.field))] = value;
    return send(row.call.who, row.call.method, body.dump());
  }

 private:
  TempDir dir_;
  std::string data_;
  ServerProcess server_;
  std::map<std::string, TestUser> people_;
  std::map<std::string, std::string> tokens_;
  std::map<std::string, std::string> names_;
  std::int64_t next_ = 5000;
  std::optional<RoomClient> visitor_;  // who speaks in a room is in it
};

// The field as an error names it.
std::string proto_name(const std::vector<Served>& all, const SizedCall& row,
                       const FieldSize& size) {
  for (const auto& one : all)
    for (const auto& field : one.fields)
      if (one.name == row.call.method && field.path == size.field) return field.field->name();
  FAIL(row.call.method << " has no " << size.field);
  return {};
}

bool says_what(const FieldSize& size) {
  return std::string(size.refusal) == "BAD_REQUEST" || std::string(size.refusal) == "TOO_LARGE";
}

}  // namespace

TEST_CASE(
    "each field that can be long has a size, and far more is refused with a code that tells") {
  Stand stand;
  const auto methods = served();
  std::set<std::string> there;
  std::map<std::string, pb::Access> access;
  for (const auto& one : methods) {
    access[one.name] = one.access;
    for (const auto& field : one.fields)
      there.insert(one.name + " " + field.path);
  }
  std::set<std::string> sized;
  for (const auto& row : sized_calls()) {
    for (const auto& size : row.fields) {
      sized.insert(row.call.method + " " + size.field);
      // What anyone may call has 16 KB in all.
      const std::size_t many = access[row.call.method] == pb::ACCESS_ANYONE ? 15'000 : 70'000;
      const auto answer = stand.with(
          row, size, stand.value(size.kind, size.kind == FieldKind::kNumbers ? 5'000 : many));
      CAPTURE(row.call.method, size.field, answer.status, answer.body);
      CHECK(refusal_in(answer) == size.refusal);
      if (says_what(size))
        CHECK(answer.body.find(proto_name(methods, row, size)) != std::string::npos);
    }
  }
  CHECK(sized == there);
  CHECK(stand.server().stop() == 0);
}

TEST_CASE("a field takes exactly as many bytes as it may, whatever the characters, and no more") {
  Stand stand;
  const auto methods = served();
  for (const auto& row : sized_calls()) {
    for (const auto& size : row.fields) {
      if (size.kind == FieldKind::kPassword || size.kind == FieldKind::kSecret) continue;
      CAPTURE(row.call.method, size.field);
      const auto refused = [&](const Json& value) {
        const auto answer = stand.with(row, size, value);
        CAPTURE(answer.body, value.size());
        CHECK(refusal_in(answer) == size.refusal);
        CHECK(answer.body.find(proto_name(methods, row, size)) != std::string::npos);
      };
      const auto taken = [&](std::size_t length) {
        const auto value = stand.value(size.kind, length);
        const auto answer = stand.with(row, size, value);
        CAPTURE(length, answer.body);
        CHECK(refusal_in(answer) == row.taken);
        if (!row.read.method.empty()) CHECK(has_text(stand.must(row.read), value));
      };
      refused(stand.value(size.kind, size.most + 1));
      taken(size.most);
      if (size.least > 0) refused(stand.value(size.kind, size.least - 1));
      if (size.least > 0) taken(size.least);
      if (size.kind == FieldKind::kDigits) {
        refused("\xef\xbc\x97\xef\xbc\x97\xef\xbc\x97");  // three digits, but wide ones
        CHECK(refusal_in(stand.with(row, size, "+" + std::string(size.most, '6'))) == row.taken);
      }
    }
  }
}

TEST_CASE("a password has at most 256 bytes, wherever it is given") {
  Stand stand;
  const auto password = euros(256);
  const auto longer = password + "x";
  const auto answer = [&](const char* who, const char* method, const Json& request) {
    return refusal_in(stand.send(who, method, request.dump()));
  };
  const auto change = [&](const std::string& old) {
    return answer("anna", "UserExt/SetPassword", {{"password", password}, {"oldPassword", old}});
  };
  REQUIRE(change("") == "SUCCESS");
  CHECK(change(longer) == "BAD_PASSWORD");
  CHECK(change(password) == "SUCCESS");
  const auto device = new_device(stand.port()).value();
  const auto sign_in = [&](const std::string& given) {
    return answer("", "UserExt/SignInByPassword",
                  {{"phoneNumber", "100"}, {"deviceId", device}, {"password", given}});
  };
  CHECK(sign_in(longer) == "BAD_PASSWORD");
  CHECK(sign_in(password) == "SUCCESS");
  CHECK(answer("anna", "UserExt/EraseUser", {{"password", longer}}) == "BAD_PASSWORD");
  CHECK(answer("anna", "UserExt/EraseUser", {{"password", password}}) == "SUCCESS");
}

TEST_CASE("bytes that are no UTF-8 are refused in every field of text of every method") {
  Stand stand;
  std::size_t tried = 0;
  for (const auto& one : served()) {
    if (one.method->server_streaming()) continue;
    const std::map<pb::Access, std::string> callers{
        {pb::ACCESS_ANYONE, ""}, {pb::ACCESS_DEVICE, "anna"}, {pb::ACCESS_SERVER, "key"}};
    for (const auto& field : one.fields) {
      if (field.field->type() != FieldDescriptor::TYPE_STRING) continue;
      for (const char* bytes :
           {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "x\xe2\x82"}) {
        std::string request = bytes;
        for (auto it = field.numbers.rbegin(); it != field.numbers.rend(); ++it) {
          REQUIRE((*it < 16 && request.size() < 128));  // a byte each for tag and length
          request =
              std::string{static_cast<char>(*it << 3 | 2), static_cast<char>(request.size())} +
              request;
        }
        const auto answer =
            stand.send(callers.at(one.access), one.name, request, "application/proto");
        CAPTURE(one.name, field.path, answer.body);
        CHECK(refusal_in(answer) == "BAD_REQUEST");
        ++tried;
      }
    }
  }
  CHECK(tried > 200);
}

TEST_CASE("a message as large as one may be reaches its receiver on every door") {
  Stand stand;
  const auto& ben = stand.person("ben");
  std::vector<LongConnection> doors;
  for (auto door : {Door::kTcp, Door::kWebSocket, Door::kWebSocketJson})
    doors.push_back(LongConnection::sign_in(door, stand.server().tcp_port(), stand.port(),
                                            sign_in(stand.port(), "200")));
  for (auto& connection : doors)
    CHECK_FALSE(connection.sync(0).empty());
  pb::SendMessageReq request;
  request.set_receiver_type(pb::RT_USER);
  request.set_receiver_id(ben.id.value());
  request.set_message_type(pb::MT_CUSTOM);
  request.set_is_persist(true);
  request.set_request_id(std::numeric_limits<std::int64_t>::max());
  request.set_message_content(std::string(kContentSize.most, '\xff'));
  for (std::size_t i = 0; i < kMentionsSize.most; ++i)
    request.add_to_user_ids(-1);  // of ten bytes each
  Caller anna(stand.port());
  anna.use(stand.person("anna"));
  anna.call<pb::SendMessageResp>("/pb.LogicExt/SendMessage", request);
  for (auto& connection : doors) {
    const auto pushed = connection.next_message();
    CHECK(pushed.message_content() == request.message_content());
    CHECK(pushed.to_user_ids_size() == request.to_user_ids_size());
    const auto synced = connection.sync(pushed.seq() - 1);
    REQUIRE(synced.size() == 1);
    CHECK(synced.front().message_content() == request.message_content());
  }
}

TEST_CASE("docs/protocol.md has the size of each field, and no other") {
  using Sizes = std::set<std::string>;
  const auto entry = [](const std::string& method, const std::string& field,
                        const std::string& least, const std::string& most) {
    return method + "." + field + " " + least + " to " + most;
  };
  Sizes tried;
  const auto methods = served();
  for (const auto& row : sized_calls())
    for (const auto& size : row.fields)
      if (size.kind != FieldKind::kSecret)
        tried.insert(entry(row.call.method.substr(row.call.method.find('/') + 1),
                           proto_name(methods, row, size), std::to_string(size.least),
                           std::to_string(size.most)));
  Sizes told;
  std::ifstream file(LINNET_SOURCE_DIR "/docs/protocol.md");
  const auto all_of = [](const std::string& text, const char* pattern) {
    std::vector<std::string> found;
    const std::regex expression(pattern);
    for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it)
      found.push_back((*it)[1]);
    return found;
  };
  bool there = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) there = line.ends_with(" Sizes");
    const auto cells = all_of(line, R"(\|\s([^|]+))");
    if (!there || cells.size() != 3 || cells[0].front() != '`') continue;
    auto numbers = all_of(cells[2], R"(\b(\d+)\b)");
    if (numbers.size() == 1) numbers.insert(numbers.begin(), "0");
    REQUIRE(numbers.size() == 2);
    for (const auto& method : all_of(cells[0], "`([A-Za-z]+)`"))
      for (const auto& field : all_of(cells[1], "`([a-z_]+)`"))
        told.insert(entry(method, field, numbers[0], numbers[1]));
  }
  CHECK(told == tried);
}
