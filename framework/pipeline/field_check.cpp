#include "pipeline/field_check.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "dha/params.hpp"
#include "pipeline/utf8.hpp"

namespace dha {

using Json = nlohmann::ordered_json;

namespace {

// Whether `fields` declare what a JSON pointer names. Below a declared field that is no object, everything counts as
// declared.
bool declares(const Json& fields, std::string_view pointer) {
  if (pointer.empty()) return true;
  const size_t end = std::min(pointer.find('/', 1), pointer.size());
  for (const Json& field : fields) {
    if (pointer_step(field.at("name").get<std::string>()) != pointer.substr(0, end)) continue;
    return !field.contains("fields") || declares(field.at("fields"), pointer.substr(end));
  }
  return false;
}

// Puts the first choice in the place of every value that may be a count instead, so that check_params() sees choices
// only. What was there goes to `counts`, by name.
void set_counts_aside(const Json& fields, Json& object, std::map<std::string, Json>& counts) {
  for (const Json& field : fields) {
    if (!field.value("or_count", false)) continue;
    const auto found = object.find(field.at("name").get<std::string>());
    if (found == object.end() || !found->is_number()) continue;
    counts[field.at("name")] = *found;
    *found = field.at("choices").at(0);
  }
}

bool is_count(const Json& value) {
  constexpr double kLeastBeyond = 1e9;
  return value.is_number_integer() && value >= 0 && value.get<double>() < kLeastBeyond;
}

// What check_params() does not know: paths, and the attributes of the host's own keys.
class Completion {
 public:
  Completion(const Node& object, const std::string& pointer, const std::filesystem::path& directory,
             ProblemList& problems)
      : object_(object), pointer_(pointer), directory_(directory), problems_(problems) {}

  void object(const Json& fields, Json& object, const std::string& below) {
    for (const Json& field : fields) {
      const std::string name = field.at("name");
      const auto found = object.is_object() ? object.find(name) : object.end();
      if (found != object.end()) value(field, *found, below + pointer_step(name));
    }
  }

 private:
  void value(const Json& field, Json& value, const std::string& below) {
    if (field.contains("fields")) return object(field.at("fields"), value, below);
    if (field.at("type") == "path" && value.is_string()) make_absolute(value, below);
    if (value.is_string() && field.contains("pattern")) pattern(field, value, below);
    if (field.value("below_maximum", false) && value.is_number() && value == field.at("maximum"))
      report(below, fmt::format("must be less than {0}, found {0}", value.get<double>()));
    const std::string item_type = field.value("items", field.at("type").get<std::string>());
    if (item_type == "integer") integers(value, below);
    if (field.value("unique", false) && value.is_array()) unique(value, below);
  }

  void make_absolute(Json& value, const std::string& below) {
    const Node* written = value_at(object_, below);
    const auto& directory = written == nullptr ? directory_ : written->location.source->directory;
    const std::string path = value.get<std::string>();
    if (path.empty()) return;
    const std::string place = std::filesystem::absolute(directory / in_home(path)).lexically_normal().string();
    if (!is_utf8(place))
      report(below, fmt::format("leads to {:?}, which is not UTF-8 as a pipeline must be; rename the folder", place));
    else
      value = place;
  }

  // No shell reads the paths in a file.
  static std::string in_home(const std::string& path) {
    const char* home = std::getenv("HOME");
    const bool is_in_home = path == "~" || path.starts_with("~/");
    return is_in_home && home != nullptr && *home != '\0' ? home + path.substr(1) : path;
  }

  void pattern(const Json& field, const Json& value, const std::string& below) {
    const std::regex expression(field.at("pattern").get<std::string>());
    if (!std::regex_match(value.get<std::string>(), expression))
      report(below, "must be " + field.at("pattern_help").get<std::string>() + ", found " + value.dump());
  }

  // JSON has integers that int64_t has not.
  void integers(const Json& value, const std::string& below) {
    if (value.is_array())
      for (size_t i = 0; i < value.size(); ++i) integers(value[i], below + "/" + std::to_string(i));
    constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
    if (value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(kMost))
      report(below, "must be at most " + std::to_string(kMost) + ", found " + value.dump());
  }

  void unique(const Json& list, const std::string& below) {
    std::set<std::string> seen;
    for (size_t i = 0; i < list.size(); ++i)
      if (!seen.insert(list[i].dump()).second) report(below + "/" + std::to_string(i), "repeats " + list[i].dump());
  }

  void report(const std::string& below, const std::string& message) {
    problems_.report(location_of(object_, below, false), pointer_ + below, message);
  }

  const Node& object_;
  const std::string& pointer_;
  const std::filesystem::path& directory_;
  ProblemList& problems_;
};

}  // namespace

Json check_fields(const Node& object, const std::string& pointer, const Json& schema,
                  const std::filesystem::path& directory, ProblemList& problems) {
  const Json& fields = schema.at("fields");
  Json given = to_json(object);
  std::map<std::string, Json> counts;
  if (given.is_object()) set_counts_aside(fields, given, counts);
  const ParamCheck check = check_params(schema.dump(), given.dump());
  for (const ParamProblem& problem : check.problems)
    problems.report(location_of(object, problem.pointer, !declares(fields, problem.pointer)), pointer + problem.pointer,
                    problem.message);
  Json completed = Json::parse(check.completed);
  for (const auto& [name, count] : counts) {
    completed[name] = count;
    if (!is_count(count))
      problems.report(location_of(object, pointer_step(name), false), pointer + pointer_step(name),
                      "must be a word or a whole number from 0, found " + count.dump());
  }
  Completion(object, pointer, directory, problems).object(fields, completed, "");
  return completed;
}

}  // namespace dha
