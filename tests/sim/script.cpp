#include "script.hpp"

#include <string>

namespace linnet::sim {

namespace {

// Of what there is and what there is not.
constexpr std::int64_t kNobody = kUsers + 1;

}  // namespace

// Mostly what may be done, as nothing comes of the rest.
Op Script::op() {
  if (chance(35)) return chance(50) ? Op::kSend : Op::kSendToGroup;
  if (chance(10)) return chance(60) ? Op::kPublish : Op::kEnterRoom;
  const auto op = static_cast<Op>(below(kOps));
  const bool ends = op == Op::kSignOut || op == Op::kRevoke || op == Op::kDissolve ||
                    op == Op::kDeleteFriend || op == Op::kDeleteRoom || op == Op::kBlock;
  if (op == Op::kSignIn || (ends && !chance(40))) return chance(50) ? Op::kAddFriend : Op::kAgree;
  return op;
}

std::int64_t Script::some_group() {
  const auto there = model_.groups();
  if (there.empty() || chance(5)) return chance(50) ? 1 + below(4) : below(2) * 99;
  return there[static_cast<std::size_t>(below(static_cast<std::int64_t>(there.size())))];
}

std::string Script::text() {
  return "t" + std::to_string(++texts_);
}

Call Script::another(Call call) {
  call.text = text() + std::string(static_cast<std::size_t>(below(2) * 100), 'x');
  call.request = 0;
  call.yes = true;
  return call;
}

Call Script::call() {
  Call call;
  call.op = op();
  call.device = some_device();
  if (model_.user_of(call.device) == 0 && chance(80)) call.op = Op::kSignIn;
  if (chance(4)) call.proof = chance(50) ? Proof::kEnded : Proof::kForged;
  call.user = chance(95) ? 1 + below(kUsers) : kNobody - below(2) * kNobody;
  // Another number would be another user.
  if (call.op == Op::kSignIn) call.user = 1 + below(kUsers);
  call.other = below(kUsers + 1);
  call.group = some_group();
  call.room = 1 + below(chance(80) ? 1 : 3);
  call.number = below(4) - (chance(10) ? 2 : 0);
  if (call.op == Op::kMuteGroup || call.op == Op::kMuteMember ||
      (call.op > Op::kRoomRole && call.op < Op::kDeleteRoom))
    call.number *= 300;
  // Also of those behind others.
  if (call.op == Op::kRevoke) call.number = 1 + below(2 * kDevices);
  if (call.op == Op::kAck) call.number = below(12) - 1;
  call.request = chance(60) ? 1 + below(12) : 0;
  if (call.op == Op::kSend && chance(2)) call.request = -1;
  const bool sends = Script::sends(call.op);
  call.yes = chance(sends || call.op == Op::kSignIn ? 85 : 60);
  call.text = text();
  if (sends && chance(10))
    call.text += std::string(static_cast<std::size_t>(chance(80) ? 200 : 400), 'x');
  return call;
}

}  // namespace linnet::sim
