// A Push is the same packet that protobuf's serializer and packet_to_json would have made.
#include "linnet/wire/push.hpp"

#include "pb/conn.ext.pb.h"

#include "linnet/wire/json.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/util/message_differencer.h>
#include <nlohmann/json.hpp>

#include <thread>
#include <vector>

using namespace linnet;
using google::protobuf::util::MessageDifferencer;

namespace {

pb::MessageItem text_item() {
  pb::Text text;
  text.set_text("h\xc3\xa9llo \"you\"");
  pb::MessageItem item;
  item.set_request_id(77);
  item.set_sender_type(pb::ST_USER);
  item.set_sender_id(1);
  item.set_sender_device_id(11);
  item.set_receiver_type(pb::RT_USER);
  item.set_receiver_id(2);
  item.add_to_user_ids(2);
  item.add_to_user_ids(3);
  item.set_message_type(pb::MT_TEXT);
  item.set_message_content(text.SerializeAsString());
  item.set_send_time(1700000000000);
  item.set_status(pb::MS_NORMAL);
  return item;
}

pb::Output packet_of(pb::MessageItem item, std::int64_t seq) {
  item.set_seq(seq);
  pb::Message message;
  *message.mutable_message() = item;
  pb::Output packet;
  packet.set_type(pb::PT_MESSAGE);
  packet.set_request_id(item.request_id());
  packet.set_data(message.SerializeAsString());
  return packet;
}

const std::int64_t kSeqs[] = {0, 1, 127, 128, 16383, 16384, std::int64_t{1} << 40U, INT64_MAX, -1};

}  // namespace

TEST_CASE("a push is the packet that protobuf would have written") {
  pb::MessageItem large = text_item();
  large.set_message_content(std::string(40000, 'x'));
  pb::MessageItem bare;
  bare.set_request_id(-5);
  pb::MessageItem with_seq = text_item();
  with_seq.set_seq(999);

  for (const auto& item : {text_item(), large, pb::MessageItem(), bare, with_seq}) {
    wire::Push push(item);
    for (std::int64_t seq : kSeqs) {
      CAPTURE(item.ByteSizeLong(), seq);
      std::string bytes = "before";
      push.append_binary(Seq(seq), bytes);
      CHECK(bytes.substr(0, 6) == "before");

      pb::Output packet;
      REQUIRE(packet.ParseFromString(bytes.substr(6)));
      pb::Message pushed;
      REQUIRE(pushed.ParseFromString(packet.data()));
      pb::Output expected = packet_of(item, seq);
      pb::Message expected_message;
      REQUIRE(expected_message.ParseFromString(expected.data()));
      CHECK(MessageDifferencer::Equals(pushed, expected_message));
      CHECK(bytes.size() - 6 == expected.ByteSizeLong());
      packet.clear_data();
      expected.clear_data();
      CHECK(MessageDifferencer::Equals(packet, expected));
    }
  }
}

TEST_CASE("the text of a push is the JSON of the same packet") {
  pb::MessageItem no_content = text_item();
  no_content.clear_message_content();
  for (const auto& item : {text_item(), no_content, pb::MessageItem()}) {
    wire::Push push(item);
    for (std::int64_t seq : kSeqs) {
      CAPTURE(item.ByteSizeLong(), seq);
      std::string text = "before";
      push.append_text(Seq(seq), text);
      CHECK(text.substr(0, 6) == "before");
      auto tree = nlohmann::json::parse(text.substr(6));
      CHECK(tree == nlohmann::json::parse(wire::packet_to_json(packet_of(item, seq))));
    }
  }
}

TEST_CASE("a push knows whose request it was") {
  wire::Push push(text_item());
  CHECK(push.request_id() == 77);
  CHECK(push.sender_device() == DeviceId(11));
  CHECK(push.size() == text_item().ByteSizeLong());
}

TEST_CASE("the text of a push may be asked for by several threads at once") {
  wire::Push push(text_item());
  std::string expected;
  wire::Push(text_item()).append_text(Seq(9), expected);
  std::vector<std::string> texts(8);
  std::vector<std::thread> threads;
  for (auto& text : texts)
    threads.emplace_back([&push, &text] { push.append_text(Seq(9), text); });
  for (auto& thread : threads)
    thread.join();
  for (const auto& text : texts)
    CHECK(text == expected);
}

TEST_CASE("the message and the item of a push can be had alone") {
  const wire::Push push(text_item());
  for (auto seq : kSeqs) {
    auto item = text_item();
    item.set_seq(seq);
    std::string bytes;
    push.append_message(Seq(seq), bytes);
    pb::Message message;
    REQUIRE(message.ParseFromString(bytes));
    CHECK(MessageDifferencer::Equals(message.message(), item));
    std::string text;
    push.append_item_text(Seq(seq), text);
    CHECK(nlohmann::json::parse(text) == nlohmann::json::parse(wire::to_json(item)));
  }
  CHECK_FALSE(push.of_large_group());
  auto large = text_item();
  large.set_receiver_type(pb::RT_LARGE_GROUP);
  CHECK(wire::Push(large).of_large_group());
}
