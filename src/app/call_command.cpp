#include "call_command.hpp"

#include "credentials.hpp"
#include "pb/logic.ext.pb.h"
#include "pb/user.ext.pb.h"

#include "linnet/api/reference.hpp"
#include "linnet/client/calls.hpp"
#include "linnet/wire/json.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <charconv>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>

namespace linnet::app {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::MessageFactory;
using MessagePtr = std::unique_ptr<google::protobuf::Message>;

constexpr std::size_t kMaxRequestBytes = 64 * 1024 * 1024;
constexpr std::int32_t kDesktop = 3;

int call_failed(const Error& error, int status = kExitFailure) {
  const auto text = error.message().empty() ? default_message(error.code()) : error.message();
  std::fprintf(stderr, "linnet: %d %s: %s\n", static_cast<int>(error.code()),
               std::string(name(error.code())).c_str(), std::string(text).c_str());
  return status;
}

int misused(const std::string& line) {
  std::fprintf(stderr, "linnet: %s (see linnet call --help)\n", line.c_str());
  return kExitUsage;
}

std::optional<client::Calls::Options> read_server(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  client::Calls::Options options;
  options.host = text.substr(0, colon);
  if (options.host.size() > 2 && options.host.front() == '[' && options.host.back() == ']')
    options.host = options.host.substr(1, options.host.size() - 2);
  const auto* end = text.data() + text.size();
  auto [stopped, wrong] = std::from_chars(text.data() + colon + 1, end, options.port);
  if (wrong != std::errc() || stopped != end || options.port == 0) return std::nullopt;
  return options;
}

MessagePtr new_message(const Descriptor* type) {
  return MessagePtr(MessageFactory::generated_factory()->GetPrototype(type)->New());
}

// What a request may hold, for who has mistyped it.
void list_fields(const Descriptor& type) {
  std::fprintf(stderr, "%s has", type.name().c_str());
  for (int i = 0; i < type.field_count(); ++i)
    std::fprintf(stderr, "%s %s", i == 0 ? "" : ",", type.field(i)->json_name().c_str());
  std::fputs(type.field_count() == 0 ? " no fields\n" : "\n", stderr);
}

// A line, or all of it, from standard input.
std::string read_line() {
  std::string line;
  std::getline(std::cin, line);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

std::string read_input() {
  std::string text(kMaxRequestBytes, '\0');
  std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::cin.gcount()));
  return text;
}

int list() {
  for (const auto& method : api::reference())
    std::printf("%-32s %-26s %s\n", method.name.c_str(), method.who.c_str(), method.about.c_str());
  return 0;
}

Result<std::int64_t> register_device(client::Calls& calls) {
  pb::RegisterDeviceReq request;
  request.set_type(kDesktop);
  request.set_brand("linnet");
  request.set_model("call");
  request.set_system_version("shell");
  request.set_sdk_version(kVersion);
  auto made = calls.call<pb::RegisterDeviceResp>("/pb.LogicExt/RegisterDevice", request);
  if (!made) return made.take_error();
  return made->device_id();
}

// On the device that was kept for this server, or a new one.
Status sign_in(client::Calls& calls, const CallCommand& command, Kept& kept) {
  pb::SignInReq request;
  request.set_phone_number(command.phone_number);
  request.set_code(command.code.empty() ? read_line() : command.code);
  request.set_device_id(kept.device_id);
  Result<pb::SignInResp> answer = Error(ErrCode::kDeviceNotExist);
  if (kept.device_id > 0) answer = calls.call<pb::SignInResp>("/pb.UserExt/SignIn", request);
  if (answer.code() == ErrCode::kDeviceNotExist) {
    auto device = register_device(calls);
    if (!device) return device.take_error();
    request.set_device_id(*device);
    answer = calls.call<pb::SignInResp>("/pb.UserExt/SignIn", request);
  }
  if (!answer) return answer.take_error();
  kept.device_id = request.device_id();
  kept.user_id = answer->user_id();
  kept.token = answer->token();
  return success();
}

int keep(client::Calls& calls, const CallCommand& command, Kept kept) {
  if (command.verb == CallCommand::Verb::kSignIn) {
    auto signed_in = sign_in(calls, command, kept);
    if (!signed_in) return call_failed(signed_in.error());
  } else {
    kept.api_key = read_line();
    if (kept.api_key.empty()) return misused("--keep-key: no key came on standard input");
  }
  // Another run may have kept something else meanwhile: a code takes its time.
  auto written = change_credentials(command.credentials_file, command.server, [&](Kept& there) {
    if (command.verb == CallCommand::Verb::kSignIn) {
      kept.api_key = there.api_key;
      there = kept;
    } else {
      there.api_key = kept.api_key;
    }
  });
  if (!written) return call_failed(written.error());
  if (command.verb == CallCommand::Verb::kSignIn)
    std::printf("{\"userId\":\"%lld\",\"deviceId\":\"%lld\"}\n",
                static_cast<long long>(kept.user_id), static_cast<long long>(kept.device_id));
  std::fprintf(stderr, "kept in %s\n", command.credentials_file.c_str());
  return 0;
}

int call(client::Calls& calls, const CallCommand& command, const Credentials& credentials) {
  const auto* method = api::find_reference(command.method);
  if (method == nullptr) return misused("there is no call '" + command.method + "'; see --list");
  if (method->descriptor->server_streaming())
    return misused(method->name + " is a stream; see docs/http.md");
  const auto* known =
      DescriptorPool::generated_pool()->FindMethodByName(method->descriptor->full_name());
  auto request = new_message(known->input_type());
  auto read = wire::from_json(command.request == "-" ? read_input() : command.request, *request,
                              wire::UnknownFields::kRefused);
  if (!read) {
    list_fields(*known->input_type());
    return call_failed(read.error(), kExitUsage);
  }

  std::string token;
  if (auto kept = credentials.find(command.server); kept != credentials.end())
    token = method->api_key ? kept->second.api_key : kept->second.token;
  if (method->credentials && token.empty())
    return misused(method->name + " needs credentials for " + command.server + ": " +
                   (method->api_key ? "--keep-key" : "--sign-in"));
  auto bytes =
      calls.call_bytes(method->path, request->SerializeAsString(),
                       method->credentials ? token : std::string(), client::Repeat::kNever);
  if (!bytes) return call_failed(bytes.error());
  auto response = new_message(known->output_type());
  if (!response->ParseFromString(*bytes))
    return call_failed(Error(ErrCode::kServerUnknown, "the answer is not what the method answers"));
  std::printf("%s\n", wire::to_json(*response).c_str());
  return 0;
}

}  // namespace

int run_call_command(const CallCommand& command) {
  if (command.verb == CallCommand::Verb::kList) return list();
  auto options = read_server(command.server);
  if (!options) return misused("--server: '" + command.server + "' is no HOST:PORT");
  if (command.credentials_file.empty())
    return misused("neither XDG_CONFIG_HOME nor HOME says where credentials are kept");
  options->timeout = std::chrono::seconds(command.timeout_s);
  client::Calls calls(*options);
  auto credentials = read_credentials(command.credentials_file);
  if (!credentials) return call_failed(credentials.error());
  if (command.verb == CallCommand::Verb::kCall) return call(calls, command, *credentials);
  return keep(calls, command, (*credentials)[command.server]);
}

}  // namespace linnet::app
