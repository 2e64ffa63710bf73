// The kinds of settings that the table is made of.
#pragma once

#include "config_table.hpp"

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linnet::app {

inline constexpr std::int64_t kMillion = 1000000;

// NOLINTBEGIN(bugprone-macro-parentheses): a path of members
#define LINNET_MEMBER(path)   \
  [](auto& config) -> auto& { \
    return config.path;       \
  }
// NOLINTEND(bugprone-macro-parentheses)

bool is_control(char c);
// What a line of TOML, of the log and of a terminal can show.
bool is_plain_text(std::string_view value);

// `member` gives a reference to the member for a (const) Config.
template <class Member>
Setting integer(std::string key, std::string doc, std::int64_t low, std::int64_t high,
                Member member) {
  Setting setting;
  setting.key = std::move(key);
  setting.doc = std::move(doc);
  setting.allowed = "a number from " + std::to_string(low) + " to " + std::to_string(high);
  setting.set = [=](Config& config, std::string_view text) {
    std::int64_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < low || value > high)
      return false;
    member(config) = value;
    return true;
  };
  setting.get = [=](const Config& config) { return std::to_string(member(config)); };
  return setting;
}

template <class Member>
Setting boolean(std::string key, std::string doc, Member member) {
  Setting setting;
  setting.key = std::move(key);
  setting.doc = std::move(doc);
  setting.allowed = "true or false";
  setting.set = [=](Config& config, std::string_view text) {
    const bool yes = text == "true" || text == "1" || text == "on";
    if (!yes && text != "false" && text != "0" && text != "off") return false;
    member(config) = yes;
    return true;
  };
  setting.get = [=](const Config& config) {
    return std::string(member(config) ? "true" : "false");
  };
  return setting;
}

template <class Member, class Check>
Setting text(std::string key, std::string doc, std::string allowed, Check check, Member member) {
  Setting setting;
  setting.key = std::move(key);
  setting.doc = std::move(doc);
  setting.allowed = std::move(allowed);
  setting.is_text = true;
  setting.set = [=](Config& config, std::string_view value) {
    if (!is_plain_text(value) || !check(value)) return false;
    member(config) = std::string(value);
    return true;
  };
  setting.get = [=](const Config& config) { return member(config); };
  return setting;
}

// Those of accounts: who signs in, how, and on how many devices.
void add_account_settings(std::vector<Setting>& all);
// Those of the section limits: what all, an address, a user or a connection may take.
void add_limit_settings(std::vector<Setting>& all);

}  // namespace linnet::app
