// Who reads a stream of messages over HTTP: /events, and Receive in its forms.
#pragma once

#include "support/raw_client.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace linnet::test {

// One streamed response, taken apart as it comes.
class Stream {
 public:
  Stream(std::uint16_t port, const std::string& request, int receive_buffer = 0) : socket_(port) {
    if (receive_buffer > 0) socket_.set_receive_buffer(receive_buffer);
    socket_.send(request);
  }

  const std::string& head() {
    while (head_.empty()) {
      auto end = bytes_.find("\r\n\r\n");
      if (end != std::string::npos) {
        head_ = bytes_.substr(0, end + 4);
        bytes_.erase(0, end + 4);
      } else if (!socket_.receive(bytes_)) {
        throw std::runtime_error("no answer: " + bytes_);
      }
    }
    return head_;
  }
  // The next chunk; empty at the end of the body.
  std::string chunk(std::chrono::milliseconds limit = kPatience) {
    head();
    for (;;) {
      auto line = bytes_.find("\r\n");
      if (line != std::string::npos) {
        auto size = std::stoul(bytes_.substr(0, line), nullptr, 16);
        if (bytes_.size() >= line + 2 + size + 2) {
          auto piece = bytes_.substr(line + 2, size);
          bytes_.erase(0, line + 2 + size + 2);
          return piece;
        }
      }
      if (!socket_.receive(bytes_, limit)) throw std::runtime_error("cut off");
    }
  }
  bool closed() {
    std::string rest;
    return !socket_.receive(rest) && rest.empty();
  }
  // Waits until the body, as it is, has `text`.
  void wait_for(const std::string& text) {
    head();
    while (bytes_.find(text) == std::string::npos)
      if (!socket_.receive(bytes_)) throw std::runtime_error("ended before " + text);
  }
  // All that is still to come, as it is.
  std::string rest() {
    head();
    while (socket_.receive(bytes_)) {
    }
    return std::exchange(bytes_, {});
  }

 private:
  Socket socket_;
  std::string head_;
  std::string bytes_;
};

// /events, by the message.
class Events {
 public:
  Events(std::uint16_t port, const TestUser& user, const std::string& more = {},
         const std::string& headers = {}, int receive_buffer = 0)
      : stream_(port,
                "GET /events?token=" + user.token + more + " HTTP/1.1\r\nHost: h\r\n" + headers +
                    "\r\n",
                receive_buffer) {
    CHECK(stream_.head().find("HTTP/1.1 200 OK\r\n") == 0);
    CHECK(stream_.head().find("Content-Type: text/event-stream\r\n") != std::string::npos);
    CHECK(stream_.chunk() == "retry: 2000\n\n");
  }

  struct Event {
    std::string id;
    std::string type;
    nlohmann::json data;
    std::string text() const { return data["messageContent"]["text"]; }
  };
  Event next(std::chrono::milliseconds limit = kPatience) {
    for (;;) {
      auto piece = stream_.chunk(limit);
      if (piece == ":\n\n") {
        ++heartbeats;
        continue;
      }
      Event event;
      for (std::size_t at = 0; at < piece.size();) {
        auto end = piece.find('\n', at);
        auto line = piece.substr(at, end - at);
        if (line.starts_with("id: ")) event.id = line.substr(4);
        if (line.starts_with("event: ")) event.type = line.substr(7);
        if (line.starts_with("data: ")) event.data = nlohmann::json::parse(line.substr(6));
        at = end + 1;
      }
      return event;
    }
  }
  Stream& stream() { return stream_; }
  int heartbeats = 0;

 private:
  Stream stream_;
};

inline std::string envelope(const std::string& payload, char flags = 0) {
  std::string out(1, flags);
  for (unsigned shift = 32; shift > 0; shift -= 8)
    out += static_cast<char>((payload.size() >> (shift - 8)) & 0xffU);
  return out + payload;
}

inline std::string receive_request(const TestUser& user, const std::string& type,
                                   const std::string& body, const std::string& headers = {}) {
  return "POST /pb.LogicExt/Receive HTTP/1.1\r\nHost: h\r\nContent-Type: " + type +
         "\r\nAuthorization: Bearer " + user.token + "\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace linnet::test
