// Reading and writing the configuration by its table; the only file that knows TOML.
#include "linnet/app/config.hpp"

#include "config_table.hpp"

// A file that says nonsense is the operator's mistake, and an error. Some of it toml++ takes for
// one of its own: without NDEBUG it asserts that there is none, and with it the compiler may rely
// on it.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(condition) static_cast<void>(0)
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace linnet::app {
namespace {

Error wrong(std::string_view source, std::string_view what) {
  return Error(ErrCode::kBadRequest, std::string(source) + ": " + std::string(what));
}

// A TOML value as set() takes it; nothing when it is a table or a date.
std::optional<std::string> as_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* yes = node.as_boolean()) return yes->get() ? "true" : "false";
  const auto* list = node.as_array();
  if (list == nullptr) return std::nullopt;
  std::string joined;
  for (const auto& element : *list) {
    const auto* text = element.as_string();
    if (text == nullptr || text->get().find(',') != std::string::npos) return std::nullopt;
    joined += (joined.empty() ? "" : ",") + text->get();
  }
  return joined;
}

Status read_section(Config& config, std::string_view section, const toml::table& table,
                    const std::string& name) {
  for (const auto& [key, node] : table) {
    auto full = std::string(section) + "." + std::string(key.str());
    auto source = name + ":" + std::to_string(node.source().begin.line);
    auto value = as_text(node);
    if (!value)
      return wrong(source,
                   on_one_line(full) + " is neither text, a number, a truth value nor a list");
    const auto* setting = find_setting(full);
    if (setting != nullptr && node.is_array() != setting->is_list)
      return wrong(source, full + ": must be " + setting->allowed);
    auto set = set_value(config, full, *value, source);
    if (!set) return set;
  }
  return success();
}

}  // namespace

Status set_value(Config& config, std::string_view key, std::string_view value,
                 std::string_view source) {
  const auto* setting = find_setting(key);
  if (setting == nullptr)
    return wrong(source, "there is no setting '" + on_one_line(key) +
                             "'; `linnet config` prints all of them");
  if (!setting->set(config, value))
    return wrong(source,
                 setting->key + " = '" + on_one_line(value) + "': must be " + setting->allowed);
  return success();
}

Status read_toml(Config& config, std::string_view text, const std::string& name) {
  toml::table root;
  try {
    root = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return wrong(name + ":" + std::to_string(error.source().begin.line),
                 on_one_line(error.description()));
  }
  for (const auto& [section, node] : root) {
    const auto* table = node.as_table();
    if (table == nullptr)
      return wrong(name + ":" + std::to_string(node.source().begin.line),
                   "'" + on_one_line(section.str()) + "' stands outside a [section]");
    auto read = read_section(config, section.str(), *table, name);
    if (!read) return read;
  }
  return success();
}

std::string to_toml(const Config& config) {
  std::string text;
  std::string section;
  for (const auto& setting : settings()) {
    auto dot = setting.key.find('.');
    if (setting.key.substr(0, dot) != section) {
      section = setting.key.substr(0, dot);
      text += (text.empty() ? "[" : "\n[") + section + "]\n";
    }
    text += "# " + setting.doc + "\n# " + setting.allowed + "\n";
    text += setting.key.substr(dot + 1) + " = " + toml_value(setting, config) + "\n";
  }
  return text;
}

std::string configuration_document() {
  std::string text =
      "# Configuration\n\n"
      "Linnet runs without any. What is set on the command line wins over the environment, that "
      "over "
      "the file\n(`--config FILE`, TOML), that over the default. Every key can be given in all "
      "three "
      "ways:\n\n"
      "```\n--set tcp.listen=127.0.0.1:9000      LINNET_TCP_LISTEN=127.0.0.1:9000      [tcp]\n"
      "                                                                            listen = "
      "\"127.0.0.1:9000\"\n```\n\n"
      "`linnet config` prints the configuration in force as such a file. An unknown key or a value "
      "that is not allowed\nis an error, and nothing is started (exit status 78). This page is "
      "printed by `linnet config --docs`.\n\n"
      "| key | default | meaning | allowed |\n| --- | --- | --- | --- |\n";
  const Config defaults;
  for (const auto& setting : settings())
    text += "| `" + setting.key + "` | `" + toml_value(setting, defaults) + "` | " + setting.doc +
            " | " + setting.allowed + " |\n";
  return text;
}

}  // namespace linnet::app
