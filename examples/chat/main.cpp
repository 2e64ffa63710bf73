// linnet-chat: a console chat on the client library. Its options are read here.
#include "chat/chat.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <string>

int main(int argc, char** argv) {
  linnet::chat::Settings settings;
  auto& options = settings.client;
  std::string state;
  bool web_socket = false;
  CLI::App app("A console chat for a Linnet server. /help lists its commands.");
  app.add_option("--phone", settings.phone, "your phone number")->required();
  app.add_option("--code", settings.code,
                 "the verification code; without it one is sent to you where it is needed");
  app.add_option("--host", options.host, "the server")->capture_default_str();
  app.add_option("--http-port", options.http_port, "its HTTP port")->capture_default_str();
  app.add_option("--tcp-port", options.tcp_port, "its TCP port")->capture_default_str();
  app.add_flag("--ws", web_socket, "connect by WebSocket (on the HTTP port) instead of TCP");
  app.add_option("--state", state,
                 "file that keeps who you are (default: ~/.linnet-chat-PHONE.json, with @HOST of a"
                 " server elsewhere)");
  CLI11_PARSE(app, argc, argv);

  if (web_socket) options.transport = linnet::client::Transport::kWebSocket;
  options.device.model = "linnet-chat";
  const auto path = state.empty()
                        ? linnet::chat::StateFile::usual_path(settings.phone, options.host)
                        : std::filesystem::path(state);
  if (path.empty()) {
    std::cerr << "phone number and host make no file name; give a file with --state\n";
    return 1;
  }
  linnet::chat::StateFile file(path, settings.phone, options.host);
  return linnet::chat::Chat(std::move(settings), std::move(file)).run(std::cin);
}
