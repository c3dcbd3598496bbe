#include "verification/component_checks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <malloc.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "component/component_context.hpp"
#include "dha/error.hpp"
#include "dha/params.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

namespace {

using Json = nlohmann::ordered_json;

// A component of a loaded plugin, which is created and destroyed again.
class Candidate {
 public:
  Candidate(const CheckedPlugin& plugin, const std::string& id) : context_({}, id, "verify") {
    registry_.load_file(plugin.file);
    record_ = &registry_.find("", id);
    const auto given = plugin.params.find(id);
    if (given != plugin.params.end()) given_ = Json::parse(given->second);
  }

  const ComponentRecord& record() const { return *record_; }
  const Json& given() const { return given_; }
  Json fields() const { return Json::parse(record_->schema_json).at("fields"); }

  // What the schema has against `params`, as one sentence; empty where nothing.
  std::string refusal_of(const Json& params) const {
    std::vector<std::string> problems;
    for (const ParamProblem& problem : check_params(record_->schema_json, params.dump()).problems)
      problems.push_back(
          fmt::format("{} {}", problem.pointer.empty() ? "the object" : problem.pointer, problem.message));
    return fmt::format("{}", fmt::join(problems, "; "));
  }

  // Throws Error as PluginRegistry::create() does.
  void create(const Json& params) {
    const std::string completed = check_params(record_->schema_json, params.dump()).completed;
    registry_.create_object("", record_->id, completed, context_);
  }

 private:
  PluginRegistry registry_;
  const ComponentRecord* record_ = nullptr;
  Json given_ = Json::object();
  ComponentContext context_;
};

// Why `candidate` cannot be created at all, or nothing; most often a parameter without a default, which a path is.
CheckOutcome refusal_of_given(const Candidate& candidate) {
  const std::string refusal = candidate.refusal_of(candidate.given());
  if (refusal.empty()) return {};
  if (!candidate.given().empty()) return failed("the parameters that were given are refused: " + refusal);
  return {CheckStatus::kSkipped, fmt::format("{}; give it with --params '{}={{…}}'", refusal, candidate.record().id)};
}

CheckOutcome check_texts(const CheckedPlugin& plugin, const std::string& id) {
  const Candidate candidate(plugin, id);
  for (const Json& field : candidate.fields()) {
    const std::string help = field.value("help", "");
    if (help.empty())
      return failed(fmt::format("parameter '{}' has no help text", field.at("name").get<std::string>()));
    if (help.find('\n') != std::string::npos)
      return failed(fmt::format("the help text of '{}' has more than one line", field.at("name").get<std::string>()));
  }
  try {
    Json(candidate.record().summary).dump();
  } catch (const Json::exception&) {
    return failed("its summary is not UTF-8");
  }
  return {};
}

CheckOutcome check_defaults(const CheckedPlugin& plugin, const std::string& id) {
  Candidate candidate(plugin, id);
  if (CheckOutcome refusal = refusal_of_given(candidate); refusal.status != CheckStatus::kPassed) return refusal;
  candidate.create(candidate.given());
  return {};
}

// All values of a parameter that has few, else those between which all others lie.
std::vector<Json> boundaries_of(const Json& field) {
  const std::string type = field.at("type");
  if (type == "bool") return {false, true};
  for (const char* list : {"choices", "one_of"})
    if (field.contains(list)) return field.at(list).get<std::vector<Json>>();
  std::vector<Json> values;
  if (type == "integer" || type == "real")
    for (const char* end : {"minimum", "maximum"})
      if (field.contains(end)) values.push_back(field.at(end));
  return values;
}

// Whether an error tells a user of something to mend, as where two parameters exclude each other.
bool is_refusal(const Error& error) {
  return error.code() == ErrorCode::kInvalidParameter || error.code() == ErrorCode::kInvalidConfig ||
         error.code() == ErrorCode::kData;
}

CheckOutcome check_boundaries(const CheckedPlugin& plugin, const std::string& id) {
  Candidate candidate(plugin, id);
  if (CheckOutcome refusal = refusal_of_given(candidate); refusal.status != CheckStatus::kPassed) return refusal;
  for (const Json& field : candidate.fields()) {
    for (const Json& value : boundaries_of(field)) {
      Json params = candidate.given();
      params[field.at("name").get<std::string>()] = value;
      if (!candidate.refusal_of(params).empty()) continue;
      try {
        candidate.create(params);
      } catch (const Error& e) {
        if (!is_refusal(e)) return failed(fmt::format("with {}: {}", params.dump(), e.what()));
      }
    }
  }
  return {};
}

size_t bytes_in_use() {
  const struct mallinfo2 use = mallinfo2();
  return use.uordblks + use.hblkhd;
}

// Not where a sanitizer has put its own allocator in the place of the C library's.
bool is_memory_counted() {
  constexpr size_t kPiece = 4096;
  const size_t before = bytes_in_use();
  void* volatile piece = std::malloc(kPiece);
  const bool is_counted = bytes_in_use() >= before + kPiece;
  std::free(piece);
  return is_counted;
}

CheckOutcome check_memory(const CheckedPlugin& plugin, const std::string& id) {
  Candidate candidate(plugin, id);
  if (CheckOutcome refusal = refusal_of_given(candidate); refusal.status != CheckStatus::kPassed) return refusal;
  if (!is_memory_counted()) return {CheckStatus::kSkipped, "this build's allocator does not count what is in use"};
  constexpr size_t kTimes = 200;
  constexpr size_t kMostBytes = 16;  // half of the smallest piece of memory that can be lost
  for (size_t i = 0; i < kTimes; ++i) candidate.create(candidate.given());  // what is made once is made now
  const size_t before = bytes_in_use();
  for (size_t i = 0; i < kTimes; ++i) candidate.create(candidate.given());
  const size_t after = bytes_in_use();
  if (after <= before + kTimes * kMostBytes) return {};
  return failed(fmt::format("each creation and destruction leaves {} bytes in use", (after - before) / kTimes));
}

}  // namespace

std::vector<PluginCheck> component_checks(const std::string& component_id) {
  const auto check = [&](const char* id, const char* sentence, auto run) {
    return PluginCheck{id, component_id, sentence, CheckNeeds::kAcceptedPlugin, run};
  };
  return {
      check("component.texts", "has a summary in UTF-8 and a line of help for each parameter", check_texts),
      check("component.defaults", "can be created from its defaults", check_defaults),
      check("component.boundaries",
            "accepts the smallest, the largest and each named value of its parameters, or refuses them with a message",
            check_boundaries),
      check("component.memory", "leaves no memory in use when it is destroyed", check_memory)};
}

}  // namespace dha
