// The table of settings: every way into and out of the configuration is made from it.
#pragma once

#include "linnet/app/config.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::app {

struct Setting {
  std::string key;                                     // "section.name"
  std::string doc;                                     // a sentence
  std::string allowed;                                 // what a value may be
  bool is_text = false;                                // quoted in TOML
  bool is_list = false;                                // of texts, separated by commas outside TOML
  std::function<bool(Config&, std::string_view)> set;  // false: not allowed
  std::function<std::string(const Config&)> get;       // as set() takes it
};

// In the order in which they are documented; grouped by section. Thread: any.
const std::vector<Setting>& settings();
const Setting* find_setting(std::string_view key);
// "LINNET_TCP_LISTEN" for "tcp.listen".
std::string environment_name(const Setting& setting);

// `text` as an error may show it: without control characters, and not longer than a screen's line.
std::string on_one_line(std::string_view text);
std::vector<std::string> split_list(std::string_view text);
// A value of `setting` as TOML writes it.
std::string toml_value(const Setting& setting, const Config& config);

}  // namespace linnet::app
