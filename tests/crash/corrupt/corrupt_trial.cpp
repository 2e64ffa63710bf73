#include "corrupt_trial.hpp"

#include "../await.hpp"
#include "damage.hpp"
#include "one_byte.hpp"

#include "linnet/base/temp_dir.hpp"
#include "linnet/store/copies.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

namespace linnet::test {
namespace {

constexpr int kRetried = 3;
constexpr std::int64_t kFirstNewNumber = 1000;

class CorruptTrial {
 public:
  CorruptTrial(const KnownWorld& world, const std::filesystem::path& made, std::uint64_t seed)
      : world_(world), random_(seed), data_(dir_.path() / "data") {
    copy(made, data_);
    damage_ = damage(data_, seed, random_);
  }

  CorruptResult run() {
    result_.damage = damage_.what;
    result_.kind = damage_.kind;
    ask_check();
    const bool opened = live();
    // Whatever came of it, the next start must be no worse.
    if (opened) live();
    judge();
    return std::move(result_);
  }

 private:
  static void copy(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::filesystem::create_directory(to);
    for (const char* name : {"linnet.db", "linnet.db-wal", "linnet.mark"})
      if (std::filesystem::exists(from / name)) std::filesystem::copy_file(from / name, to / name);
  }

  void fault(std::string sentence) { result_.faults.push_back(std::move(sentence)); }
  // Worse than a fault that `linnet check` would find: nobody is told what is wrong.
  void without_a_sentence(std::string what) {
    speechless_ = true;
    fault(std::move(what));
  }

  // On a copy: it may move the write-ahead log into the database.
  void ask_check() {
    const auto beside = dir_.path() / "beside";
    copy(data_, beside);
    const auto checked = store::check(beside, [](std::int64_t, std::int64_t) {});
    result_.check_finds_it = !checked || !checked->problems.empty();
    if (!checked && checked.error().message().empty())
      without_a_sentence("check fails without a sentence");
  }

  bool live() {
    SystemClock clock;
    auto opened = store::SqliteStore::open(world_.options(data_), world_.tuning(), clock, silent());
    if (!opened) {
      refused_ = true;
      if (opened.error().code() != ErrCode::kStorage || opened.error().message().empty())
        without_a_sentence("does not open, without a sentence: " + opened.error().detail());
      return false;
    }
    auto& store = **opened;
    read_all(store);
    look_at_facts(store);
    retry(store);
    append_new(store);
    read_all(store);
    return true;
  }

  // False when the store refuses it for its damage, which it may.
  bool allowed(ErrCode code, const std::string& doing) {
    if (code == ErrCode::kStorage) {
      ++storage_;
    } else {
      fault(doing + ": refused with code " + std::to_string(static_cast<int>(code)));
    }
    return false;
  }

  void read_all(store::Store& store) {
    for (LogId user = 1; user <= kKnownUsers; ++user)
      read(user, [&](Seq after, Done<store::InboxPage> done) {
        store.read_inbox(UserId(user), after, {}, std::move(done));
      });
    for (std::int64_t group = 1; group <= kKnownGroups; ++group)
      read(group_log_of(group), [&](Seq after, Done<store::InboxPage> done) {
        store.read_group(GroupId(group), UserId(1), after, {}, std::move(done));
      });
  }

  template <class ReadPage>
  void read(LogId log, const ReadPage& read_page) {
    std::vector<store::InboxEntry> entries;
    for (;;) {
      const Seq after = entries.empty() ? Seq() : entries.back().seq;
      auto page = await<store::InboxPage>(
          [&](Done<store::InboxPage> done) { read_page(after, std::move(done)); });
      if (!page) {
        allowed(page.error().code(), "log " + std::to_string(log));
        whole_.erase(log);
        break;
      }
      if (page->entries.empty()) {
        if (page->head != after) fault("log " + std::to_string(log) + " ends before its head");
        whole_[log] = entries;
        break;
      }
      for (auto& entry : page->entries)
        entries.push_back(std::move(entry));
    }
    for (const auto& entry : entries)
      served_[log].push_back(entry);
  }

  void look_at_facts(store::Store& store) {
    int refused = 0;
    const auto facts = KnownWorld::facts(store, refused);
    storage_ += refused;
    if (refused != 0 || facts == KnownWorld::known_facts()) return;
    if (differs_by_one_line(KnownWorld::known_facts(), facts)) {
      content_ = true;
    } else {
      fault("more than one of the users, devices, tokens, blocks and members is another");
    }
  }

  void retry(store::Store& store) {
    for (int i = 0; i < kRetried; ++i) {
      const auto& said = world_.said()[random_() % world_.said().size()];
      std::optional<Seq> seq;
      if (said.message.group) {
        auto again = await<store::GroupAppended>([&](Done<store::GroupAppended> done) {
          store.append_to_group(said.message.group, said.message.message, std::move(done));
        });
        if (again) seq = again->appended.sender_seq;
        if (!again) allowed(again.error().code(), "a retry");
      } else {
        auto again = await<store::Appended>(
            [&](Done<store::Appended> done) { store.append(said.message, std::move(done)); });
        if (again) seq = again->sender_seq;
        if (!again) allowed(again.error().code(), "a retry");
      }
      if (!seq || *seq == Seq(said.told)) continue;
      const auto& content = said.message.message.content;
      fault("a retry of '" + content.substr(0, 20) + "' is answered " +
            std::to_string(seq->value()) + ", before " + std::to_string(said.told));
      taken_for_new_.insert("'" + content + "' a second time");
    }
  }

