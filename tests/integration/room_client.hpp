// One connection that is in live rooms.
#pragma once

#include "pb/room.ext.pb.h"
#include "support/raw_client.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace linnet::test {

inline std::string room_text(const std::string& words) {
  pb::Text content;
  content.set_text(words);
  return content.SerializeAsString();
}

inline std::string words_of(const pb::RoomItem& item) {
  pb::Text content;
  content.ParseFromString(item.message_content());
  return content.text();
}

// What one connection hears of its rooms.
struct RoomClient {
  explicit RoomClient(LongConnection opened) : connection(std::move(opened)) {}

  // The answer to a request; what is pushed before it is kept.
  pb::Output ask(pb::PackageType type, const google::protobuf::Message& request) {
    connection.send(type, ++last_id, request.SerializeAsString());
    for (;;) {
      auto packet = next();
      if (packet.request_id() == last_id && packet.type() == type) return packet;
    }
  }
  pb::RoomSubscribeOutput enter(std::int64_t room, std::int64_t since = 0, int history = 0) {
    pb::RoomSubscribeInput request;
    request.set_room_id(room);
    request.set_since_seq(since);
    request.set_history(history);
    auto answer = ask(pb::PT_ROOM_SUBSCRIBE, request);
    REQUIRE(answer.code() == 0);
    pb::RoomSubscribeOutput entered;
    REQUIRE(entered.ParseFromString(answer.data()));
    return entered;
  }
  pb::Output try_to_say(std::int64_t room, const std::string& words,
                        pb::RoomPriority priority = pb::RP_CHATTER) {
    pb::RoomPublishInput request;
    request.set_room_id(room);
    request.set_message_type(pb::MT_TEXT);
    request.set_message_content(room_text(words));
    request.set_priority(priority);
    return ask(pb::PT_ROOM_PUBLISH, request);
  }
  std::int64_t say(std::int64_t room, const std::string& words) {
    auto answer = try_to_say(room, words);
    REQUIRE(answer.code() == 0);
    pb::RoomPublishOutput published;
    REQUIRE(published.ParseFromString(answer.data()));
    return published.seq();
  }
  int leave(std::int64_t room) {
    pb::RoomUnsubscribeInput request;
    request.set_room_id(room);
    return ask(pb::PT_ROOM_UNSUBSCRIBE, request).code();
  }

  pb::Output next() {
    auto packet = connection.receive();
    REQUIRE(packet);
    if (packet->type() == pb::PT_ROOM_MESSAGES) {
      pb::RoomMessages messages;
      REQUIRE(messages.ParseFromString(packet->data()));
      dropped += messages.dropped();
      for (const auto& item : messages.items())
        heard.push_back(item);
    } else if (packet->type() == pb::PT_ROOM_STATE) {
      pb::RoomState state;
      REQUIRE(state.ParseFromString(packet->data()));
      online = state.online();
    } else if (packet->type() == pb::PT_ROOM_UNSUBSCRIBE && packet->request_id() == 0) {
      put_out.push_back(packet->code());
    }
    return *packet;
  }
  // Waits until so many messages were heard in all.
  void hear(std::size_t count) {
    while (heard.size() < count)
      next();
  }

  LongConnection connection;
  std::vector<pb::RoomItem> heard;
  std::int64_t dropped = 0;
  std::int64_t online = 0;
  std::vector<int> put_out;  // the codes
  std::int64_t last_id = 100;
};

}  // namespace linnet::test
