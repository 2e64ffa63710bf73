#include "trial.hpp"

#include "script.hpp"
#include "storage.hpp"
#include "subject.hpp"
#include "support/false_clock.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace linnet::sim {

namespace {

class Trial {
 public:
  explicit Trial(const TrialOptions& options)
      : options_(options),
        script_(options.seed, model_),
        storage_(options, clock_, script_),
        network_(clock_, model_, below(2) == 0 ? 0 : 20, options.seed * 31 + 7, options.mutant) {
    subject_.emplace(storage_.store(), network_, clock_);
  }
  ~Trial() {
    storage_.close();
    subject_.reset();
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  TrialResult run() {
    try {
      populate();
      for (int i = 0; i < options_.steps; ++i)
        step();
      finish();
    } catch (const Broken& broken) {
      result_.fault = broken.what;
    } catch (const std::exception& error) {
      result_.fault = std::string("threw: ") + error.what();
    }
    return std::move(result_);
  }

 private:
  std::int64_t below(std::int64_t bound) { return script_.below(bound); }
  bool chance(int of_hundred) { return script_.chance(of_hundred); }

  void populate() {
    subject_->populate();
    for (int user = 1; user <= kUsers; ++user) {
      Call call;
      call.op = Op::kSignIn;
      call.device = user;
      call.user = user;
      call.yes = true;
      model_.perform(call, now());
    }
    for (int id = 1; id <= kDevices; ++id)
      network_.device(id).connect();
    // Half of the runs begin among friends with a group and a room: what may be done is tried more
    // there.
    if (below(2) == 0) return;
    for (std::int64_t other = 2; other <= kUsers; ++other) {
      perform(made(Op::kAddFriend, 1, other));
      perform(made(Op::kAgree, static_cast<int>(other), 1));
    }
    auto group = made(Op::kCreateGroup, 1, 0);
    group.yes = true;
    perform(group);
    auto members = made(Op::kAddMembers, 1, 2);
    members.other = 3;
    members.group = 1;
    perform(members);
    perform(made(Op::kMakeRoom, 1, 1));
    for (int device = 1; device <= kUsers; ++device)
      perform(made(Op::kEnterRoom, device, 0));
  }
  static Call made(Op op, int device, std::int64_t user) {
    Call call;
    call.op = op;
    call.device = device;
    call.user = user;
    return call;
  }
  std::int64_t now() const { return clock_.wall().value(); }

  void step() {
    if (storage_.may_refuse() && chance(4)) refuse();
    if (chance(15)) clock_.pass(std::chrono::milliseconds(below(600'000)));
    if (chance(20)) disturb();
    if (chance(3) && !refusal_) restart();
    const auto call = script_.call();
    const bool granted = perform(call);
    // So that sessions fall behind, and rooms are loud.
    if (granted && Script::sends(call.op) && chance(20)) {
      for (auto more = 2 + below(8); more > 0; --more)
        perform(script_.another(call));
    }
    // What waits may go on waiting.
    quiet_ = network_.run(chance(30) ? static_cast<std::size_t>(below(6)) : 100'000);
    compare();
  }

  void refuse() {
    refusal_ = refusal_ ? std::nullopt
                        : std::optional(chance(50) ? ErrCode::kServerBusy : ErrCode::kStorage);
    storage_.refuse(refusal_);
    tell(refusal_ ? "the store refuses" : "the store works");
  }

  // Nothing goes on but what is stored, and the tokens that devices have.
  void restart() {
    tell("the server starts anew");
    ++result_.restarts;
    network_.cut_all();
    if (!storage_.may_refuse()) storage_.close();
    subject_.reset();
    storage_.reopen();
    subject_.emplace(storage_.store(), network_, clock_);
    model_.cut_all();
    quiet_ = false;
    seen_.clear();
    compare();
    for (int id = 1; id <= kDevices; ++id)
      if (chance(70)) network_.device(id).connect();
  }

  void disturb() {
    auto& device = network_.device(script_.some_device());
    const auto what = below(4);
    const auto name = "device " + std::to_string(device.id());
    if (what == 0) {
      tell(name + " is cut");
      device.cut();
    } else if (what == 1) {
      tell(name + " connects");
      device.connect();
    } else {
      tell(name + (what == 2 ? " takes nothing" : " takes what comes"));
      device.stall(what == 2);
    }
    for (int id = 1; id <= kDevices; ++id)
      network_.device(id).sweep();
  }

  // Whether it was granted.
  bool perform(const Call& call) {
    tell(describe(call));
    ++result_.calls;
    network_.take_handed();
    const auto answer = subject_->perform(call);
    const auto handed = network_.take_handed();
    if (refusal_ && answer.code == static_cast<int>(*refusal_)) {
      ++result_.refusals_of_store;
      if (!(handed == Handed())) throw Broken{"a call that failed hands something on"};
      return false;
    }
    auto meant = model_.perform(call, now());
    // A connection that is told of its token's end leaves its rooms.
    for (int id = 1; id <= kDevices; ++id) {
      if (std::exchange(signed_in_[id], model_.user_of(id)) != model_.user_of(id) ||
          (call.op == Op::kSignIn && id == call.device && answer.code == 0))
        subject_->rooms().leave_all(id);
    }
    subject_->rooms().run();
    if (subject_->rooms().heard() != model_.heard()) compare_rooms();
    if (answer.code == 0) ++result_.granted;
    if (!(answer == meant))
      throw Broken{describe(call) + "\n  answers " + words(answer) + "\n  not     " + words(meant)};
    auto meant_handed = model_.handed();
    std::sort(meant_handed.users.begin(), meant_handed.users.end());
    if (!(handed == meant_handed))
      throw Broken{describe(call) + "\n  hands on to " + words(handed) + "\n  not to      " +
                   words(meant_handed)};
    return answer.code == 0;
  }

  // A device that has heard nothing has no line there, or none in it.
  void compare_rooms() {
    auto heard = subject_->rooms().heard();
    std::erase_if(heard, [](const auto& one) { return one.second.empty(); });
    if (heard == model_.heard()) return;
    for (const auto& [place, lines] : model_.heard())
      if (heard[place] != lines)
        throw Broken{"device " + std::to_string(place.first) + " hears in room " +
                     std::to_string(place.second) + " " + words({0, heard[place]}) + "\n  not " +
                     words({0, lines})};
    throw Broken{"a device hears a room in which it is not"};
  }

  static std::string words(const Answer& answer) {
    auto line = std::to_string(answer.code);
    for (const auto& one : answer.lines)
      line += " | " + one;
    return line;
  }
  static std::string words(const Handed& handed) {
    std::string line;
    for (const auto& [user, seq] : handed.users)
      line += " user " + std::to_string(user) + "@" + std::to_string(seq);
    for (const auto& [group, seq] : handed.groups)
      line += " group " + std::to_string(group) + "@" + std::to_string(seq);
    return line;
  }

  // Every inbox, and who hears of which large group.
  void compare() {
    for (std::int64_t user = 1; user <= kUsers && !refusal_; ++user) {
      const auto& meant = model_.inbox(user);
      auto& seen = seen_[user];
      const auto more = subject_->inbox(user, static_cast<std::int64_t>(seen));
      if (!more) throw Broken{"an inbox cannot be read"};
      const auto first = meant.begin() + static_cast<std::ptrdiff_t>(seen);
      if (!std::equal(first, meant.end(), more->begin(), more->end()))
        throw Broken{"the inbox of user " + std::to_string(user) + " after " +
                     std::to_string(seen) + " is " + words({0, *more}) + "\n  not " +
                     words({0, {first, meant.end()}})};
      seen = meant.size();
    }
    if (!quiet_) return;
    for (int id = 1; id <= kDevices; ++id)
      network_.device(id).check_rest();
    std::set<Pair> meant;
    const auto followers = model_.followers();
    for (int id = 1; id <= kDevices; ++id)
      for (const auto& [user, group] : followers)
        if (network_.device(id).attached() && network_.device(id).user() == user)
          meant.emplace(id, group);
    if (network_.following() != meant) throw Broken{"others follow large groups than the members"};
  }

  // Everything works again: each device that is signed in has all of its inbox.
  void finish() {
    if (refusal_) refuse();
    for (int id = 1; id <= kDevices; ++id)
      network_.device(id).stall(false);
    // To rest by themselves first: a new connection would heal whatever a session has missed.
    come_to_rest();
    network_.heal();
    for (int id = 1; id <= kDevices; ++id)
      network_.device(id).connect();
    come_to_rest();
    for (int id = 1; id <= kDevices; ++id) {
      const auto& device = network_.device(id);
      const auto user = model_.user_of(id);
      const auto name = "device " + std::to_string(id);
      if (device.attached() != (user != 0)) throw Broken{name + " is let in, or is not, wrongly"};
      if (user == 0) continue;
      const auto head = static_cast<std::int64_t>(model_.inbox(user).size());
      if (!device.synced() || device.last() != head)
        throw Broken{name + " has its inbox up to " + std::to_string(device.last()) + " of " +
                     std::to_string(head)};
      result_.received += static_cast<std::uint64_t>(head);
    }
    for (std::int64_t user = 1; user <= kUsers; ++user)
      result_.messages += model_.inbox(user).size();
  }

  void come_to_rest() {
    quiet_ = network_.run(1'000'000);
    if (!quiet_) throw Broken{"the devices do not come to rest"};
    compare();
  }

  void tell(const std::string& line) {
    if (options_.told) result_.story.push_back(line);
  }

  const TrialOptions options_;
  test::FalseClock clock_;
  Model model_;
  Script script_;
  Storage storage_;
  Network network_;
  std::optional<Subject> subject_;
  std::optional<ErrCode> refusal_;
  std::map<std::int64_t, std::size_t> seen_;
  std::map<int, std::int64_t> signed_in_;
  bool quiet_ = false;
  TrialResult result_;
};

}  // namespace

TrialResult run_trial(const TrialOptions& options) {
  return Trial(options).run();
}

}  // namespace linnet::sim
