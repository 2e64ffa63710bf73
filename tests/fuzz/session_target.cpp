// The body of the fuzz target of a long connection: all the bytes of one, TCP or WebSocket, through
// framing, decoding and the rules of a session, among what happens around it.
#include "fuzz/targets.hpp"
#include "packets.hpp"
#include "pb/conn.ext.pb.h"
#include "session.hpp"

#include "linnet/logic/messages.hpp"
#include "linnet/wire/json.hpp"
#include "linnet/wire/tcp.hpp"
#include "linnet/wire/websocket.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace linnet::fuzz {
namespace {

using std::chrono::milliseconds;

constexpr user::Identity kSelf{UserId(7), DeviceId(70)};
constexpr DeviceId kOther{71};
constexpr std::size_t kLongest = 60'000;  // of a message that may be sent at all

// What steers: taken off the front, 0 when there is no more.
class Script {
 public:
  explicit Script(std::string_view bytes) : bytes_(bytes) {}
  bool ended() const { return bytes_.empty(); }
  unsigned byte() {
    if (bytes_.empty()) return 0;
    const auto value = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  std::string_view take(std::size_t count) {
    const auto taken = bytes_.substr(0, count);
    bytes_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view bytes_;
};

// The connection without its socket, and the server behind it with one user's inbox.
class Wire final : public gateway::SessionHost {
 public:
  Wire(bool web_socket, bool stream) : web_socket_(web_socket), stream_(stream) {
    options_.outbox_bytes = 4096;
    options_.page_entries = 3;
    options_.packets = {10, 50};
    if (web_socket_)
      decoder_ = std::make_unique<wire::WsDecoder>(wire::WsRole::kServer, wire::kMaxPacket);
    session_ = std::make_unique<gateway::Session>(*this, options_, now_);
    proved_ = web_socket_ || stream_;
    if (stream_) {
      session_->start_stream(kSelf, Seq());
    } else if (web_socket_) {
      session_->start(kSelf, 1);
    }
  }

  void step(unsigned what, Script& script) {
    switch (what % 16) {
      case 0:
      case 1:
      case 2: feed(script.take(script.byte())); break;
      case 3:
      case 4: answer(false, std::nullopt); break;
      case 5: answer(true, std::nullopt); break;
      case 6: answer(false, ErrCode(static_cast<std::int32_t>(1001 + script.byte() % 8))); break;
      case 7: arrive(kOther, script.byte(), true); break;
      case 8: arrive(kSelf.device, script.byte(), true); break;
      case 9: arrive(script.byte() % 2 == 0 ? kOther : kSelf.device, 0, false); break;
      case 10: repeat(script.byte()); break;
      case 11: session_->deliver_live(Seq(), push_of(made(kOther, 10))); break;
      case 12: drain(); break;
      case 13: sweep(milliseconds(script.byte() * 50)); break;
      case 14: finish_calls(); break;
      default: end_somehow(script.byte()); break;
    }
    resume();
  }

  void authenticate(user::Credentials credentials) override {
    promise(!over() && !proved_, "it asks who it is twice");
    promise(credentials.token.size() <= wire::kMaxPacket, "a token that was never sent");
    ask(Asked::kWho);
  }
  void find_head(UserId user) override {
    promise(proved_ && user == kSelf.user, "an inbox is asked for without proof");
    ask(Asked::kHead);
  }
  void find_start(UserId user, Seq seq) override {
    promise(attached_ && user == kSelf.user && seq >= Seq(), "a sync that nobody may begin");
    ask(Asked::kStart, seq);
  }
  void find_restart(UserId user, DeviceId device) override {
    promise(attached_ && user == kSelf.user && device == kSelf.device, "a sync of another");
    ask(Asked::kStart, Seq(head().value() / 2));
  }
  void read(UserId user, Seq after, store::PageLimit limit) override {
    promise(attached_ && user == kSelf.user && limit.entries > 0, "a page that nobody may read");
    ask(Asked::kPage, after);
    // Read at once, or when it is answered: what arrives in between is in it or not.
    if (std::exchange(read_at_once_, !read_at_once_)) asked_.back().page = page(after);
  }
  void acknowledge(UserId user, DeviceId device, Seq seq) override {
    promise(attached_ && user == kSelf.user && device == kSelf.device, "another's acknowledgement");
    promise(seq <= Seq(static_cast<std::int64_t>(inbox_.size())), "more than there is");
  }
  router::Attachment attach(UserId user, DeviceId device, router::Outlet&) override {
    promise(proved_ && !attached_ && user == kSelf.user && device == kSelf.device,
            "a device is attached without proof");
    attached_ = true;
    return {};
  }
  void confirm(user::Identity) override { ask(Asked::kConfirmed); }
  void follow_groups(UserId) override { ask(Asked::kFollowing); }
  void detached(DeviceId) override {
    promise(attached_, "detached before it was attached");
    attached_ = false;
  }
  void call(user::Identity identity, const pb::Input&) override {
    promise(attached_ && identity.user == kSelf.user, "a call of nobody");
    promise(++calls_ <= options_.calls_at_once, "more calls at once than there may be");
  }
  void send(const pb::Output& packet) override {
    promise(!closed_ && !ended_, "it speaks after its end");
    if (packet.type() == pb::PT_SYNC && packet.code() == 0) {
      pb::SyncOutput page;
      promise(page.ParseFromString(packet.data()), "an answer that is none");
      promise(!page.has_after() || Seq(page.after()) == last_, "another begin than it has");
      for (const auto& item : page.messages())
        check(Seq(item.seq()), true);
    }
    append(text_ ? wire::packet_to_json(packet) : packet.SerializeAsString());
  }
  void send_push(Seq seq, const wire::Push& push) override {
    promise(!closed_ && !ended_ && attached_, "it pushes to nobody");
    if (seq) check(seq, false);
    std::string bytes;
    if (text_)
      push.append_text(seq, bytes);
    else
      push.append_binary(seq, bytes);
    append(bytes);
  }
  void send_run(const wire::FrameRunPtr&) override {}
  void run_soon() const override {}
  void on_room_packet(const pb::Input&) override { promise(attached_, "a room for nobody"); }
  std::size_t unsent() const override { return unsent_; }
  void end(wire::CloseCode code, std::string_view reason) override {
    promise(!std::exchange(ended_, true), "it ends twice");
    static_cast<void>(wire::ws_close_payload(code, reason));
  }

 private:
  enum class Asked { kWho, kHead, kStart, kPage, kConfirmed, kFollowing };
  struct Question {
    Asked what;
    Seq seq;
    std::optional<store::InboxPage> page;
  };

  bool over() const { return closed_ || ended_; }

  void ask(Asked what, Seq seq = Seq()) {
    promise(!over(), "it asks after its end");
    asked_.push_back({what, seq, std::nullopt});
  }

  // The oldest question, or the newest: several threads answer.
  void answer(bool newest, std::optional<ErrCode> failure) {
    if (asked_.empty() || over()) return;
    auto question = std::move(newest ? asked_.back() : asked_.front());
    if (newest)
      asked_.pop_back();
    else
      asked_.pop_front();
    switch (question.what) {
      case Asked::kWho:
        if (!failure) proved_ = true;
        session_->on_authenticated(failure ? Result<user::Identity>(Error(*failure)) : kSelf);
        break;
      case Asked::kHead:
        last_ = head();
        session_->on_head(failure ? Result<Seq>(Error(*failure)) : head());
        break;
      case Asked::kStart:
        if (!failure) last_ = question.seq;
        session_->on_start(failure ? Result<Seq>(Error(*failure)) : question.seq);
        break;
      case Asked::kPage: answer_page(question, failure); break;
      case Asked::kConfirmed:
        session_->on_confirmed(failure ? Result<user::Identity>(Error(*failure)) : kSelf);
        break;
      case Asked::kFollowing:
        session_->on_following(failure ? Status(Error(*failure)) : success());
        break;
    }
  }

  void answer_page(Question& question, std::optional<ErrCode> failure) {
    if (failure) return session_->on_page(Error(*failure));
    auto read = question.page ? std::move(*question.page) : page(question.seq);
    session_->on_page(std::move(read));
  }

  Seq head() const { return Seq(static_cast<std::int64_t>(inbox_.size())); }

  store::InboxPage page(Seq after) const {
    store::InboxPage made;
    made.head = head();
    for (auto seq = after.next(); seq <= made.head && made.entries.size() < options_.page_entries;
         seq = seq.next())
      made.entries.push_back({seq, inbox_[static_cast<std::size_t>(seq.value() - 1)]});
    return made;
  }

  store::Message made(DeviceId device, std::size_t size) const {
    store::Message message;
    message.sender_device_id = device;
    message.sender_type = pb::ST_USER;
    message.type = pb::MT_TEXT;
    message.content.assign(std::min(size, kLongest), 'x');
    return message;
  }
  static wire::PushPtr push_of(const store::Message& message) {
    return std::make_shared<const wire::Push>(logic::to_item(message));
  }

  void arrive(DeviceId from, std::size_t size, bool delivered) {
    inbox_.push_back(made(from, size == 255 ? kLongest : size));
    if (delivered && attached_ && !over()) session_->deliver(head(), push_of(inbox_.back()));
  }
  void repeat(unsigned which) {
    if (inbox_.empty() || !attached_ || over()) return;
    const auto index = which % inbox_.size();
    session_->deliver(Seq(static_cast<std::int64_t>(index) + 1), push_of(inbox_[index]));
  }
  void drain() {
    unsent_ = 0;
    if (!over()) session_->on_drained();
  }
  void sweep(milliseconds time) {
    now_ += time;
    if (over()) return;
    const bool due = session_->due(options_.tcp_idle) <= now_;
    const auto asked = asked_.size();
    session_->on_sweep(now_, options_.tcp_idle);
    promise(due || (asked == asked_.size() && !over()), "late before it is due");
  }
  void finish_calls() {
    for (; calls_ > 0 && !over(); --calls_)
      session_->on_called();
  }
  void end_somehow(unsigned how) {
    if (over()) return;
    if (how % 4 == 0) {
      session_->on_closed();
      closed_ = true;
      promise(!attached_, "it is attached after its end");
    } else if (how % 4 == 1 && attached_) {
      session_->dismissed(ErrCode::kDeviceReplaced);
    } else if (how % 4 == 2) {
      session_->drain();
    }
  }

  // As Connection does it.
  void feed(std::string_view bytes) {
    if (stream_ || over()) return;
    in_ += bytes;
    session_->on_bytes(bytes.size(), now_);
  }
  void resume() {
    char* at = in_.data();
    char* end = at + in_.size();
    while (!over() && !session_->busy()) {
      if (web_socket_) {
        auto event = decoder_->next(at, end);
        if (event.kind == wire::WsEvent::Kind::kNeedMore) break;
        on_event(event);
      } else {
        std::string_view rest(at, static_cast<std::size_t>(end - at));
        auto packet = wire::next_tcp_packet(rest);
        if (!packet) break;
        at = end - rest.size();
        on_binary(*packet);
      }
    }
    in_.erase(0, static_cast<std::size_t>(at - in_.data()));
  }
  void on_event(const wire::WsEvent& event) {
    using Kind = wire::WsEvent::Kind;
    switch (event.kind) {
      case Kind::kText: {
        text_ = true;
        pb::Input input;
        auto parsed = wire::packet_from_json(event.payload, input);
        if (parsed)
          session_->on_packet(input, now_);
        else
          session_->on_undecodable(parsed.error().message());
        break;
      }
      case Kind::kBinary: on_binary(event.payload); break;
      case Kind::kPing: append(event.payload); break;
      case Kind::kClose:
      case Kind::kError:
        session_->on_closed();
        closed_ = true;
        break;
      default: break;
    }
  }
  void on_binary(std::string_view packet) {
    text_ = false;
    pb::Input input;
    if (input.ParseFromArray(packet.data(), static_cast<int>(packet.size())))
      session_->on_packet(input, now_);
    else
      session_->on_undecodable("the packet is no Input");
  }

  void append(std::string_view packet) {
    std::string framed;
    if (web_socket_)
      wire::append_ws_frame(text_ ? wire::WsOpcode::kText : wire::WsOpcode::kBinary, packet,
                            framed);
    else if (!stream_)
      promise(wire::append_tcp_frame(packet, framed), "a packet is too large for its frame");
    unsent_ += packet.size();
  }

  // ---- what the device sees: everything after where it began, once and in order ----

  void check(Seq seq, bool whole) {
    promise(seq <= head(), "a message that nobody sent");
    promise(seq > last_, "a message comes twice, or late");
    for (auto left_out = last_.next(); left_out < seq; left_out = left_out.next()) {
      const auto& message = inbox_[static_cast<std::size_t>(left_out.value() - 1)];
      promise(!whole && message.sender_device_id == kSelf.device, "a message was left out");
    }
    last_ = seq;
  }

  const bool web_socket_;
  const bool stream_;
  gateway::SessionOptions options_;
  milliseconds now_{1000};
  std::unique_ptr<wire::WsDecoder> decoder_;
  std::unique_ptr<gateway::Session> session_;
  std::vector<store::Message> inbox_;
  std::deque<Question> asked_;
  std::string in_;
  std::size_t unsent_ = 0;
  int calls_ = 0;
  bool text_ = false;
  bool proved_ = false;
  bool attached_ = false;
  bool ended_ = false;
  bool closed_ = false;
  bool read_at_once_ = false;
  Seq last_;  // that the device was sent, or began after
};

}  // namespace

void long_connection(std::string_view input) {
  Script script(input);
  const auto kind = script.byte() % 3;
  Wire wire(kind == 1, kind == 2);
  while (!script.ended())
    wire.step(script.byte(), script);
}

}  // namespace linnet::fuzz