  void append_new(store::Store& store) {
    for (std::int64_t user = 1; user <= kKnownUsers; ++user) {
      const auto number = kFirstNewNumber + static_cast<std::int64_t>(new_.size());
      KnownWorld::Said said;
      said.number = number;
      said.message = KnownWorld::text(user, number, user % kKnownUsers + 1);
      auto answer = await<store::Appended>(
          [&](Done<store::Appended> done) { store.append(said.message, std::move(done)); });
      if (!answer) {
        allowed(answer.error().code(), "a new message");
      } else {
        for (const auto& placed : answer->placed)
          said.seqs[placed.user.value()] = placed.seq.value();
      }
      new_.push_back(std::move(said));
    }
  }

  void remember(History& history, const KnownWorld::Said& said) {
    const auto& message = said.message.message;
    std::vector<LogId> logs;
    if (said.message.group) {
      for (const auto& [log, seq] : said.seqs)
        logs.push_back(log);
    } else {
      for (auto user : said.message.recipients)
        logs.push_back(user.value());
    }
    history.sent(message.content, message.sender_id, said.number, logs);
    sent_[message.content] = &message;
    for (const auto& [log, seq] : said.seqs) {
      history.told(message.content, log, seq);
      places_[{log, seq}] = &message;
    }
  }

  void judge() {
    History history;
    for (const auto& said : world_.said())
      remember(history, said);
    for (const auto& said : new_)
      remember(history, said);
    for (const auto& [log, entries] : served_)
      for (const auto& entry : entries)
        receive(history, log, {entry.seq.value(), name_of(log, entry)});
    if (!refused_) {
      for (const auto& [log, entries] : whole_) {
        std::vector<History::Entry> texts;
        for (const auto& entry : entries)
          texts.push_back({entry.seq.value(), name_of(log, entry)});
        history.whole(log, texts);
      }
    }
    auto faults = history.faults();
    result_.faults.insert(result_.faults.end(), faults.begin(), faults.end());
    result_.verdict = verdict();
  }

  // What was sent goes for what stands in its place with what one byte can change of it; a message
  // that was sent elsewhere does not. More than that must be found by `linnet check`.
  std::string name_of(LogId log, const store::InboxEntry& entry) {
    const auto& content = entry.message.content;
    const auto known = sent_.find(content);
    if (known != sent_.end() && *known->second == entry.message) return content;
    const auto place = places_.find({log, entry.seq.value()});
    if (place == places_.end()) return content;
    const auto& sent = *place->second;
    if (known != sent_.end() && known->second != &sent) return content;
    if (differs_by_one_byte(sent, entry.message)) {
      content_ = true;
    } else {
      fault("log " + std::to_string(log) + " seq " + std::to_string(entry.seq.value()) +
            ": more than a byte of '" + sent.content.substr(0, 20) + "' is another");
    }
    return sent.content;
  }

  // Each read is one that begins at the front.
  void receive(History& history, LogId log, const History::Entry& entry) {
    auto& stream = streams_[log];
    if (!stream || entry.seq == 1) stream = history.begin(log, 0);
    history.received(*stream, entry);
  }

  // Another's message, a message twice, or one in another's place: nobody is shown that, whether or
  // not `linnet check` would find the damage. But a retry whose key was lost is a new message.
  bool is_never_allowed(const std::string& fault) const {
    if (std::any_of(taken_for_new_.begin(), taken_for_new_.end(),
                    [&](const std::string& end) { return fault.ends_with(end); }))
      return false;
    for (const char* part : {"' a second time", "' was never sent there", "told for '",
                             "' for one, '", ": came after"})
      if (fault.find(part) != std::string::npos) return true;
    return false;
  }

  Verdict verdict() const {
    const auto& faults = result_.faults;
    if (speechless_ || std::any_of(faults.begin(), faults.end(), [this](const std::string& fault) {
          return is_never_allowed(fault);
        }))
      return Verdict::kFaulty;
    if (!result_.faults.empty())
      return result_.check_finds_it ? Verdict::kCheckOnly : Verdict::kFaulty;
    if (content_) return Verdict::kContent;
    if (refused_) return Verdict::kRefused;
    return storage_ > 0 ? Verdict::kStorage : Verdict::kHarmless;
  }

  const KnownWorld& world_;
  std::mt19937_64 random_;
  TempDir dir_;
  std::filesystem::path data_;
  Damage damage_;
  bool speechless_ = false;
  bool refused_ = false;
  int storage_ = 0;  // answers of EC_STORAGE
  std::vector<KnownWorld::Said> new_;
  std::map<LogId, std::vector<store::InboxEntry>> whole_;   // as read last
  std::map<LogId, std::vector<store::InboxEntry>> served_;  // all that was read
  std::map<std::string, const store::Message*> sent_;
  std::map<std::pair<LogId, std::int64_t>, const store::Message*> places_;
  bool content_ = false;
  std::set<std::string> taken_for_new_;  // how a fault ends that tells of a retry without its key
  std::map<LogId, std::optional<History::Stream>> streams_;
  CorruptResult result_;
};

}  // namespace

CorruptResult run_corrupt_trial(const KnownWorld& world, const std::filesystem::path& made,
                                std::uint64_t seed) {
  return CorruptTrial(world, made, seed).run();
}

}  // namespace linnet::test
